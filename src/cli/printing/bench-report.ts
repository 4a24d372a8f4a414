// What a measurement came to, for people: a table, and a line that names what went wrong.

import type { BenchResult } from '../../bench/bench.ts';
import { inOrder } from '../arguments/node-selection.ts';
import { cleanText } from './clean-text.ts';
import { type Cell, fittedTable } from './table.ts';
import { fitted, type Screen } from './text-width.ts';

const NODES = 'nodes (cores)';
const HEADING = ['w', 'per second', 'p50 ms', 'p90', 'p99', 'p99.9', 'max', NODES];

/** What has no room on a narrow terminal, first to last: the nodes go below the table. */
const EXPENDABLE = [NODES, 'p99.9', 'p90', 'max'];

/** One row for each result; times are milliseconds per request. */
export function benchLines(
  results: readonly BenchResult[],
  screen: Screen = process.stdout,
): string[] {
  const table = fittedTable(HEADING, results.map(rowOf), EXPENDABLE, screen);
  const cores = table[0]?.includes(NODES)
    ? []
    : results.flatMap((result) => fitted(`w=${result.w}: cores of ${coresOf(result)}`, screen));
  return [...table, ...cores, ...results.flatMap(troublesOf)];
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
  const rate = { text: Math.round(result.perSecond).toLocaleString('en'), right: true };
  return [{ text: String(result.w), right: true }, rate, ...times, coresOf(result)];
}

function coresOf({ nodes }: BenchResult): string {
  return cleanText(
    inOrder(nodes)
      .map(({ node, cores }) => `${node} ${cores.toFixed(2)}`)
      .join('  '),
  );
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
