import { describe, expect, test } from 'vitest';
import { compareKeys } from '../../../src/core/log/key-order.ts';

const KEYS = [
  '',
  'a',
  'a\u{1f600}',
  'ab',
  'b',
  '\ud7ff',
  '\ue000',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
  // Their second halves are the last ones that there are.
  '\u{1f3fe}',
  '\u{1f3ff}',
];

describe('compareKeys', () => {
  test('keys are in the order of their bytes as UTF-8', () => {
    const bytes = [...KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...KEYS].reverse().sort(compareKeys)).toEqual(bytes);
  });

  test('so is each pair of them, whichever is named first; only a key itself is the same', () => {
    for (const a of KEYS) {
      for (const b of KEYS) {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareKeys(a, b)), `${a} and ${b}`).toBe(bytes);
      }
    }
  });
});
