// Many runs, one seed after the other, and what they come to together.

import { FAULT_KINDS } from './faults/kinds.ts';
import { drawnPlan } from './plan/drawn-plan.ts';
import type { RunOptions } from './simulation.ts';
import { type Finding, tryPlan } from './trial.ts';

/** Things that happen by themselves or because of faults, and must have happened all the same. */
const CONSEQUENCES = [
  ...(['torn', 'retry', 'impatience', 'compaction', 'failover'] as const),
  // A node has mended damage; its operator has given up what nobody has any more.
  ...(['salvage', 'repair'] as const),
];

/** Names of all that must have struck at least once in a run of many seeds. */
export const HIT_KINDS: readonly string[] = [
  ...FAULT_KINDS.map(({ name }) => name),
  ...CONSEQUENCES,
];

/** A run shorter than this cannot be expected to meet every kind of fault. */
export const SEEDS_FOR_ALL_KINDS = 200;

export interface FailedSeed {
  readonly seed: number;
  readonly findings: readonly Finding[];
}

/** Sums over the seeds of a campaign, or of a part of one. */
export interface Totals {
  seeds: number;
  /** Seeds with acknowledgements before, during and after the faults. */
  counted: number;
  events: number;
  acknowledged: number;
  /** Acknowledged, and lost with every node that had to keep it. */
  excused: number;
  hits: Record<string, number>;
  failed: FailedSeed[];
}

export function noTotals(): Totals {
  const zero = { seeds: 0, counted: 0, events: 0, acknowledged: 0, excused: 0 };
  const hits = Object.fromEntries(HIT_KINDS.map((kind) => [kind, 0]));
  return { ...zero, hits, failed: [] };
}

/** Adds `more` to `totals`. */
export function addTotals(totals: Totals, more: Totals): void {
  totals.seeds += more.seeds;
  totals.counted += more.counted;
  totals.events += more.events;
  totals.acknowledged += more.acknowledged;
  totals.excused += more.excused;
  for (const [kind, count] of Object.entries(more.hits)) {
    totals.hits[kind] = (totals.hits[kind] ?? 0) + count;
  }
  totals.failed.push(...more.failed);
}

/** Runs one seed and returns its sums. An error of the simulator itself counts as a failure. */
export async function runSeed(seed: number, options: RunOptions = {}): Promise<Totals> {
  const totals = noTotals();
  totals.seeds = 1;
  try {
    const trial = await tryPlan(drawnPlan(seed), options);
    const { before, during, after } = trial.acknowledged;
    totals.counted = trial.counts ? 1 : 0;
    totals.events = trial.run.events;
    totals.acknowledged = before + during + after;
    totals.excused = trial.excused;
    for (const [kind, count] of trial.run.hits) totals.hits[kind] = count;
    if (trial.findings.length > 0) totals.failed.push({ seed, findings: trial.findings });
  } catch (error) {
    const sentence = error instanceof Error ? (error.stack ?? error.message) : String(error);
    totals.failed.push({ seed, findings: [{ judge: 'the run ends', sentence }] });
  }
  return totals;
}

/** What is wrong with a campaign as a whole, apart from seeds that failed; empty: nothing. */
export function shortcomings(totals: Totals): string[] {
  const wrong: string[] = [];
  if (totals.seeds >= SEEDS_FOR_ALL_KINDS) {
    const missed = Object.keys(totals.hits).filter((kind) => totals.hits[kind] === 0);
    if (missed.length > 0) wrong.push(`never happened: ${missed.join(', ')}`);
  }
  if (totals.counted < totals.seeds * 0.9) {
    wrong.push(`only ${totals.counted} of ${totals.seeds} runs had acknowledgements in all phases`);
  }
  return wrong;
}
