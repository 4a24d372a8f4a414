import { expect, test } from 'vitest';
import { Progress } from '../../../src/cli/printing/progress.ts';
import { canDrawOver, screenful } from '../../../src/cli/printing/screenful.ts';

/** What stands on the screen: the lines that are written, each over an erased one. */
const linesOf = (text: string): string[] => {
  expect(text.startsWith('\u001b[H')).toBe(true);
  expect(text.endsWith('\u001b[J')).toBe(true);
  return text.slice('\u001b[H'.length, -'\u001b[J'.length).split('\n').slice(0, -1);
};

const erased = (lines: readonly string[]): string[] => lines.map((line) => `\u001b[K${line}`);

test('what has room is shown whole, with a row left for the cursor', () => {
  expect(linesOf(screenful(['a', 'b'], 3))).toEqual(erased(['a', 'b']));
  // Of a terminal that does not tell its size nothing is left out.
  expect(linesOf(screenful(['a', 'b'], undefined))).toEqual(erased(['a', 'b']));
  expect(linesOf(screenful(['a', 'b'], 0))).toEqual(erased(['a', 'b']));
});

test('what has none is counted, and nothing scrolls', () => {
  const shown = screenful(['head', 'b', 'c', 'd'], 4);
  expect(linesOf(shown)).toEqual(erased(['head', 'b', '… 2 lines more']));
  expect(linesOf(screenful(['head', 'b'], 2))).toEqual(erased(['… 2 lines more']));
});

test('a dumb terminal is sent no code, nor is a file', () => {
  const terminal = { isTTY: true, write: () => expect.unreachable() };
  expect(canDrawOver(terminal, { TERM: 'xterm' })).toBe(true);
  expect(canDrawOver(terminal, {})).toBe(true);
  expect(canDrawOver(terminal, { TERM: 'dumb' })).toBe(false);
  expect(canDrawOver({}, { TERM: 'xterm' })).toBe(false);
  const bar = new Progress(100, terminal, () => 0, { TERM: 'dumb' });
  bar.update(50, 'half');
  bar.finish();
});
