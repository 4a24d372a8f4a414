import { describe, expect, test } from 'vitest';
import { Repeated } from '../../../src/node/peers/repeated.ts';

/** Reads by counting, so that a second reading of the same text is told from the first. */
function reader() {
  const repeated = new Repeated<string>();
  let times = 0;
  return (text: string): string =>
    repeated.of(text, () => {
      times += 1;
      if (text === 'bad') throw new Error('not understood');
      return `${text} ${times}`;
    });
}

describe('what comes again', () => {
  test('is read once, however often it follows itself', () => {
    const read = reader();
    expect([read('a'), read('a'), read('a')]).toEqual(['a 1', 'a 1', 'a 1']);
  });

  test('is read anew when something else came between', () => {
    const read = reader();
    expect([read('a'), read('b'), read('a')]).toEqual(['a 1', 'b 2', 'a 3']);
  });

  test('is refused each time if it cannot be read, and what was known before stays', () => {
    const read = reader();
    read('a');
    expect(() => read('bad')).toThrow('not understood');
    expect(() => read('bad')).toThrow('not understood');
    expect(read('a')).toBe('a 1');
  });

  test('is not kept where it is long', () => {
    const read = reader();
    const long = 'x'.repeat(2_001);
    expect(read(long)).not.toBe(read(long));
  });
});
