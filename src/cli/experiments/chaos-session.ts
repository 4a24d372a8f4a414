// What `replog chaos` and `replog replay` have in common: a cluster to run on, lines while it runs,
// and the report at the end.

import { closeSync, writeSync } from 'node:fs';
import type { ArenaNode } from '../../chaos/arena.ts';
import type { Script } from '../../chaos/recording.ts';
import type { ChaosReport, Progress } from '../../chaos/run.ts';
import type { JudgeName } from '../../check/verdict.ts';
import { shellWord } from '../../client/shell-word.ts';
import type { ThrowawayOptions } from '../../cluster/start/throwaway.ts';
import { openRecord } from '../arguments/record-file.ts';
import { EXIT, Refused, Undecided } from '../exit.ts';
import {
  codeOf,
  coverageLines,
  doubtOf,
  figureLines,
  progressLine,
  promisesLine,
  verdictLines,
  violationLine,
} from '../printing/chaos-report.ts';
import { cleanJson } from '../printing/clean-text.ts';
import { stylesFor } from '../printing/colour.ts';
import { clearLive, drawLive, liveColumns } from '../printing/live-lines.ts';
import { printJson, printLine, printLines } from '../printing/output.ts';
import { canDrawOver } from '../printing/screenful.ts';
import { cutTo } from '../printing/text-width.ts';

/** A cluster that chaos may be let loose on. */
export interface Ground {
  readonly nodes: readonly ArenaNode[];
  readonly control: string;
  readonly token: string | undefined;
  /** Whether its nodes keep data on disk. */
  readonly durable: boolean;
  /** For people: whose cluster it is. */
  readonly name: string;
  leave(): Promise<void>;
}

export interface SessionOptions {
  readonly seed: number;
  readonly tag: string;
  readonly durationMs: number;
  readonly untilCovered: boolean;
  readonly script: Script | null;
  /** New file that the history is written to; undefined: none. */
  readonly record: string | undefined;
  readonly json: boolean;
}

/** A cluster of its own, which nobody finds and of which nothing is left. */
export async function throwawayGround(
  size: Pick<ThrowawayOptions, 'secondaries' | 'failover'>,
  signal: AbortSignal,
): Promise<Ground> {
  const { throwaway } = await import('../../cluster/start/throwaway.ts');
  const { serveArbiter: startArbiter } = await import('../../node/arbiter/serve-arbiter.ts');
  const { NotReady } = await import('../../cluster/start/ready.ts');
  const options = { ...size, durable: true, purpose: 'chaos', startArbiter };
  const { ready, end } = await throwaway(options, signal).catch((error: unknown) => {
    // Nothing was tried, so nothing is broken.
    if (!(error instanceof NotReady)) throw error;
    throw new Undecided(`the cluster did not start: ${error.message}`, 'is the machine busy?');
  });
  const { nodes, control } = ready;
  const name = 'a cluster of its own';
  return { nodes, control, token: undefined, durable: true, name, leave: end };
}

/** Runs and prints. Throws Refused if anything is broken, Undecided if it cannot be told. */
export async function runSession(
  ground: Ground,
  options: SessionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { ChaosRun } = await import('../../chaos/run.ts');
  const { json, record, ...settings } = options;
  const file = record === undefined ? null : openRecord(record);
  const screen = new Screen(json);
  try {
    await screen.begin(ground, options);
    const run = new ChaosRun({
      ...settings,
      nodes: ground.nodes,
      control: ground.control,
      token: ground.token,
      durable: ground.durable,
      write: file === null ? null : (text) => void writeSync(file, text),
      onProgress: (progress) => screen.progress(progress),
      onViolation: (found) => screen.violation(found.judge, violationLine(found)),
      signal,
      now: () => performance.now(),
    });
    const report = await run.run();
    const code = codeOf(report, options.untilCovered);
    await screen.end(report, code, signal);
    fail(report, code, options);
  } finally {
    screen.clear();
    if (file !== null) closeSync(file);
  }
}

