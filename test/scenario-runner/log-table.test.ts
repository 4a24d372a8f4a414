// The table of all logs: aligned, as wide as it may be, and clear without colours.

import { expect, test } from 'vitest';
import { type LogRow, tableLines } from '../../src/scenarios/log-table.ts';

const row = (node: string, note: string, ...texts: string[]): LogRow => ({
  node,
  note,
  asked: !texts.includes('?'),
  cells: texts.map((text) => {
    const state = text === '·' ? 'absent' : text === '?' ? 'unknown' : 'there';
    return text.endsWith('*') ? { text: text.slice(0, -1), state: 'pending' } : { text, state };
  }),
});

const plain = (text: string): string => text;

test('what is there, pending, absent and unknown look different', () => {
  const rows = [
    row('n1', 'master', 'Msg1', 'Msg2'),
    row('n2', '', 'Msg1', 'Msg2*'),
    row('n3', 'Suspected', 'Msg1', '·'),
    row('n4', 'not running', '?', '?'),
  ];
  expect(tableLines({ first: 1, last: 2, rows }, plain, 71)).toEqual([
    'index             1     2',
    'n1 (master)       Msg1  Msg2',
    'n2                Msg1  Msg2*',
    'n3 (Suspected)    Msg1  ·',
    'n4 (not running)  ?     ?',
    '                  * shown, not acknowledged yet   · not there   ? cannot be asked',
  ]);
});

test('of a long log the newest columns that fit are shown', () => {
  const texts = Array.from({ length: 10 }, (_, i) => `a long message ${i}`);
  const lines = tableLines(
    { first: 91, last: 100, rows: [row('n1', 'master', ...texts)] },
    plain,
    71,
  );
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(71);
  expect(lines[0]).toMatch(/^index +… .*100$/);
  expect(lines[1]).toContain('… a long mess…');
  const wide = tableLines({ first: 91, last: 100, rows: [row('n1', '', ...texts)] }, plain, 200);
  expect(wide[0]).toMatch(/^index +… 91 .*100$/);
});

test('foreign text is made harmless before it is cut', () => {
  const rows = [row('n1', '', 'a\u001b[2Jb')];
  const lines = tableLines(
    { first: 1, last: 1, rows },
    (text) => text.replaceAll('\u001b', '␛'),
    71,
  );
  expect(lines[1]).toBe('n1     a␛[2Jb');
});

test('an empty log is another thing than one that cannot be asked for', () => {
  const [n1, n2, n3] = ['n1', 'n2', 'n3'].map((node) => row(node, ''));
  const none = (rows: readonly LogRow[]) => tableLines({ first: 1, last: 0, rows }, plain, 71);
  const silent = (one: LogRow): LogRow => ({ ...one, asked: false });
  expect(none([n1!, n2!])).toEqual(['all logs are empty']);
  expect(none([silent(n1!), silent(n2!)])).toEqual(['no node can be asked for its log']);
  expect(none([n1!, n2!, silent(n3!)])).toEqual([
    'the logs of n1 n2 are empty; n3 cannot be asked',
  ]);
});
