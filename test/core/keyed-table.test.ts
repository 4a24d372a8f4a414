import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf, KeyedTable, scattered } from '../../src/core/keyed-table.ts';

/** How many places a key is looked for at, on average, with so many of them in the table. */
function looksPerKey<Key extends number | string>(
  hash: (key: Key) => number,
  keys: readonly Key[],
): number {
  let looks = keys.length;
  const home = Math.ceil(Math.log2(2 * keys.length));
  const taken = new Set<number>();
  for (const key of keys) {
    let place = hash(key) >>> (32 - home);
    while (taken.has(place)) {
      looks += 1;
      place = (place + 1) % 2 ** home;
    }
    taken.add(place);
  }
  return looks / keys.length;
}

describe('KeyedTable', () => {
  test('keeps, replaces and gives back as a Map does, whatever the hashes are', () => {
    const key = fc.integer({ min: 1, max: 300 });
    const step = fc.record({ key, take: fc.boolean() });
    const hash = fc.constantFrom(
      scattered,
      (n: number) => n << 26,
      () => 0,
      () => -1,
    );
    const property = fc.property(hash, fc.array(step, { maxLength: 400 }), (by, steps) => {
      const table = new KeyedTable<number, { n: number }>(by);
      const map = new Map<number, { n: number }>();
      for (const [n, { key, take }] of steps.entries()) {
        expect(table.get(key)).toBe(map.get(key));
        if (take) {
          expect(table.take(key)).toBe(map.get(key));
          map.delete(key);
        } else {
          const value = { n };
          table.put(key, value);
          map.set(key, value);
        }
        expect(table.size).toBe(map.size);
      }
      for (const [each, value] of map) expect(table.get(each)).toBe(value);
      expect(new Set(table.all())).toEqual(new Set(map.values()));
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('two texts with the same hash are two keys', () => {
    const table = new KeyedTable<string, { n: number }>(() => 7);
    table.put('a', { n: 1 });
    table.put('b', { n: 2 });
    expect(table.take('a')).toEqual({ n: 1 });
    expect(table.get('b')).toEqual({ n: 2 });
    expect(table.get('a')).toBeUndefined();
  });

  test('keys that come and go leave it as large as it was', () => {
    const table = new KeyedTable<number, object>(scattered);
    const places = (): number => (table as unknown as { keys: unknown[] }).keys.length;
    for (let n = 1; n <= 100; n += 1) table.put(n, {});
    const before = places();
    for (let n = 101; n <= 100_000; n += 1) {
      table.put(n, {});
      table.take(n - 100);
    }
    expect(places()).toBe(before);
    expect(table.size).toBe(100);
  });

  test.each([
    ['tickets', scattered, (n: number) => n + 1],
    ['tickets of one in sixteen', scattered, (n: number) => 16 * n + 1],
    ['tickets late in a long life', scattered, (n: number) => 2 ** 40 + n],
  ])('%s are found where they belong, or near it', (_, hash, key) => {
    const keys = Array.from({ length: 20_000 }, (_, n) => key(n));
    expect(looksPerKey(hash, keys)).toBeLessThan(2);
  });

  test.each([
    ['numbered texts', (n: number) => `k${n}`],
    ['numbers with zeros', (n: number) => String(n).padStart(64, '0')],
    ['long texts that differ at the front', (n: number) => `${n}${'-'.repeat(100)}`],
    ['ids in order of time', (n: number) => `019a${(n * 7).toString(16).padStart(28, '0')}`],
  ])('%s are found where they belong, or near it', (_, key) => {
    const keys = Array.from({ length: 20_000 }, (_, n) => key(n));
    expect(looksPerKey(hashOf, keys)).toBeLessThan(2);
  });
});
