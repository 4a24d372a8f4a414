// Load: many appends at once for a while, and how long each took. The rule: in an open loop (a
// rate) the time of an append counts from when it was due, not from when there was room for it, so
// that a stall is seen by every append that it held up.

import { OutcomeUnknown } from '../client/errors.ts';
import type { Latencies } from './latencies.ts';

/** What is measured: one append (or one batch), already with its write concern. Rejects if it was
 * not stored. */
export type Work = () => Promise<void>;

export interface LoadOptions {
  readonly work: Work;
  /** Units of work under way at a time: of a closed loop, or at most, of an open one. */
  readonly connections: number;
  /** Units of work per second; null: as fast as answers come. */
  readonly rate: number | null;
  readonly latencies: Latencies;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/** How many units of work were done, and what went wrong. */
export interface LoadResult {
  readonly done: number;
  readonly failed: number;
  /** In an open loop: due, but never begun, because too much was under way. */
  readonly missed: number;
  /** From the first begin to the last answer. */
  readonly ms: number;
  /** Messages of different failures, each with its count; at most 8. */
  readonly errors: ReadonlyMap<string, number>;
}

/** Different failures that are told apart. */
const ERRORS_MAX = 8;

/** Runs until `stopped` aborts, then waits for what is under way. */
export async function load(options: LoadOptions, stopped: AbortSignal): Promise<LoadResult> {
  const tally = new LoadTally(options);
  const startedAt = options.now();
  if (options.rate === null) await closedLoop(options, tally, stopped);
  else await openLoop(options, options.rate, tally, stopped);
  const { done, failed, missed, errors } = tally;
  return { done, failed, missed, ms: options.now() - startedAt, errors };
}

/** What is refused at once is asked for again after so long. Without a pause, work that fails
 * before it has waited for anything would keep the end of the time, and every signal, unheard. */
const FAILED_PAUSE_MS = 1;

async function closedLoop(
  { connections, now, sleep }: LoadOptions,
  tally: LoadTally,
  stopped: AbortSignal,
): Promise<void> {
  const worker = async (): Promise<void> => {
    while (!stopped.aborted) {
      const done = await tally.perform(now());
      if (!done) await sleep(FAILED_PAUSE_MS);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
}

async function openLoop(
  { connections, now, sleep }: LoadOptions,
  rate: number,
  tally: LoadTally,
  stopped: AbortSignal,
): Promise<void> {
  const startedAt = now();
  const underWay = new Set<Promise<boolean>>();
  let begun = 0;
  while (!stopped.aborted) {
    const due = Math.floor(((now() - startedAt) * rate) / 1_000);
    for (; begun < due; begun += 1) {
      if (underWay.size >= connections) {
        tally.missed += 1;
        continue;
      }
      const work = tally.perform(startedAt + (begun * 1_000) / rate);
      underWay.add(work);
      void work.then(() => underWay.delete(work));
    }
    await sleep(Math.max(1, startedAt + ((begun + 1) * 1_000) / rate - now()));
  }
  await Promise.all(underWay);
}

class LoadTally {
  done = 0;
  failed = 0;
  missed = 0;
  readonly errors = new Map<string, number>();
  private readonly options: LoadOptions;

  constructor(options: LoadOptions) {
    this.options = options;
  }

  /** Whether it was done. Never rejects: a failure is counted. */
  async perform(dueAt: number): Promise<boolean> {
    const { work, now, latencies } = this.options;
    try {
      await work();
      this.done += 1;
      latencies.add(now() - dueAt);
      return true;
    } catch (error) {
      this.failed += 1;
      const message = messageOf(error);
      const known = this.errors.get(message);
      if (known !== undefined || this.errors.size < ERRORS_MAX) {
        this.errors.set(message, (known ?? 0) + 1);
      }
      return false;
    }
  }
}

/** What is the same for all that failed in the same way: without the key of one of them. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof OutcomeUnknown)) return error.message;
  return `outcome unknown: ${error.cause instanceof Error ? error.cause.message : 'no answer'}`;
}
