import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { Deduplication } from '../../../src/core/log/deduplication.ts';
import { fingerprint } from '../../../src/core/log/fingerprint.ts';
import { hashOf, KnownRequests, type RequestRun } from '../../../src/core/log/known-requests.ts';
import type { Entry, Operation } from '../../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { entry } from '../bench.ts';

const append = (message: string): Operation => ({ op: 'append', message });
const put = (key: string, value: string): Operation => ({ op: 'put', key, value });

/** The entries of one request, from `first` on. */
function request(first: number, operations: Operation[], key?: string, batch = false): Entry[] {
  return operations.map((operation, i) =>
    entry(first + i, 1, {
      operation,
      ...(i === 0 && batch ? { batch: operations.length } : {}),
      ...(i === 0 && key !== undefined ? { idempotencyKey: key } : {}),
    }),
  );
}

function foldOf(log: readonly Entry[]): Deduplication {
  const deduplication = new Deduplication(100);
  for (const each of log) deduplication.observe(each);
  return deduplication;
}

const printOf = (operations: Operation[], batch = false): number =>
  operations.reduce((print, operation) => fingerprint(operation, batch, print), 0);

describe('fingerprint', () => {
  const different: [string, number][] = [
    ['append a', printOf([append('a')])],
    ['append b', printOf([append('b')])],
    ['a batch of a', printOf([append('a')], true)],
    ['a batch of a, a', printOf([append('a'), append('a')], true)],
    ['a batch of aa', printOf([append('aa')], true)],
    ['put a=b', printOf([put('a', 'b')])],
    ['put ab=', printOf([put('ab', '')])],
    ['put =ab', printOf([put('', 'ab')])],
    ['put a\\0b=c', printOf([put('a\0b', 'c')])],
    ['put a=b\\0c', printOf([put('a', 'b\0c')])],
    ['put a\\0=b\\0c', printOf([put('a\0', 'b\0c')])],
    ['put a\\0\\0b=c', printOf([put('a\0\0b', 'c')])],
    ['remove a', printOf([{ op: 'remove', key: 'a' }])],
    ['append nothing', printOf([append('')])],
  ];

  test('tells requests apart', () => {
    expect(new Set(different.map(([, print]) => print)).size).toBe(different.length);
    for (const [, print] of different) expect(Number.isSafeInteger(print)).toBe(true);
  });

  test('is what earlier versions have written into summaries', () => {
    const first = fingerprint(append('a message'), true);
    expect([
      fingerprint(append('a message'), false),
      first,
      fingerprint(append('another 🙂'), true, first),
      fingerprint(put('k', 'v'), false),
      fingerprint(put('', ''), true, 12_345_678_901_234),
      fingerprint({ op: 'remove', key: 'ключ' }, false),
      fingerprint(append(''), false),
    ]).toEqual([
      6066030189026726, 7278691749587229, 6314030504833529, 8804621009982564, 3856045159645152,
      6712278987038005, 8811291566364638,
    ]);
  });

  test('is the same for the same request', () => {
    const operations = [append('a'), append('b')];
    expect(printOf(operations, true)).toBe(printOf(structuredClone(operations), true));
  });
});

