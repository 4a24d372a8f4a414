import { describe, expect, test } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { logIndex } from '../../../src/core/ids.ts';
import { Persister } from '../../../src/core/log/persister.ts';

const RETRY_MS = 100;
const at = logIndex;
const persist = (id: number, upTo: number): Effect[] => [{ type: 'Persist', id, upTo: at(upTo) }];

describe('Persister', () => {
  test('begins with everything that was recovered persisted, and nothing to do', () => {
    const persister = new Persister(at(7), RETRY_MS);
    expect(persister.persistedIndex).toBe(7);
    expect(persister.flush(at(7), 0)).toEqual([]);
    expect(persister.deadline(at(7))).toBe(Number.POSITIVE_INFINITY);
  });

  test('group commit: what gathers while one Persist is under way goes with the next', () => {
    const persister = new Persister(at(0), RETRY_MS);
    expect(persister.deadline(at(1))).toBe(Number.NEGATIVE_INFINITY);
    expect(persister.flush(at(1), 0)).toEqual(persist(1, 1));
    expect(persister.flush(at(50), 1)).toEqual([]);
    expect(persister.confirmed(1)).toBe(true);
    expect(persister.persistedIndex).toBe(1);
    expect(persister.flush(at(50), 2)).toEqual(persist(2, 50));
    expect(persister.confirmed(2)).toBe(true);
    expect(persister.persistedIndex).toBe(50);
    expect(persister.deadline(at(50))).toBe(Number.POSITIVE_INFINITY);
  });

  test('an unanswered Persist is asked for again every 100 ms, with the same id', () => {
    const persister = new Persister(at(0), RETRY_MS);
    const asked: [number, Effect[]][] = [];
    for (let now = 0; now <= 1_000; now += 10) {
      const effects = persister.flush(at(3), now);
      if (effects.length > 0) asked.push([now, effects]);
    }
    const times = [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000];
    expect(asked).toEqual(times.map((now) => [now, persist(1, 3)]));
    expect(persister.deadline(at(3))).toBe(1_100);
  });

  test('a failed Persist is asked for again when its time has come, not at once', () => {
    const persister = new Persister(at(0), RETRY_MS);
    persister.flush(at(1), 0);
    persister.failed(1, 'no space', true);
    expect(persister.trouble).toEqual({ error: 'no space', full: true });
    expect(persister.flush(at(1), 99)).toEqual([]);
    expect(persister.flush(at(1), 100)).toEqual(persist(1, 1));
    expect(persister.confirmed(1)).toBe(true);
    expect(persister.trouble).toBeNull();
  });

  test.each(['is asked for again', 'has failed'])('one that %s keeps no other waiting', (what) => {
    const persister = new Persister(at(0), RETRY_MS);
    persister.flush(at(1), 0);
    expect(persister.flush(at(2), 50)).toEqual([]);
    const failed = what === 'has failed';
    if (failed) persister.failed(1, 'no space', false);
    const effects = persister.flush(at(2), failed ? 60 : 100);
    expect(effects).toEqual([...(failed ? [] : persist(1, 1)), ...persist(2, 2)]);
  });

  test('C17: no more than eight are under way, however late all of them are', () => {
    const persister = new Persister(at(0), RETRY_MS);
    for (let n = 1; n <= 20; n += 1) {
      persister.flush(at(n), n);
      persister.failed(n, 'no space', false);
    }
    const again = persister.flush(at(20), 1_000);
    expect(again).toEqual([1, 2, 3, 4, 5, 6, 7, 8].flatMap((n) => persist(n, n)));
    persister.confirmed(7);
    expect(persister.confirmed(8)).toBe(true);
    expect(persister.flush(at(20), 1_001)).toEqual(persist(9, 20));
  });

  test('a cut is durable by the first Persist that was begun after it', () => {
    const persister = new Persister(at(5), RETRY_MS);
    persister.truncated(at(3));
    persister.flush(at(3), 0);
    persister.failed(1, 'no space', false);
    persister.flush(at(4), 1);
    expect(persister.cutDurable).toBe(false);
    persister.confirmed(1);
    expect(persister.cutDurable).toBe(true);
  });

  test('C4: an answer to a Persist that is over, or never was, changes nothing', () => {
    const persister = new Persister(at(0), RETRY_MS);
    persister.flush(at(1), 0);
    persister.confirmed(1);
    expect(persister.confirmed(1)).toBe(false);
    expect(persister.confirmed(99)).toBe(false);
    persister.flush(at(2), 1);
    persister.failed(1, 'late', false);
    expect(persister.confirmed(1)).toBe(false);
    expect(persister.persistedIndex).toBe(1);
    expect(persister.trouble).toBeNull();
  });

  test('C4: what was cut off while it was being persisted is not persisted by the answer', () => {
    const persister = new Persister(at(2), RETRY_MS);
    persister.flush(at(5), 0);
    persister.truncated(at(3));
    expect(persister.confirmed(1)).toBe(false);
    expect(persister.persistedIndex).toBe(2);
    expect(persister.flush(at(4), 1)).toEqual(persist(2, 4));
  });

  test('a Persist that lies before the cut goes on', () => {
    const persister = new Persister(at(0), RETRY_MS);
    persister.flush(at(2), 0);
    persister.truncated(at(2));
    expect(persister.confirmed(1)).toBe(true);
    expect(persister.persistedIndex).toBe(2);
  });

  test('the persisted index falls with the log', () => {
    const persister = new Persister(at(9), RETRY_MS);
    persister.truncated(at(4));
    expect(persister.persistedIndex).toBe(4);
  });

  test('a cut is durable with the first Persist that was begun after it', () => {
    const persister = new Persister(at(0), RETRY_MS);
    persister.flush(at(2), 0);
    expect(persister.cutDurable).toBe(true);
    persister.truncated(at(2));
    expect(persister.flush(at(2), 1)).toEqual([]);
    persister.confirmed(1);
    expect(persister.cutDurable).toBe(false);
    expect(persister.deadline(at(2))).toBe(Number.NEGATIVE_INFINITY);
    expect(persister.flush(at(2), 2)).toEqual([{ type: 'Persist', id: 2, upTo: 2 }]);
    persister.failed(2, 'EIO', false);
    expect(persister.cutDurable).toBe(false);
    expect(persister.flush(at(2), 2 + RETRY_MS)).toMatchObject([{ type: 'Persist', id: 2 }]);
    expect(persister.confirmed(2)).toBe(true);
    expect(persister.cutDurable).toBe(true);
    expect(persister.deadline(at(2))).toBe(Number.POSITIVE_INFINITY);
  });

  test('a later cut wants a Persist of its own', () => {
    const persister = new Persister(at(9), RETRY_MS);
    persister.truncated(at(6));
    persister.flush(at(6), 0);
    persister.truncated(at(6));
    persister.confirmed(1);
    expect(persister.cutDurable).toBe(false);
    persister.flush(at(6), 1);
    persister.confirmed(2);
    expect(persister.cutDurable).toBe(true);
  });

  test('the backlog counts what is appended and not durable', () => {
    const persister = new Persister(at(0), RETRY_MS);
    persister.appended(10);
    persister.flush(at(1), 0);
    persister.appended(5);
    expect(persister.backlog).toBe(15);
    persister.confirmed(1);
    expect(persister.backlog).toBe(5);
    persister.flush(at(2), 1);
    persister.confirmed(2);
    expect(persister.backlog).toBe(0);
  });

  test('C17: what was cut off before it was durable does not stay in the backlog', () => {
    const persister = new Persister(at(3), RETRY_MS);
    persister.appended(1_000);
    persister.flush(at(4), 0);
    persister.truncated(at(3));
    expect(persister.backlog).toBe(0);
  });
});
