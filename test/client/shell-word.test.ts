// Texts that somebody may copy into a shell.

import { expect, test } from 'vitest';
import { shellWord } from '../../src/client/shell-word.ts';

test.each([
  ['plain-1', 'plain-1'],
  ["it's", "'it'\\''s'"],
  ['a b', "'a b'"],
  ['at $5', "'at $5'"],
  ['', "''"],
])('%j is written as %s', (text, word) => {
  expect(shellWord(text)).toBe(word);
});
