// One measurement of a cluster: a warm-up that does not count, then the load, then what it came to.

import type { WriteConcern } from '../client/answers.ts';
import type { ReplogClient } from '../client/client.ts';
import { Latencies, type Percentiles } from './latencies.ts';
import { type LoadOptions, type LoadResult, load } from './load.ts';
import { type Spent, spent, usageOf } from './usage.ts';

export interface BenchOptions {
  readonly client: ReplogClient;
  /** Whose processor time is told. */
  readonly nodes: readonly { readonly node: string; readonly client: ReplogClient }[];
  readonly w: WriteConcern;
  /** Characters of one message. */
  readonly size: number;
  readonly connections: number;
  /** Messages per request; 1: single appends. */
  readonly batch: number;
  /** Appends (or batches) per second; null: a closed loop. */
  readonly rate: number | null;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  /** Called about twice a second. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  /** Since the warm-up. */
  readonly seconds: number;
  /** Messages. */
  readonly perSecond: number;
  /** Milliseconds per request. */
  readonly p99: number;
}

export interface BenchResult {
  readonly w: WriteConcern;
  readonly size: number;
  readonly connections: number;
  readonly batch: number;
  readonly rate: number | null;
  readonly seconds: number;
  /** Acknowledged ones. */
  readonly messages: number;
  /** Messages. */
  readonly perSecond: number;
  /** Requests that failed, and those that were due and found no room. */
  readonly failed: number;
  readonly missed: number;
  /** Milliseconds per request. */
  readonly latency: Percentiles;
  readonly nodes: readonly Spent[];
  /** Why requests failed, each reason with its count; at most 8. */
  readonly errors: Readonly<Record<string, number>>;
}

const PROGRESS_MS = 500;

/** What is still unanswered so long after the end is given up, and counts as failed. */
const PATIENCE_MS = 5_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const now = (): number => performance.now();

/** Measures. `interrupted` ends it early, with what has been measured so far. */
export async function bench(options: BenchOptions, interrupted: AbortSignal): Promise<BenchResult> {
  const { connections, rate, batch } = options;
  const latencies = new Latencies();
  const loadOptions = { connections, rate, latencies, now, sleep };
  const work = (signal: AbortSignal) => workOf(options, signal);
  await timed(loadOptions, work, options.warmUpSeconds, interrupted);
  latencies.reset();
  const before = await usageOf(options.nodes);
  const startedAt = now();
  const progress = setInterval(() => {
    const seconds = (now() - startedAt) / 1_000;
    const perSecond = (latencies.count * batch) / seconds;
    options.onProgress?.({ seconds, perSecond, p99: latencies.percentiles().p99 });
  }, PROGRESS_MS);
  try {
    const result = await timed(loadOptions, work, options.seconds, interrupted);
    const after = await usageOf(options.nodes);
    const elapsed = (now() - startedAt) / 1_000;
    return summary(options, result, latencies, spent(before, after, elapsed));
  } finally {
    clearInterval(progress);
  }
}

/** What is given up at its end is given up of this load only: not of the one that follows. */
async function timed(
  options: Omit<LoadOptions, 'work'>,
  workWith: (signal: AbortSignal) => LoadOptions['work'],
  seconds: number,
  interrupted: AbortSignal,
): Promise<LoadResult> {
  const stop = new AbortController();
  const given = new AbortController();
  const giveUp = (): void => given.abort(new Error('unanswered at the end'));
  let patience: NodeJS.Timeout | undefined;
  const end = (): void => {
    stop.abort();
    patience ??= setTimeout(giveUp, PATIENCE_MS);
  };
  const timer = setTimeout(end, seconds * 1_000);
  interrupted.addEventListener('abort', end, { once: true });
  if (interrupted.aborted) end();
  try {
    return await load({ ...options, work: workWith(given.signal) }, stop.signal);
  } finally {
    clearTimeout(timer);
    clearTimeout(patience);
    interrupted.removeEventListener('abort', end);
  }
}

function workOf(
  { client, w, size, batch }: BenchOptions,
  signal: AbortSignal,
): () => Promise<void> {
  const message = 'x'.repeat(size);
  if (batch === 1) {
    return async () => {
      await client.append(message, { w, signal });
    };
  }
  const messages = Array.from({ length: batch }, () => message);
  return async () => {
    await client.appendBatch(messages, { w, signal });
  };
}

function summary(
  options: BenchOptions,
  { done, failed, missed, ms, errors }: LoadResult,
  latencies: Latencies,
  nodes: readonly Spent[],
): BenchResult {
  const { w, size, connections, batch, rate } = options;
  const seconds = ms / 1_000;
  const messages = done * batch;
  return {
    ...{ w, size, connections, batch, rate, seconds, messages },
    perSecond: messages / seconds,
    failed,
    missed,
    latency: latencies.percentiles(),
    nodes,
    errors: Object.fromEntries(errors),
  };
}
