// What is told fits the reader's terminal, whatever its width is at the moment.

import { expect, test } from 'vitest';
import { textColumns } from '../../src/cli/printing/text-width.ts';
import { narrator } from '../../src/scenarios/narrator.ts';

test.each([60, 80, 120])('a step on %i columns', async (columns) => {
  const plain = (text: string): string => text;
  let told = '';
  const tell = narrator({
    print: async (text) => {
      told += text;
    },
    visible: plain,
    paint: { bold: plain, dim: plain, red: plain, green: plain },
    breathe: async () => undefined,
    columns: () => columns,
  });
  const say = 'word '.repeat(60).trim();
  await tell({ type: 'step', part: 1, of: 2, line: 1, does: say, say, why: say, look: say });
  const rows = Array.from({ length: 10 }, (_, i) => ({ text: `message ${i}`, state: 'there' }));
  const row = { node: 'n1', note: 'master', asked: true, cells: rows } as const;
  await tell({ type: 'logs', table: { first: 1, last: 10, rows: [row as never] } });
  const widths = told.split('\n').map(({ length }) => length);
  expect(Math.max(...widths)).toBeLessThanOrEqual(columns - 1);
  expect(Math.max(...widths)).toBeGreaterThan(columns - 10);
});

test('as wide as the terminal, within what can be read; 80 where there is none', () => {
  const on = (columns: number): number => textColumns({ isTTY: true, columns });
  expect([20, 60, 93, 120, 300].map(on)).toEqual([60, 60, 93, 120, 120]);
  expect([textColumns({}), textColumns({ columns: 100 }), on(0)]).toEqual([80, 80, 80]);
});
