import { expect, test } from 'vitest';
import type { BenchResult } from '../../../src/bench/bench.ts';
import { benchLines } from '../../../src/cli/printing/bench-report.ts';
import { textWidth } from '../../../src/cli/printing/text-width.ts';

const latency = { p50: 27.9, p90: 80.5, p99: 289.3, p999: 324.1, max: 324.1 };
const nodes = ['n1', 'n10', 'n3', 'n2'].map((node) => ({ node, cores: 0.25 }));
const result = {
  ...{ w: 'all', perSecond: 713, latency, nodes, failed: 0, missed: 0, errors: {} },
} as unknown as BenchResult;

test.each([100, 80, 60, 40])('at %i columns no line of a measurement wraps', (columns) => {
  const lines = benchLines([result, { ...result, w: 2 }], { isTTY: true, columns });
  expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
  const text = lines.join('\n');
  // What it is measured for is always there.
  for (const word of ['per second', 'p50 ms', 'p99', '713', '27.9', '289.3']) {
    expect(text).toContain(word);
  }
  expect(text.match(/n10/g)).toHaveLength(2);
});

test('nodes are named in order, beside their figures where there is room', () => {
  const shown = 'n1 0.25  n2 0.25  n3 0.25  n10 0.25';
  expect(benchLines([result], { isTTY: true, columns: 100 }).at(-1)).toMatch(`324.1  ${shown}`);
  expect(benchLines([result], { isTTY: true, columns: 80 }).at(-1)).toBe(
    `w=all: cores of ${shown}`,
  );
  // A file is as wide as its lines.
  expect(benchLines([result], { columns: 20 })).toHaveLength(2);
});
