// The output of a process, cut into lines.

import { expect, test } from 'vitest';
import { LineReader } from '../../../src/cluster/process/lines.ts';

/** The lines of a stream that comes in these pieces. */
function linesOf(...pieces: readonly string[]): string[] {
  const lines: string[] = [];
  const reader = new LineReader((line) => lines.push(line));
  for (const piece of pieces) reader.push(piece);
  reader.end();
  return lines;
}

test('lines are the same however they arrive, and the last one needs no end', () => {
  expect(linesOf('one\ntw', 'o\r\n', '\nthree')).toEqual(['one', 'two', '', 'three']);
  expect(linesOf('one\n')).toEqual(['one']);
});

test.each([
  ['at once', (text: string) => [`${text}\nnext\n`]],
  ['in pieces', (text: string) => [...text.match(/.{1,100}/g)!, '\nnext\n']],
  ['as the last one of another stream', (text: string) => ['next\n', text]],
])('a line that is too long ends with a mark, and says what is missing: %s', (_, cut) => {
  const marked = `${'x'.repeat(8_192)}… (808 more)`;
  expect(linesOf(...cut('x'.repeat(9_000))).sort()).toEqual(['next', marked]);
});

test('the longest line that fits is whole, and so is the one behind one that did not', () => {
  const whole = 'x'.repeat(8_192);
  expect(linesOf(`${whole}\r\n${whole}y\n${whole}\n`)).toEqual([
    ...[whole, `${whole}… (1 more)`, whole],
  ]);
});