function fail(report: ChaosReport, code: number, { record, seed }: SessionOptions): void {
  const { verdict, failures } = report;
  const again =
    record === undefined
      ? `\`replog chaos --seed ${seed} --record FILE\` draws the same again, and keeps it`
      : `\`replog replay ${shellWord(record)}\` does the same again`;
  if (code === EXIT.refused) {
    const what = verdict.violations[0]?.judge ?? failures[0];
    throw new Refused(`a guarantee is broken: ${what}`, again);
  }
  if (code !== EXIT.unknown) return;
  const why = doubtOf(report);
  throw new Undecided(`nothing is broken, but it cannot be told whether all holds: ${why}`, again);
}

/** Without a terminal a line for each of these spans is enough. */
const LINE_EVERY_MS = 5_000;

/** For a reader who is slow to take the report of a run that was stopped. */
const PATIENCE_MS = 2_000;

/** Live lines on a terminal, now and then a line elsewhere, or JSON. */
class Screen {
  readonly #json: boolean;
  readonly #live: boolean;
  readonly #broken = new Set<JudgeName>();
  #shownAt = 0;
  #drawn = false;

  constructor(json: boolean) {
    this.#json = json;
    this.#live = !json && canDrawOver(process.stdout);
  }

  async begin({ nodes, name }: Ground, { seed, durationMs, script }: SessionOptions) {
    const where = nodes.map(({ node, url }) => ({ node, url }));
    if (this.#json) return printJson({ event: 'begin', seed, durationMs, nodes: where });
    const what =
      script === null ? `chaos with seed ${seed}` : `replay of the run with seed ${seed}`;
    const ids = nodes.map(({ node }) => node).join(' ');
    return printLine(`${what} on ${name} (${ids}), for ${durationMs / 1_000} s`);
  }

  progress(progress: Progress): void {
    if (this.#json) {
      process.stdout.write(`${cleanJson({ event: 'progress', ...progress })}\n`);
      return;
    }
    const line = progressLine(progress, this.#broken);
    if (this.#live) {
      const columns = liveColumns(process.stdout);
      drawLive(process.stdout, [cutTo(columns, line), promisesLine(this.#broken, columns)]);
      this.#drawn = true;
      return;
    }
    const due = progress.elapsedMs - this.#shownAt >= LINE_EVERY_MS;
    if (!due && progress.phase === 'faults') return;
    this.#shownAt = progress.elapsedMs;
    process.stdout.write(`${line}\n`);
  }

  violation(judge: JudgeName, line: string): void {
    const isNew = !this.#broken.has(judge);
    this.#broken.add(judge);
    if (this.#json) process.stdout.write(`${cleanJson({ event: 'violation', judge, line })}\n`);
    else if (isNew) {
      this.clear();
      process.stdout.write(`${line}\n`);
    }
  }

  /** The exit code says how it ended, also to who does not read. */
  async end(report: ChaosReport, code: number, signal: AbortSignal): Promise<void> {
    // Who has stopped the run wants its report, and soon.
    const patience = signal.aborted ? AbortSignal.timeout(PATIENCE_MS) : signal;
    await this.#end(report, code, patience).catch((error: unknown) => {
      if (!patience.aborted) throw error;
    });
  }

  async #end(report: ChaosReport, code: number, signal: AbortSignal): Promise<void> {
    this.clear();
    if (this.#json) return printJson({ event: 'end', code, ...report }, signal);
    const styles = stylesFor();
    const { cells, uncovered, coverage } = report;
    const lines = [
      '',
      ...verdictLines(report, styles),
      '',
      ...figureLines(report),
      '',
      ...coverageLines(coverage, styles),
      `${cells - uncovered} of ${cells} met`,
    ];
    await printLines(lines, signal);
  }

  clear(): void {
    if (this.#drawn) clearLive(process.stdout);
    this.#drawn = false;
  }
}
