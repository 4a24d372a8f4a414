import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { Store } from '../../../src/core/log/store.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { entry } from '../bench.ts';

/** The obvious store: reads the whole history again for every question. */
class NaiveStore {
  readonly history: Operation[] = [];

  state(upTo: number): Map<string, number> {
    const state = new Map<string, number>();
    this.history.slice(0, upTo).forEach((operation, i) => {
      if (operation.op === 'put') state.set(operation.key, i + 1);
      else if (operation.op === 'remove') state.delete(operation.key);
    });
    return state;
  }

  list(prefix: string, after: string | null, upTo: number): { key: string; index: number }[] {
    return [...this.state(upTo)]
      .filter(([key]) => key.startsWith(prefix) && (after === null || key > after))
      .map(([key, index]) => ({ key, index }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

const KEYS = ['', 'a', 'ab', 'b', '__proto__', 'constructor', '🙂'];

type Step =
  | { readonly do: 'write'; readonly operation: Operation }
  | { readonly do: 'commit'; readonly part: number }
  | { readonly do: 'truncate'; readonly part: number };

const key = fc.constantFrom(...KEYS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: key.map((k): Step => ({ do: 'write', operation: put(k) })) },
  { weight: 3, arbitrary: key.map((k): Step => ({ do: 'write', operation: remove(k) })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'write', operation: message() }) },
  { weight: 2, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(commitTo) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(truncateTo) },
);

function put(k: string): Operation {
  return { op: 'put', key: k, value: 'v' };
}
function remove(k: string): Operation {
  return { op: 'remove', key: k };
}
function message(): Operation {
  return { op: 'append', message: 'm' };
}
function commitTo(part: number): Step {
  return { do: 'commit', part };
}
function truncateTo(part: number): Step {
  return { do: 'truncate', part };
}

describe('Store', () => {
  test('answers like one that reads the whole history, at or above the commit index', () => {
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const store = new Store();
      const naive = new NaiveStore();
      let committed = 0;
      for (const each of steps) {
        const last = naive.history.length;
        if (each.do === 'write') {
          naive.history.push(each.operation);
          store.observe(entry(last + 1, 1, { operation: each.operation }));
        } else {
          const target = committed + Math.round(each.part * (last - committed));
          if (each.do === 'commit') {
            committed = target;
            // What is not durable yet changes no answer.
            store.committed(logIndex(committed), logIndex(committed - (committed % 3)));
          } else {
            naive.history.length = target;
            store.truncated(logIndex(target));
          }
        }
        compare(store, naive, committed);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });

  /** All answers at once: one expectation costs more than all of them. */
  function compare(store: Store, naive: NaiveStore, committed: number): void {
    const found: unknown[] = [];
    const wanted: unknown[] = [];
    for (let upTo = 0; upTo <= naive.history.length; upTo += 1) {
      const limit = Math.max(upTo, committed);
      const state = naive.state(limit);
      for (const k of KEYS) {
        found.push(store.find(k, logIndex(upTo)));
        wanted.push(state.get(k) ?? null);
      }
      for (const [prefix, after] of [
        ['', null],
        ['a', 'a'],
      ] as const) {
        const all = naive.list(prefix, after, limit);
        for (let first = 1; first <= KEYS.length + 1; first += 1) {
          found.push(store.list(prefix, after, logIndex(upTo), first));
          wanted.push(all.slice(0, first));
        }
      }
    }
    expect(found).toEqual(wanted);
  }

  test('C17: a key that is overwritten for ever takes no more room than one', () => {
    const store = new Store();
    for (let i = 1; i <= 5_000; i += 1) {
      store.observe(entry(i, 1, { operation: put(`k${i % 3}`) }));
      store.committed(logIndex(i - 1), logIndex(i - 1));
    }
    const kept = JSON.stringify(store, (_name, value) =>
      value instanceof Map ? [...value.values()] : value,
    );
    expect(kept.length).toBeLessThan(150_000);
    expect(store.list('', null, logIndex(5_000), 10).map(({ index }) => index)).toEqual([
      4_998, 4_999, 5_000,
    ]);
  });

  test('C17: a key that was removed is forgotten once that is committed', () => {
    const store = new Store();
    for (let i = 1; i <= 2_000; i += 2) {
      store.observe(entry(i, 1, { operation: put(`k${i}`) }));
      store.observe(entry(i + 1, 1, { operation: remove(`k${i}`) }));
      store.committed(logIndex(i + 1), logIndex(i + 1));
    }
    const versions = (store as unknown as { versions: Map<string, unknown> }).versions;
    expect(versions.size).toBe(0);
  });

  test('what is committed but not durable here supersedes nothing yet', () => {
    const store = new Store();
    store.observe(entry(1, 1, { operation: put('a') }));
    store.observe(entry(2, 1, { operation: put('a') }));
    store.observe(entry(3, 1, { operation: put('b') }));
    store.observe(entry(4, 1, { operation: remove('b') }));
    store.committed(logIndex(4), logIndex(1));
    expect([store.newest('a'), store.find('a', logIndex(4))]).toEqual([1, 2]);
    store.committed(logIndex(4), logIndex(3));
    expect([store.newest('a'), store.newest('b')]).toEqual([2, 3]);
    store.committed(logIndex(4), logIndex(4));
    expect([store.newest('a'), store.newest('b')]).toEqual([2, null]);
  });

  test('what takes the place of what was cut off is settled like anything else', () => {
    const store = new Store();
    store.observe(entry(1, 1, { operation: put('a') }));
    store.observe(entry(2, 1, { operation: put('b') }));
    store.committed(logIndex(2), logIndex(2));
    store.truncated(logIndex(0));
    expect(store.settledTo).toBe(0);
    store.observe(entry(1, 2, { operation: put('c') }));
    store.observe(entry(2, 2, { operation: remove('c') }));
    expect(store.newest('c')).toBeNull();
    store.committed(logIndex(1), logIndex(1));
    expect(store.newest('c')).toBe(1);
    store.committed(logIndex(2), logIndex(2));
    expect(store.newest('c')).toBeNull();
  });

  test('what takes the place of what was cut off is on a majority when that is said of it', () => {
    const store = new Store();
    for (let i = 1; i <= 3; i += 1) store.observe(entry(i, 1, { operation: put('a') }));
    store.committed(logIndex(3), logIndex(3));
    store.truncated(logIndex(0));
    for (let i = 1; i <= 2; i += 1) store.observe(entry(i, 2, { operation: put('a') }));
    expect([0, 1, 2].map((upTo) => store.find('a', logIndex(upTo)))).toEqual([null, 1, 2]);
  });

  test('pages follow the order of code points, none twice and none left out', () => {
    const store = new Store();
    const keys = ['a', '\uff5e', '\u{1f642}', '\ue000', 'b'];
    for (const [i, key] of keys.entries()) {
      store.observe(entry(i + 1, 1, { operation: put(key) }));
    }
    const pages: string[] = [];
    for (let after: string | null = null; ; ) {
      const [first] = store.list('', after, logIndex(keys.length), 1);
      if (first === undefined) break;
      pages.push(first.key);
      after = first.key;
    }
    expect(pages).toEqual(['a', 'b', '\ue000', '\uff5e', '\u{1f642}']);
    const all = store.list('', null, logIndex(keys.length));
    expect(all.map(({ key }) => key)).toEqual(pages);
  });
});
