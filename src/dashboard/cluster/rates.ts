// Appends per second and how long they took, sampled once a second from what the master counts.

import type { ClusterState, Counts, Rates, WriteSpan } from './cluster-state.ts';
import { masterAnswers, masterOf } from './cluster-state.ts';

const SAMPLE_EVERY_MS = 1_000;

/** Samples kept: a minute, which is wider than any curve on the screen. */
const SAMPLES_MAX = 60;

/** The state with one more sample, if it is time for one. `index`: the highest that any node has.
 * A master that has come back empty fetches what others hold, and that is no append. */
export function sampled(state: ClusterState, index: number): ClusterState {
  const { rates, now } = state;
  if (masterOf(state) === null) return state;
  if (rates.sampledAt === null) {
    return { ...state, rates: { ...rates, sampledAt: now, sampledIndex: index } };
  }
  const spanMs = now - rates.sampledAt;
  if (spanMs < SAMPLE_EVERY_MS) return state;
  const perSecond = (Math.max(0, index - rates.sampledIndex) * 1_000) / spanMs;
  // What was counted last is not how long writes take while nobody answers.
  const before = masterAnswers(state) ? state.countsBefore : null;
  const { p50, p99 } = quantiles(before, state.counts);
  const next: Rates = {
    perSecond: [...rates.perSecond, perSecond].slice(-SAMPLES_MAX),
    p99s: [...rates.p99s, heightOf(p99)].slice(-SAMPLES_MAX),
    p50,
    p99,
    sampledAt: now,
    sampledIndex: index,
  };
  return { ...state, rates: next };
}

/** In a curve what is beyond the last bound is as high as can be: nobody knows how high. */
function heightOf(span: WriteSpan | null): number | null {
  if (span === null) return null;
  return span.isMore ? Number.POSITIVE_INFINITY : span.ms;
}

/** Of the writes between two counts; null where there were none. */
export function quantiles(
  before: Counts | null,
  after: Counts | null,
): { readonly p50: WriteSpan | null; readonly p99: WriteSpan | null } {
  const none = { p50: null, p99: null };
  if (before === null || after === null) return none;
  const earlier = new Map(before.buckets);
  const counts = after.buckets.map(
    ([upTo, count]) => [upTo, count - (earlier.get(upTo) ?? 0)] as const,
  );
  const total = counts.at(-1)?.[1] ?? 0;
  if (total <= 0) return none;
  const ms = after.sumMs - before.sumMs;
  // Of a single write it is known exactly, and whoever waited for it has counted along.
  if (total === 1 && ms > 0) return { p50: { ms, isMore: false }, p99: { ms, isMore: false } };
  return { p50: quantile(counts, total * 0.5), p99: quantile(counts, total * 0.99) };
}

/** Between two bounds of a histogram the spans are taken to be spread evenly; of what took longer
 * than the last bound nothing else is known. */
function quantile(counts: readonly (readonly [number, number])[], rank: number): WriteSpan {
  let [lower, below] = [0, 0];
  for (const [upTo, count] of counts) {
    if (count >= rank) {
      if (upTo === Number.POSITIVE_INFINITY) break;
      const ms = lower + ((upTo - lower) * (rank - below)) / (count - below);
      return { ms, isMore: false };
    }
    [lower, below] = [upTo, count];
  }
  return { ms: lower, isMore: true };
}

/** From Prometheus' text, what the dashboard shows of it. */
export function countsIn(text: string): Counts {
  const values = new Map<string, number>();
  const buckets: [number, number][] = [];
  for (const line of text.split('\n')) {
    const bucket = /^replog_write_seconds_bucket\{le="([^"]+)"\} (\S+)$/.exec(line);
    if (bucket !== null) {
      const upTo = bucket[1] === '+Inf' ? Number.POSITIVE_INFINITY : Number(bucket[1]) * 1_000;
      buckets.push([upTo, Number(bucket[2])]);
      continue;
    }
    const plain = /^(replog_\w+) (\S+)$/.exec(line);
    if (plain !== null) values.set(plain[1]!, Number(plain[2]));
  }
  const value = (name: string): number => values.get(name) ?? 0;
  return {
    waiting: value('replog_waiting_writes'),
    duplicates: value('replog_duplicates_total'),
    sumMs: value('replog_write_seconds_sum') * 1_000,
    buckets,
  };
}
