import { expect, test } from 'vitest';
import type { ChaosReport, Progress } from '../../../src/chaos/run.ts';
import { EXIT } from '../../../src/cli/exit.ts';
import {
  codeOf,
  doubtOf,
  figureLines,
  progressLine,
  promisesLine,
  verdictLines,
} from '../../../src/cli/printing/chaos-report.ts';
import { stylesFor } from '../../../src/cli/printing/colour.ts';
import { cutTo } from '../../../src/cli/printing/text-width.ts';

const counts = { acknowledged: 9, unknown: 0, refused: 0, duplicates: 2, reads: 5, gets: 1 };

function report(more: Partial<ChaosReport> = {}, duplicates = 2): ChaosReport {
  const verdict = {
    verdict: 'OK',
    violations: [],
    reasons: [],
    counts: { ...counts, duplicates, entries: 9, excused: 0 },
  } as unknown as ChaosReport['verdict'];
  return {
    ...{ seed: 1, elapsedMs: 1_000, verdict, failures: [], done: { kill: 1 } },
    ...{ coverage: [], cells: 84, uncovered: 80, convergedMs: 5 },
    ...more,
  };
}

const linesOf = (of: ChaosReport): string => verdictLines(of, stylesFor({})).join('\n');

test('the figures of a run are broken between words where a terminal is too narrow', () => {
  const of = report({ done: { 'persist-stuck': 1, 'drop-request': 2, pause: 3 } });
  const done = (stream: { readonly isTTY?: boolean; readonly columns?: number }): string[] =>
    figureLines(of, stream).slice(-3, -1);
  expect(done({ isTTY: true, columns: 40 })).toEqual([
    'done: persist-stuck 1, drop-request 2,',
    'pause 3',
  ]);
  expect(done({ columns: 40 }).at(-1)).toBe('done: persist-stuck 1, drop-request 2, pause 3');
});

test('the line while it runs counts what was done, one of it too', () => {
  const elapsedMs = 1_000;
  const progress = { elapsedMs, phase: 'faults', done: { kill: 1 }, counts: { reads: 1 } };
  expect(progressLine(progress as unknown as Progress, new Set())).toBe(
    '1 s: all holds; 0 acked, 0 open, 0 refused, 1 read; 1 kill',
  );
});

test('what was put to the test and not contradicted holds', () => {
  expect(codeOf(report(), false)).toBe(EXIT.success);
  expect(linesOf(report())).not.toContain('not put to the test');
});

test('without a repeated request nothing is known of exactly once', () => {
  expect(linesOf(report({}, 0))).toMatch(/^exactly once +not put to the test/);
});

test('a run in which nothing was done to a node proves nothing', () => {
  const idle = report({ done: { kill: 0 } });
  expect(codeOf(idle, false)).toBe(EXIT.unknown);
  expect(doubtOf(idle)).toBe('nothing was done to any node');
  expect(linesOf(idle)).not.toContain('holds');
});

test('empty cells matter only to those who asked for coverage', () => {
  expect(codeOf(report(), true)).toBe(EXIT.unknown);
  expect(doubtOf(report())).toBe('80 cells of the table were not met');
});

test('the live line shows every promise on 80 columns, and marks what it leaves out', () => {
  const broken = new Set(['bounded'] as const);
  expect(promisesLine(broken, 100)).toBe(
    '✓ exactly once  ✓ one order  ✓ acknowledged and present  ✓ reads never back  ✗ within limits',
  );
  expect(promisesLine(broken, 79)).toBe('✓ once  ✓ one order  ✓ present  ✓ never back  ✗ limits');
  expect(promisesLine(broken, 30)).toBe('✓ once  ✓ one order  ✓ presen…');
  expect(cutTo(5, '3 s: all holds')).toBe('3 s:…');
  expect(cutTo(5, '3 s: ')).toBe('3 s: ');
});
