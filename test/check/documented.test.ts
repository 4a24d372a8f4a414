// The history in docs/history.md is what its text says.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseRecord } from '../../src/check/history/history-line.ts';
import { judge } from '../../src/check/judge.ts';

const page = readFileSync(new URL('../../docs/history.md', import.meta.url), 'utf8');
const lines = (/```json\n([^`]*)\n```/.exec(page)?.[1] ?? '').split('\n');

const verdictOn = (texts: readonly string[]) =>
  judge(texts.map(parseRecord).filter((record) => record !== null));

test('the history in the documentation is judged as it says', () => {
  expect(verdictOn(lines)).toMatchObject({ verdict: 'OK', violations: [] });
  const last = lines.at(-1)!.replace('"one"', '"two"');
  const contradicted = verdictOn([...lines.slice(0, -1), last]);
  expect(contradicted.verdict).toBe('ILLEGAL');
  expect(contradicted.violations[0]?.records).toEqual([7, 8]);
  const { verdict, reasons } = verdictOn(lines.slice(0, -2));
  expect([verdict, reasons]).toEqual([
    'UNKNOWN',
    ['no node was read after everything was quiet (`final`)'],
  ]);
});

test('what the documentation calls needed is enough', () => {
  const needed = lines.filter((line) => /"type":"(?:write|log)"/.test(line));
  expect(verdictOn(needed).verdict).toBe('OK');
});

test('who introduces nodes, but not all of them, is told which is missing', () => {
  const { violations } = verdictOn(lines.filter((line) => !line.includes('"n2#1","event"')));
  expect(violations[0]?.sentence).toBe(
    'n2 is among the `acks`, but no record says that it was started (record 3).',
  );
});