describe('Deduplication', () => {
  test('knows a key by its place, its length and its request', () => {
    const fold = foldOf([...request(1, [append('x')]), ...request(2, [put('k', 'v')], 'key')]);
    const known = { key: 'key', first: 2, count: 1, fingerprint: printOf([put('k', 'v')]) };
    expect(fold.find('key')).toEqual(known);
    expect(fold.find('other')).toBeUndefined();
    expect(fold.size).toBe(1);
  });

  test('B06: the same key for another operation is noticed by its fingerprint', () => {
    const fold = foldOf(request(1, [append('a')], 'key'));
    expect(fold.find('key')?.fingerprint).not.toBe(printOf([append('b')]));
    expect(fold.find('key')?.fingerprint).not.toBe(printOf([append('a')], true));
  });

  test('B04: a key is known only by an entry that is in the log', () => {
    const fold = foldOf(request(1, [append('a')], 'key'));
    fold.truncated(logIndex(0));
    expect(fold.find('key')).toBeUndefined();
    expect(fold.size).toBe(0);
  });

  test('a batch is one request: where it begins, how long it is, what all of it says', () => {
    const operations = [append('a'), append('b'), append('c')];
    const log = [...request(1, operations, 'key', true), ...request(4, [append('d')])];
    const fold = foldOf(log);
    expect(fold.find('key')).toEqual({
      key: 'key',
      first: 1,
      count: 3,
      fingerprint: printOf(operations, true),
    });
    expect([...fold.requests]).toHaveLength(1);
  });

  test('a request is open from its first entry to its last, one of a single entry never', () => {
    const log = [...request(1, [append('a'), append('b'), append('c')], 'k', true)];
    const known = foldOf([]);
    const open = [...log, ...request(4, [append('d')], 'l')].map((each) => {
      known.observe(each);
      return known.open?.key ?? null;
    });
    expect(open).toEqual(['k', 'k', null, null]);
  });

  test('a batch of which the first entries were not read is known when the rest has come', () => {
    const operations = [append('a'), append('b'), append('c')];
    const log = request(1, operations, 'k', true);
    const before = foldOf(log.slice(0, 2));
    const after = new Deduplication(100);
    for (const each of before.requests) after.restore(each);
    after.restoreOpen(before.open);
    after.observe(log[2]!);
    expect(after.find('k')).toMatchObject({ first: 1, fingerprint: printOf(operations, true) });
  });

  test('a batch without a key after one with a key does not run into it', () => {
    const first = [append('a'), append('b')];
    const second = [append('c'), append('d')];
    const log = [...request(1, first, 'key', true), ...request(3, second, undefined, true)];
    expect(foldOf(log).find('key')?.fingerprint).toBe(printOf(first, true));
  });

  test('a batch that was cut off and then replaced by another request is forgotten', () => {
    const fold = foldOf(
      request(1, [append('a'), append('b'), append('c')], 'key', true).slice(0, 2),
    );
    fold.truncated(logIndex(0));
    for (const each of request(1, [append('d'), append('e')], 'next', true)) fold.observe(each);
    expect(fold.find('key')).toBeUndefined();
    expect(fold.find('next')?.fingerprint).toBe(printOf([append('d'), append('e')], true));
  });

  test('B05, B62, C9, G4: the window holds as many keys as promised, then drops the oldest', () => {
    const fold = new Deduplication(1_000);
    for (let i = 1; i <= 3_000; i += 1) {
      for (const each of request(i, [append(`m${i}`)], `k${i}`)) fold.observe(each);
    }
    expect(fold.size).toBe(1_000);
    expect(fold.find('k2000')).toBeUndefined();
    expect(fold.find('k2001')?.first).toBe(2_001);
    expect(fold.find('k3000')?.first).toBe(3_000);
  });

  test('the oldest is forgotten, whatever was cut off and written again in between', () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 5 }) },
    );
    const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const fold = new Deduplication(3);
      let known: { key: string; first: number }[] = [];
      let forgottenTo = 0;
      let last = 0;
      for (const keyOrCut of steps) {
        if (typeof keyOrCut === 'number') {
          last = Math.max(0, last - keyOrCut);
          fold.truncated(logIndex(last));
          known = known.filter(({ first }) => first <= last);
          forgottenTo = Math.min(forgottenTo, last);
        } else if (!known.some(({ key }) => key === keyOrCut)) {
          last += 1;
          for (const each of request(last, [append('m')], keyOrCut)) fold.observe(each);
          known = [...known, { key: keyOrCut, first: last }];
          if (known.length > 3) forgottenTo = known.shift()!.first;
        }
        const places = (all: RequestRun | null): unknown =>
          all === null ? null : [...all].map(({ key, first }) => ({ key, first }));
        expect(places(fold.requests)).toEqual(known);
        expect(known.map(({ key }) => fold.find(key)?.first)).toEqual(known.map((k) => k.first));
        expect(fold.size).toBe(known.length);
        for (let from = 1; from <= last + 1; from += 1) {
          const wanted = known.filter(({ first }) => first >= from && first <= last - 1);
          const found = fold.beginningIn(from, last - 1);
          expect(places(found)).toEqual(forgottenTo >= from ? null : wanted);
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  test('a key that was forgotten and came again is known for as long as any other', () => {
    const fold = new Deduplication(3);
    const restored = (key: string, first: number): void =>
      fold.restore({ key, first: logIndex(first), count: 1, fingerprint: first });
    // Summaries of closed segments tell more than the window holds.
    for (const [i, key] of ['again', 'a', 'b', 'c', 'again'].entries()) restored(key, i + 1);
    for (const each of request(6, [append('d')], 'd')) fold.observe(each);
    expect(fold.find('again')?.first).toBe(5);
    for (const each of request(7, [append('e')], 'e')) fold.observe(each);
    expect(fold.find('again')?.first).toBe(5);
    for (const each of request(8, [append('f')], 'f')) fold.observe(each);
    expect(fold.find('again')).toBeUndefined();
    expect(fold.size).toBe(3);
  });

  test('a key restored twice within the window is forgotten with its later request', () => {
    const fold = new Deduplication(3);
    for (const [i, key] of ['again', 'again', 'a'].entries()) {
      fold.restore({ key, first: logIndex(i + 1), count: 1, fingerprint: 0 });
    }
    for (const each of request(4, [append('b')], 'b')) fold.observe(each);
    expect(fold.find('again')?.first).toBe(2);
    for (const each of request(5, [append('c')], 'c')) fold.observe(each);
    expect(fold.find('again')).toBeUndefined();
  });

  test('C9, G4: a log cut back by as many as may wait for others has the promised window', () => {
    const promised = 100_000;
    const { deduplicationWindow, waitersMax } = DEFAULT_OPTIONS;
    const fold = new Deduplication(deduplicationWindow);
    const last = 2 * promised + waitersMax;
    for (let index = 1; index <= last; index += 1) {
      fold.observe(entry(index, 1, { operation: append('m'), idempotencyKey: `k${index}` }));
    }
    const after = last - waitersMax;
    fold.truncated(logIndex(after));
    expect(fold.find(`k${after - promised + 1}`)?.first).toBe(after - promised + 1);
    expect(fold.find(`k${after + 1}`)).toBeUndefined();
  });

  test('a key beyond the window costs about as much as one within it', () => {
    const window = 100_000;
    const fold = new Deduplication(window);
    const lap = (number: number): number => {
      const started = performance.now();
      for (let i = 1; i <= window; i += 1) {
        const index = number * window + i;
        const operation = append('m');
        fold.observe(entry(index, 1, { operation, idempotencyKey: `k${index}` }));
      }
      return performance.now() - started;
    };
    const within = lap(0);
    // Where every key that was forgotten is passed again they take ten times as long.
    expect(Math.min(lap(1), lap(2))).toBeLessThan(4 * within);
  });

  test('B03, C9: rebuilt from the log it knows what it knew before, truncated or not', () => {
    const one = fc.record({
      size: fc.integer({ min: 1, max: 4 }),
      batch: fc.boolean(),
      keyed: fc.boolean(),
    });
    const property = fc.property(fc.array(one, { maxLength: 12 }), fc.nat(12), (drawn, cut) => {
      const log: Entry[] = [];
      const ends = [0];
      drawn.forEach(({ size, batch, keyed }, i) => {
        const operations = Array.from({ length: batch ? size : 1 }, (_, n) => append(`${i}.${n}`));
        log.push(...request(log.length + 1, operations, keyed ? `k${i}` : undefined, batch));
        ends.push(log.length);
      });
      const live = foldOf(log);
      const after = ends[Math.min(cut, drawn.length)]!;
      live.truncated(logIndex(after));
      const rebuilt = foldOf(log.slice(0, after));
      expect(live.size).toBe(rebuilt.size);
      drawn.forEach((_, i) => {
        expect(live.find(`k${i}`)).toEqual(rebuilt.find(`k${i}`));
      });
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe('KnownRequests', () => {
  /** Keys of which many belong in the same place: their hashes have the same upper bits. */
  const crowded = Array.from({ length: 400_000 }, (_, n) => `k${n}`)
    .filter((key) => hashOf(key) >>> 23 === 511)
    .slice(0, 400);

  test.each([
    ['keys that belong in one place', (n: number) => crowded[n]!],
    ['keys far from each other', (n: number) => `k${n}`],
  ])('%s: known as long as they are among the latest, under their newest request', (_, keyOf) => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 300 }) },
      { weight: 1, arbitrary: fc.constant('pop' as const) },
    );
    const property = fc.property(fc.array(step, { minLength: 200, maxLength: 400 }), (steps) => {
      const known = new KnownRequests(150);
      let order: { key: string; first: number }[] = [];
      const leadsTo = new Map<string, number>();
      const unlink = ({ key, first }: { key: string; first: number }): void => {
        if (leadsTo.get(key) === first) leadsTo.delete(key);
      };
      for (const [n, each] of steps.entries()) {
        if (each === 'pop') {
          if (order.length === 0) continue;
          known.pop();
          unlink(order.pop()!);
          continue;
        }
        const key = keyOf(each);
        known.push({ key, first: logIndex(n + 1), count: 1, fingerprint: n });
        if (order.length === 150) unlink(order.shift()!);
        order = [...order, { key, first: n + 1 }];
        leadsTo.set(key, n + 1);
      }
      for (let n = 0; n <= 300; n += 1) {
        expect(known.find(keyOf(n))?.first).toBe(leadsTo.get(keyOf(n)));
      }
      expect(known.size).toBe(leadsTo.size);
      expect([...known.beginningIn(0, 1_000)].map(({ first }) => first)).toEqual(
        order.map(({ first }) => first),
      );
    });
    fc.assert(property, { numRuns: 40 });
  });

  test('two keys with the same hash are two keys', () => {
    const byHash = new Map<number, string>();
    let pair: readonly [string, string] | null = null;
    for (let n = 0; pair === null; n += 1) {
      const key = `k${n}`;
      const other = byHash.get(hashOf(key));
      if (other !== undefined) pair = [other, key];
      byHash.set(hashOf(key), key);
    }
    const [one, other] = pair;
    const known = new KnownRequests(2);
    known.push({ key: one, first: logIndex(1), count: 1, fingerprint: 1 });
    expect(known.find(other)).toBeUndefined();
    known.push({ key: other, first: logIndex(2), count: 1, fingerprint: 2 });
    expect([known.find(one)?.first, known.find(other)?.first]).toEqual([1, 2]);
    known.pop();
    expect([known.find(one)?.first, known.find(other)?.first]).toEqual([1, undefined]);
  });

  test('however many come, each keeps all that is known of it', () => {
    const known = new KnownRequests(1_000);
    const pushed = Array.from({ length: 300 }, (_, n) => {
      return { key: `k${n}`, first: logIndex(10 * n + 1), count: n + 1, fingerprint: 7 * n };
    });
    for (const each of pushed) known.push(each);
    expect(pushed.map(({ key }) => known.find(key))).toEqual(pushed);
    expect([...known.beginningIn(0, 10_000)]).toEqual(pushed);
    expect(known.beginningIn(0, 0).last).toBeUndefined();
  });

  test('what was asked for stays as it was while others come', () => {
    const known = new KnownRequests(2);
    const push = (n: number): unknown =>
      known.push({ key: `k${n}`, first: logIndex(n), count: 1, fingerprint: n });
    push(1);
    push(2);
    const run = known.beginningIn(1, 2);
    push(3);
    expect([...run].map(({ key }) => key)).toEqual(['k1', 'k2']);
    expect(run.last?.key).toBe('k2');
  });

  test.each([
    ['numbered keys', (n: number) => `k${n}`],
    ['numbers with zeros', (n: number) => String(n).padStart(64, '0')],
    ['long keys that differ at the front', (n: number) => `${n}${'-'.repeat(100)}`],
    ['ids in order of time', (n: number) => `019a${(n * 7).toString(16).padStart(28, '0')}`],
  ])('%s belong in places of their own, or near it', (_, keyOf) => {
    const taken = new Set<number>();
    let steps = 0;
    for (let n = 0; n < 30_000; n += 1) {
      let place = hashOf(keyOf(n)) >>> 16;
      for (; taken.has(place); place = (place + 1) % 65_536) steps += 1;
      taken.add(place);
    }
    expect(steps / 30_000).toBeLessThan(1);
  });
});
