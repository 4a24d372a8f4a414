// One scenario from its first process to its verdict. Whatever happens, nothing is left behind.

import { NotReady } from '../cluster/start/ready.ts';
import { judgeHistory } from './judgement.ts';
import { Player } from './player.ts';
import type { Findings, Tell, Verdict } from './report.ts';
import type { Scenario } from './scenario.ts';
import type { Stage } from './stage.ts';
import { ScenarioFailed } from './unmet.ts';

/** How a scenario is performed. */
export interface PerformanceOptions {
  readonly openStage: (scenario: Scenario, signal: AbortSignal) => Promise<Stage>;
  readonly tell: Tell;
  /** Whether somebody follows it: without, logs are not read for show. */
  readonly narrated: boolean;
  readonly signal: AbortSignal;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Resolves with the verdict, which has been told. Rejects with the signal's reason, or if the
 * machine does not let a cluster start. */
export async function performScenario(
  scenario: Scenario,
  options: PerformanceOptions,
): Promise<Verdict> {
  const began = options.now();
  const { name, rule, outro, file } = scenario;
  const verdict = (rest: Findings): Verdict => {
    const ms = Math.round(options.now() - began);
    return { type: 'verdict', name, rule, outro, file, ms, ...rest };
  };
  let told: Verdict;
  try {
    const proved = await playOnce(scenario, options);
    told = verdict({ ok: true, proved });
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof ScenarioFailed)) throw error;
    const { line, expected, seen, troubles } = error;
    told = verdict({ ok: false, line, expected, seen, troubles });
  }
  await options.tell(told);
  return told;
}

async function playOnce(
  scenario: Scenario,
  { openStage, tell, narrated, signal }: PerformanceOptions,
): Promise<readonly string[]> {
  const { name, title, rule, intro, steps } = scenario;
  await tell({ type: 'opening', name, title, rule, intro, steps: steps.length });
  const stage = await openReady(scenario, openStage, signal);
  // What still waits for an answer when the play is over is not waited for.
  const over = new AbortController();
  const both = AbortSignal.any([signal, over.signal]);
  try {
    const parts = { scenario, stage, tell, narrated, judge: judgeHistory, signal: both };
    return await new Player(parts).play();
  } finally {
    over.abort(new Error('the scenario is over'));
    await stage.end();
  }
}

/** A cluster that does not get ready is a failure of the scenario, at the line that asks for it. */
async function openReady(
  scenario: Scenario,
  openStage: PerformanceOptions['openStage'],
  signal: AbortSignal,
): Promise<Stage> {
  try {
    return await openStage(scenario, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof NotReady)) throw error;
    const line = scenario.lineOf(['cluster']);
    const unmet = { expected: 'a ready cluster', seen: error.message };
    throw new ScenarioFailed(line, unmet, error.lines);
  }
}
