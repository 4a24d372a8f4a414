// What a measurement came to, for people: a table, and a line that names what went wrong.

import type { BenchResult } from '../../bench/bench.ts';
import { cleanText } from './clean-text.ts';
import { type Cell, tableLines } from './table.ts';

const HEADING = ['w', 'per second', 'p50 ms', 'p90', 'p99', 'p99.9', 'max', 'nodes (cores)'];

/** One row for each result; times are milliseconds per request. */
export function benchLines(results: readonly BenchResult[]): string[] {
  return [...tableLines(HEADING, results.map(rowOf)), ...results.flatMap(troublesOf)];
}

/** What each write concern costs, compared with the first. */
export function comparisonLines(results: readonly BenchResult[]): string[] {
  const [first, ...rest] = results;
  if (first === undefined) return [];
  return rest.map((result) => {
    const rate = ratio(result.perSecond, first.perSecond);
    const p50 = ratio(result.latency.p50, first.latency.p50);
    return `w=${result.w} has ${rate} times the rate of w=${first.w}, and ${p50} times its median`;
  });
}

function rowOf(result: BenchResult): Cell[] {
  const { p50, p90, p99, p999, max } = result.latency;
  const times = [p50, p90, p99, p999, max].map((ms) => ({ text: milliseconds(ms), right: true }));
  const nodes = result.nodes.map(({ node, cores }) => `${node} ${cores.toFixed(2)}`).join('  ');
  const rate = { text: Math.round(result.perSecond).toLocaleString('en'), right: true };
  return [{ text: String(result.w), right: true }, rate, ...times, nodes];
}

function troublesOf({ w, failed, missed, errors }: BenchResult): string[] {
  const lines = missed > 0 ? [`w=${w}: ${missed} were due and found no room`] : [];
  if (failed > 0) lines.push(`w=${w}: ${failed} failed`);
  for (const [message, count] of Object.entries(errors)) {
    lines.push(`  ${count} × ${cleanText(message)}`);
  }
  return lines;
}

const milliseconds = (ms: number): string => (ms < 10 ? ms.toFixed(2) : ms.toFixed(1));

const ratio = (a: number, b: number): string => (b > 0 ? (a / b).toFixed(2) : '-');
