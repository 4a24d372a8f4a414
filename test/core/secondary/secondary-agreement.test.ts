import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { entries, entry } from '../bench.ts';
import { atThree, SecondaryBench } from './secondary-bench.ts';

describe('Secondary: what it had before a new master opened its epoch', () => {
  /** Entries 1…4 of epoch 1, of which so many are committed. */
  function behind(committed: number): SecondaryBench {
    const node = new SecondaryBench();
    node.snapshot(0, 1, 4, { commit: committed });
    node.settle();
    return node;
  }

  test('C6, B17: what may differ from the master’s log does not count as on a majority', () => {
    const node = behind(1);
    node.snapshot(0, 1, 2, { epoch: 2, written: 1, commit: 4 });
    expect(node.bench.ledger.log.commitIndex).toBe(2);
    node.heartbeat({ epoch: 2, last: 9, commit: 9 });
    expect(node.bench.ledger.log.commitIndex).toBe(2);
    node.deliver(2, [entry(3, 2)], { epoch: 2, commit: 9 });
    expect(node.bench.ledger.log.commitIndex).toBe(3);
    expect(node.bench.log.entries.map((each) => each.epoch)).toEqual([1, 1, 2]);
  });

  test('of what was there at the start it is not known what is on a majority, until it is', () => {
    const fresh = new SecondaryBench();
    const node = new SecondaryBench({ entries: entries(1, 4) });
    const known = () => [fresh, node].map(({ bench }) => bench.ledger.commitKnown);
    expect(known()).toEqual([true, false]);
    fresh.snapshot(0, 1, 4);
    expect(known()).toEqual([true, false]);
    const prev = { index: 4, hash: node.bench.log.hash };
    node.deliver(0, [], { epoch: 2, prev });
    expect(known()).toEqual([true, false]);
    node.heartbeat({ epoch: 2, last: 4, commit: 3 });
    expect(known()).toEqual([true, true]);
  });

  test('a log that agrees at its end counts as a whole', () => {
    const node = behind(1);
    const prev = { index: 4, hash: node.bench.log.hash };
    node.deliver(0, [], { epoch: 2, prev, commit: 4 });
    expect(node.bench.ledger.log.commitIndex).toBe(4);
  });

  test.each(['a heartbeat', 'a Snapshot'])(
    'the tail that %s shows to be wrong is dropped',
    (by) => {
      const node = behind(1);
      if (by === 'a heartbeat') node.heartbeat({ epoch: 2, last: 9, opened: 3, settled: true });
      else node.snapshot(0, 1, 1, { epoch: 2, written: 1, opened: 3 });
      expect(node.indexes).toEqual([1, 2, 3]);
    },
  );

  test('C6: where the tail was dropped nothing is agreed but what was sent', () => {
    const node = behind(0);
    node.snapshot(0, 1, 1, { epoch: 2, written: 1, opened: 3 });
    node.heartbeat({ epoch: 2, last: 9, commit: 9 });
    expect(node.bench.ledger.log.commitIndex).toBe(1);
  });

  test.each([
    [1, 2],
    [2, 2],
    [4, 0],
  ])('C20: with %s on a majority and 2 agreed, %s of a log that differs can stay', (on, stays) => {
    const node = behind(on);
    node.snapshot(0, 1, 2, { epoch: 2, written: 1 });
    const prev = { index: 4, hash: 7 };
    const refused = node.deliver(0, [], { epoch: 2, session: 2, prev });
    expect(node.answers.get(refused)).toMatchObject({ code: 'diverged', lastIndex: stays });
  });

  test('C20: a tail on a majority goes where the whole log does', () => {
    const node = behind(4);
    const shape = { epoch: 2, prev: { index: 0, hash: 0 }, reset: true, opened: 3 };
    const ticket = node.deliver(0, [], shape);
    expect(node.indexes).toEqual([]);
    node.settle();
    expect(node.drawn(ticket)).toBe('ack -1');
  });

  test('C20: a tail that cannot be dropped by itself: the log is fetched anew, seq and all', () => {
    const node = behind(4);
    const before = node.state;
    const refused = node.snapshot(0, 1, 1, { epoch: 2, written: 1, opened: 3 });
    expect(node.answers.get(refused)).toMatchObject({ code: 'diverged', lastIndex: 0 });
    expect(node.state).toEqual(before);
  });

  test('C3: where the logs differ is told, so that what agrees need not go', () => {
    const node = behind(0);
    node.snapshot(0, 1, 2, { epoch: 2, written: 1 });
    const prev = { index: 4, hash: 7 };
    const refused = node.deliver(0, [], { epoch: 2, session: 2, prev });
    expect(node.answers.get(refused)).toMatchObject({ code: 'diverged', lastIndex: 2 });
    const at = { index: 2, hash: node.bench.log.hashAt(2) };
    node.deliver(0, [], { epoch: 2, session: 3, prev: at, reset: true });
    expect(node.indexes).toEqual([1, 2]);
  });

  test('C20: entries of a like epoch are not taken for the master’s before that is proved', () => {
    const node = behind(1);
    const before = node.state;
    const start = { index: 0, hash: 0 };
    const refused = node.snapshot(0, 1, 6, { epoch: 2, written: 1, prev: start });
    expect(node.answers.get(refused)).toMatchObject({ code: 'out-of-order', expected: 0 });
    const asked = node.deliver(0, [], { epoch: 2, prev: { index: 2, hash: 7 } });
    expect(node.answers.get(asked)).toMatchObject({ code: 'out-of-order', expected: 0 });
    expect(node.state).toEqual(before);
  });

  test('C12: what a session asks that was begun with an earlier life costs nothing', () => {
    const memory = { epoch: epoch(1), acceptedEpoch: epoch(1) };
    const node = new SecondaryBench({ entries: entries(1, 12), memory });
    const before = node.state;
    const late = node.deliver(0, [], { session: 5, prev: { index: 5, hash: 55 }, opened: 0 });
    expect(node.answers.get(late)).toMatchObject({ code: 'out-of-order', expected: 0 });
    expect(node.state).toEqual(before);
    const { hash } = node.bench.log;
    const asked = node.deliver(0, [], { session: 6, prev: { index: 12, hash }, opened: 0 });
    node.settle();
    expect(node.drawn(asked)).toBe('ack -1');
  });

  test('C20: where the logs were wrongly taken to agree, the secondary starts over', () => {
    const node = behind(0);
    node.snapshot(0, 1, 5, { epoch: 2, written: 1 });
    const prev = { index: 5, hash: node.bench.log.hash + 1 };
    const refused = node.snapshot(5, 6, 6, { epoch: 2, prev });
    expect(node.answers.get(refused)).toMatchObject({ code: 'diverged', lastIndex: 0 });
  });

  test('C20: and where it has started over since, no more than it has is said to agree', () => {
    const node = behind(0);
    node.snapshot(0, 1, 5, { epoch: 2, written: 1 });
    const { hash } = node.bench.log;
    node.deliver(0, [], { epoch: 2, session: 2, prev: { index: 0, hash: 0 }, reset: true });
    node.snapshot(0, 1, 3, { epoch: 2, session: 2, written: 1 });
    const refused = node.deliver(0, [], { epoch: 2, session: 3, prev: { index: 3, hash } });
    expect(node.answers.get(refused)).toMatchObject({ code: 'diverged', lastIndex: 0 });
  });

  test('C3: nothing of this epoch is dropped, however far it goes beyond its opening', () => {
    const node = behind(0);
    node.snapshot(0, 5, 6, { epoch: 2, written: 2, opened: 4 });
    node.heartbeat({ epoch: 2, last: 6, opened: 4, settled: true });
    expect(node.indexes).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('Secondary: does its log agree with its master’s?', () => {
  test('an empty Snapshot is acknowledged when everything before it is durable', () => {
    const node = atThree();
    const prev = { index: 3, hash: node.bench.log.hash };
    const ticket = node.deliver(0, [], { session: 2, prev });
    expect(node.drawn(ticket)).toBe('ack -1');
    node.snapshot(0, 4, 4, { session: 2 });
    const next = node.deliver(0, [], { session: 3, prev: { index: 4, hash: node.bench.log.hash } });
    expect(node.drawn(next)).toBeNull();
    node.persist();
    expect(node.drawn(next)).toBe('ack -1');
  });

  test.each([
    { what: 'differs at its end', prev: { index: 3, hash: 12345 }, stays: 0 },
    { what: 'is shorter', prev: { index: 9, hash: 0 }, stays: 3 },
  ])('C5: a log that $what: diverged, and nothing changes', ({ prev, stays }) => {
    const node = atThree();
    const before = node.state;
    const ticket = node.deliver(0, [], { session: 2, prev });
    expect(node.answers.get(ticket)).toMatchObject({ code: 'diverged', lastIndex: stays });
    expect(node.state).toEqual(before);
  });

  test('reset: everything goes, and the session goes on from the beginning', () => {
    const node = atThree();
    const prev = { index: 0, hash: 0 };
    const ticket = node.deliver(0, [], { session: 2, prev, reset: true });
    expect(node.drawn(ticket)).toBe('ack -1');
    expect(node.indexes).toEqual([]);
    node.snapshot(0, 1, 2, { session: 2 });
    expect(node.indexes).toEqual([1, 2]);
  });

  test('C3: a copy of the reset that comes late drops nothing', () => {
    const node = atThree();
    const shape = { session: 2, prev: { index: 0, hash: 0 }, reset: true };
    node.deliver(0, [], shape);
    node.snapshot(0, 1, 2, { session: 2 });
    node.settle();
    expect(node.drawn(node.deliver(0, [], shape))).toBe('ack 1');
    expect(node.indexes).toEqual([1, 2]);
  });

  test('C3: neither does a copy of the question', () => {
    const node = atThree();
    const prev = { index: 3, hash: node.bench.log.hash };
    node.deliver(0, [], { session: 2, prev });
    node.snapshot(0, 4, 5, { session: 2 });
    node.settle();
    expect(node.drawn(node.deliver(0, [], { session: 2, prev }))).toBe('ack 1');
    expect(node.indexes).toEqual([1, 2, 3, 4, 5]);
  });

  test('a master that opens its epoch is told how far this log reaches', () => {
    const node = atThree();
    node.secondary.fetch(99 as never, { type: 'Fetch', epoch: 2 as never, from: logIndex(2) });
    expect(node.bench.responses()).toEqual([
      { ticket: 99, type: 'FetchedOrder', from: 2, lastIndex: 3 },
    ]);
    // From now on it serves no earlier one.
    expect(node.bench.context.bookkeeping.current.epoch).toBe(2);
  });
});

describe('Secondary: what damage took from it', () => {
  const lost = { epoch: epoch(1), upTo: logIndex(6), open: false, points: [] };
  const missing = (node: SecondaryBench) => node.bench.context.bookkeeping.current.lost ?? null;
  const beat = { epoch: 2, last: 6, settled: true };

  test('C21: is missing until its master’s epoch is durable as the accepted one', () => {
    const node = new SecondaryBench({ entries: entries(1, 3), memory: { lost } });
    node.snapshot(0, 4, 6, { epoch: 2, written: 1, prev: { index: 3, hash: node.bench.log.hash } });
    node.persist();
    node.heartbeat(beat);
    expect(missing(node)).toEqual(lost);
    node.remember();
    expect(missing(node)).toBeNull();
  });

  test('C21: is missing until all of the log is known to be its master’s', () => {
    const node = new SecondaryBench({ entries: entries(1, 6), memory: { lost } });
    node.snapshot(0, 1, 3, { epoch: 2, written: 1 });
    node.settle();
    node.heartbeat(beat);
    expect(missing(node)).toEqual(lost);
    node.snapshot(3, 4, 6, { epoch: 2, written: 1 });
    expect(missing(node)).toBeNull();
  });
});
