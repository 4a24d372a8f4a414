import { describe, expect, test } from 'vitest';
import { epoch, nodeId } from '../../../src/core/ids.ts';
import { Secondary } from '../../../src/core/secondary/secondary.ts';
import { entries, entry, peer } from '../bench.ts';
import { atThree, SecondaryBench } from './secondary-bench.ts';

describe('Secondary: sequence numbers', () => {
  test('the expected one is shown at once, persisted, then acknowledged', () => {
    const node = new SecondaryBench();
    const ticket = node.snapshot(0, 1, 2);
    expect(node.indexes).toEqual([1, 2]);
    expect(node.drawn(ticket)).toBeNull();
    node.remember();
    expect(node.drawn(ticket)).toBeNull();
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 1');
  });

  test('C5, B16: a higher one is refused with the one expected, and nothing is remembered', () => {
    const node = atThree();
    const before = node.state;
    expect(node.drawn(node.snapshot(4, 5, 5))).toBe('expects 3');
    expect(node.state).toEqual(before);
    node.snapshot(3, 4, 4);
    expect(node.indexes).toEqual([1, 2, 3, 4]);
    node.snapshot(4, 5, 5);
    expect(node.indexes).toEqual([1, 2, 3, 4, 5]);
  });

  test('B10: what came behind a gap is never acknowledged', () => {
    const node = atThree();
    const refused = node.snapshot(4, 5, 5);
    node.settle();
    expect(node.drawn(refused)).toBe('expects 3');
    const next = node.snapshot(3, 4, 4);
    node.settle();
    expect(node.drawn(next)).toBe('ack 3');
  });

  test('a lower one changes nothing and is acknowledged at once', () => {
    const node = atThree();
    const before = node.state;
    expect(node.drawn(node.snapshot(0, 1, 1))).toBe('ack 2');
    expect(node.drawn(node.snapshot(1, 2, 3))).toBe('ack 2');
    expect(node.state).toEqual(before);
  });

  test('C4, G12: but never ahead of what is persisted, not even to a copy', () => {
    const node = atThree();
    const first = node.snapshot(3, 4, 4);
    const copy = node.snapshot(3, 4, 4);
    expect(node.drawn(first)).toBeNull();
    expect(node.drawn(copy)).toBeNull();
    const known = node.snapshot(0, 1, 3);
    expect(node.drawn(known)).toBe('ack 2');
    expect(node.answers.get(known)).toMatchObject({ seq: 2, lastIndex: 3 });
    node.persist();
    expect(node.drawn(first)).toBe('ack 3');
    expect(node.drawn(copy)).toBe('ack 3');
  });

  test('partly old: the new part is handled as if sent alone', () => {
    const node = atThree();
    const ticket = node.snapshot(1, 2, 5);
    expect(node.indexes).toEqual([1, 2, 3, 4, 5]);
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 4');
  });

  test('a repeated number with another payload is acknowledged and ignored', () => {
    const node = atThree();
    const other = entry(3, 1, { operation: { op: 'append', message: 'other' } });
    expect(node.drawn(node.deliver(2, [other]))).toBe('ack 2');
    expect(node.bench.log.entries[2]).toMatchObject({ message: 'm3' });
  });

  test('acknowledges in one go what was persisted in one go', () => {
    const node = new SecondaryBench();
    const tickets = [node.snapshot(0, 1, 1), node.snapshot(1, 2, 2), node.snapshot(2, 3, 9)];
    node.settle();
    expect(tickets.map((ticket) => node.drawn(ticket))).toEqual(['ack 8', 'ack 8', 'ack 8']);
  });

  test('C1: entries that would leave a hole, fall back in epoch or come from the future', () => {
    const node = atThree();
    const before = node.state;
    expect(node.drawn(node.snapshot(3, 5, 5))).toBe('expects 3');
    expect(node.drawn(node.snapshot(3, 4, 4, { written: 9 }))).toBe('expects 3');
    expect(node.drawn(node.deliver(3, [entry(4, 1), entry(6, 1)]))).toBe('expects 3');
    const falling = [entry(4, 2), entry(5, 1)];
    expect(node.drawn(node.deliver(0, falling, { epoch: 2 }))).toBe('expects 0');
    expect(node.state).toEqual(before);
  });

  test('a master that says what stands before may leave out superseded entries', () => {
    const node = atThree();
    const prev = { index: 3, hash: node.bench.log.hash };
    const ticket = node.deliver(3, [entry(6), entry(9)], { prev });
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 4');
    expect(node.indexes).toEqual([1, 2, 3, 6, 9]);
  });

  test('C17: no more than so many wait for the disk; who is refused has changed nothing', () => {
    const node = new SecondaryBench({ options: { pendingAcksMax: 2 } });
    node.snapshot(0, 1, 1);
    node.snapshot(1, 2, 2);
    const before = node.state;
    expect(node.drawn(node.snapshot(2, 3, 3))).toBe('overloaded');
    expect(node.state).toEqual(before);
    node.settle();
    node.snapshot(2, 3, 3);
    expect(node.indexes).toEqual([1, 2, 3]);
  });

  test('C6: logs are said to agree only where the end that goes has gone', () => {
    const node = new SecondaryBench();
    node.snapshot(0, 1, 10);
    node.settle();
    const question = { epoch: 3, session: 9, prev: { index: 9, hash: 12_345 }, opened: 9 };
    const before = node.state;
    expect(node.drawn(node.deliver(0, [], question))).toBe('expects 0');
    expect(node.state).toEqual(before);
    node.heartbeat({ epoch: 3, last: 12, opened: 9, settled: true });
    expect(node.indexes).toHaveLength(9);
    expect(node.drawn(node.deliver(0, [], question))).toMatch(/^diverged/);
    const same = { ...question, prev: { index: 9, hash: node.bench.log.hash } };
    const ticket = node.deliver(0, [], same);
    node.settle();
    expect(node.drawn(ticket)).toBe('ack -1');
  });

  test('those who wait for what was cut off do not keep the next session out', () => {
    const node = new SecondaryBench({ options: { pendingAcksMax: 2 } });
    const first = node.snapshot(0, 1, 1);
    const second = node.snapshot(1, 2, 2);
    node.heartbeat({ epoch: 2, last: 0, settled: true });
    expect(node.indexes).toEqual([]);
    const ticket = node.snapshot(0, 1, 1, { epoch: 2, session: 2 });
    for (const old of [first, second]) expect(node.drawn(old)).toMatch(/^stale-session/);
    node.settle();
    expect(node.drawn(ticket)).toBe('ack 0');
  });
});

describe('Secondary: sessions', () => {
  test('C10: they compare as (epoch, session); a lower one is stale', () => {
    const node = new SecondaryBench();
    node.snapshot(0, 1, 1, { epoch: 2, session: 5 });
    node.settle();
    const before = node.state;
    expect(node.drawn(node.snapshot(0, 2, 2, { epoch: 2, session: 4 }))).toBe('stale-session');
    expect(node.drawn(node.snapshot(0, 2, 2, { epoch: 1, session: 99 }))).toBe('stale-session');
    expect(node.state).toEqual(before);
    expect(node.drawn(node.snapshot(0, 2, 2, { epoch: 3, session: 1, written: 3 }))).toBeNull();
  });

  test('a higher one starts at 0', () => {
    const node = atThree();
    expect(node.drawn(node.snapshot(3, 4, 4, { session: 2 }))).toBe('expects 0');
    const ticket = node.snapshot(0, 4, 4, { session: 2 });
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 0');
    expect(node.drawn(node.snapshot(4, 5, 5, { session: 1 }))).toBe('stale-session');
  });

  test('C5: a refused Snapshot of a new session does not begin it', () => {
    const node = atThree();
    node.snapshot(7, 4, 4, { session: 2 });
    const ticket = node.snapshot(3, 4, 4, { session: 1 });
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 3');
  });

  test('who waits in an old session is told so, with the new one', () => {
    const node = atThree();
    const waiting = node.snapshot(3, 4, 4);
    node.snapshot(0, 4, 4, { session: 2 });
    expect(node.answers.get(waiting)).toEqual({
      type: 'Refused',
      code: 'stale-session',
      session: 2,
    });
    node.snapshot(1, 5, 9, { session: 2 });
    node.settle();
    const told = node.bench.performed.filter((effect) => effect.type === 'Respond');
    expect(told.filter(({ ticket }) => ticket === waiting)).toHaveLength(1);
  });

  test('entries it has already are counted, not stored twice', () => {
    const node = new SecondaryBench({ entries: entries(1, 3) });
    const ticket = node.snapshot(0, 1, 5);
    expect(node.indexes).toEqual([1, 2, 3, 4, 5]);
    node.remember();
    expect(node.drawn(ticket)).toBeNull();
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 4');
  });

  test('C4: an entry of an earlier session that is not durable holds up the next one', () => {
    const node = new SecondaryBench();
    node.snapshot(0, 1, 3);
    node.remember();
    const ticket = node.snapshot(0, 1, 3, { session: 2 });
    expect(node.drawn(ticket)).toBeNull();
    node.persist();
    expect(node.drawn(ticket)).toBe('ack 2');
  });

  test('C4, G12: an empty Snapshot of the next session waits for what it vouches for', () => {
    const node = new SecondaryBench();
    node.snapshot(0, 1, 3);
    node.remember();
    const prev = { index: 3, hash: node.bench.log.hash };
    const ticket = node.deliver(0, [], { session: 2, prev });
    expect(node.drawn(ticket)).toBeNull();
    node.persist();
    expect(node.drawn(ticket)).toBe('ack -1');
  });

  test('who follows nobody any more refuses what waits', () => {
    const node = new SecondaryBench();
    const waiting = node.snapshot(0, 1, 1);
    node.secondary.end();
    expect(node.bench.responses()).toMatchObject([{ ticket: waiting, code: 'no-master' }]);
    // What becomes durable afterwards is no news for anyone.
    node.persist();
    expect(node.drawn(waiting)).toBeNull();
    expect(node.bench.responses()).toEqual([]);
  });
});

describe('Secondary: epochs', () => {
  test('C4: nothing is acknowledged before the epoch is durable as the accepted one', () => {
    const node = new SecondaryBench();
    const ticket = node.snapshot(0, 1, 1, { epoch: 3 });
    node.persist();
    expect(node.drawn(ticket)).toBeNull();
    expect(node.acceptedEpoch).toBe(3);
    node.remember();
    expect(node.drawn(ticket)).toBe('ack 0');
  });

  test('a heartbeat alone makes no epoch the accepted one', () => {
    const node = new SecondaryBench({ memory: {} });
    node.heartbeat({ epoch: 4 });
    expect(node.bench.context.bookkeeping.current).toMatchObject({ epoch: 4, acceptedEpoch: 0 });
  });

  test('C2: a Snapshot alone raises the epoch, whatever has to go from the disk first', () => {
    const node = new SecondaryBench({ memory: { established: [nodeId('n3')] } });
    const { bookkeeping } = node.bench.context;
    node.snapshot(0, 1, 2, { epoch: 2 });
    // Who had caught up with it, as a master, is forgotten.
    expect(bookkeeping.current).toMatchObject({ epoch: 2, acceptedEpoch: 2, established: null });
    node.settle();
    node.snapshot(0, 2, 2, { epoch: 3, session: 2, opened: 1 });
    expect(bookkeeping.current).toMatchObject({ epoch: 3, acceptedEpoch: 2 });
    node.settle();
    expect(bookkeeping.current).toMatchObject({ epoch: 3, acceptedEpoch: 3 });
  });

  test('C2: an epoch heard of while the cut waits for the disk is not forgotten for it', () => {
    const node = new SecondaryBench();
    const { bookkeeping } = node.bench.context;
    node.snapshot(0, 1, 2);
    node.settle();
    node.snapshot(0, 2, 2, { epoch: 2, opened: 1 });
    node.heartbeat({ epoch: 3, last: 9, settled: false });
    expect(bookkeeping.current).toMatchObject({ epoch: 3, acceptedEpoch: 1 });
    node.settle();
    expect(bookkeeping.current).toMatchObject({ epoch: 3, acceptedEpoch: 2 });
  });

  test('whom the arbiter names as master is no news where it is known; another one is', () => {
    const { bench } = new SecondaryBench();
    const secondary = new Secondary(bench.context, peer('n1'), 100);
    expect([secondary.master, secondary.lastHeard]).toEqual([peer('n1'), 100]);
    const heard = (id: string, same: boolean, now: number) => {
      secondary.follow(peer(id), same, now);
      return [secondary.master?.node, secondary.lastHeard];
    };
    expect(heard('n1', true, 200)).toEqual(['n1', 100]);
    expect(heard('n1', false, 300)).toEqual(['n1', 300]);
    expect(heard('n3', true, 400)).toEqual(['n3', 400]);
  });

  test('C6: a copy of what came before takes nothing back of what is agreed', () => {
    const node = atThree();
    node.snapshot(0, 1, 1);
    node.heartbeat({ epoch: 1, last: 3, commit: 3 });
    expect(node.bench.ledger.log.commitIndex).toBe(3);
  });

  test('C6: of a log that is found at the start nothing is agreed, in its epoch either', () => {
    const memory = { epoch: epoch(1), acceptedEpoch: epoch(1) };
    const node = new SecondaryBench({ entries: entries(1, 3), memory });
    node.heartbeat({ epoch: 1, last: 3, commit: 3 });
    expect(node.bench.ledger.log.commitIndex).toBe(0);
  });

  test('what is committed is believed only of a master whose operations were accepted', () => {
    const node = atThree();
    node.heartbeat({ epoch: 2, last: 3, commit: 3 });
    expect(node.bench.ledger.log.commitIndex).toBe(0);
    node.heartbeat({ epoch: 1, last: 3, commit: 2 });
    expect(node.bench.ledger.log.commitIndex).toBe(2);
    node.heartbeat({ epoch: 1, last: 3, commit: 1 });
    expect(node.bench.ledger.log.commitIndex).toBe(2);
  });

  test('C23, G20: what may be compacted away is what the latest heartbeat says', () => {
    const node = atThree();
    node.heartbeat({ epoch: 1, last: 3, commit: 3, compactTo: 2 });
    expect(node.secondary.compactTo).toBe(2);
    // As of a new master, which does not know yet how far its members are.
    node.heartbeat({ epoch: 2, last: 3, commit: 3 });
    expect(node.secondary.compactTo).toBe(0);
  });

  test('C23: but nothing of which the end is not durable here, or not on a majority', () => {
    const node = atThree();
    node.snapshot(3, 4, 6);
    node.heartbeat({ epoch: 1, last: 6, commit: 6, compactTo: 6 });
    expect(node.secondary.compactTo).toBe(3);
    node.persist();
    expect(node.secondary.compactTo).toBe(6);
    const young = atThree();
    young.heartbeat({ epoch: 1, last: 3, commit: 1, compactTo: 3 });
    expect(young.secondary.compactTo).toBe(1);
  });

  test('a heartbeat answer says who, which life, and how far', () => {
    const node = atThree();
    const ticket = node.heartbeat({ epoch: 1, last: 9 });
    expect(node.answers.get(ticket)).toEqual({
      type: 'HeartbeatAck',
      node: 'n2',
      incarnation: 'n2#1',
      epoch: 1,
      lastIndex: 3,
      acceptedEpoch: 1,
      lastEpoch: 1,
      hash: node.bench.log.hash,
    });
  });

  test('what goes beyond the log of a new master that has recovered is dropped', () => {
    const node = atThree();
    node.heartbeat({ epoch: 2, last: 1 });
    expect(node.indexes).toEqual([1, 2, 3]);
    node.heartbeat({ epoch: 2, last: 1, settled: true });
    expect(node.indexes).toEqual([1]);
  });

  test('C3: what came from this master is not dropped by an older heartbeat of its own', () => {
    const node = atThree();
    node.heartbeat({ epoch: 1, last: 1, settled: true });
    expect(node.indexes).toEqual([1, 2, 3]);
  });

  test('C22: where its last epoch ends in the log of the new master, it drops the rest', () => {
    const node = new SecondaryBench({ entries: [...entries(1, 4, 1), ...entries(5, 6, 2)] });
    const beat = { epoch: 5, last: 9, opened: 8, settled: true };
    node.heartbeat({ ...beat, epochEnd: [1, 3] });
    expect(node.indexes).toEqual([1, 2, 3, 4, 5, 6]);
    node.heartbeat({ ...beat, epochEnd: [2, 4], settled: false });
    expect(node.indexes).toEqual([1, 2, 3, 4, 5, 6]);
    node.heartbeat({ ...beat, epochEnd: [2, 4] });
    expect(node.indexes).toEqual([1, 2, 3, 4]);
    node.heartbeat({ ...beat, epochEnd: [1, 3] });
    expect(node.indexes).toEqual([1, 2, 3]);
  });

  test('C3, C22: what it took from this master is not dropped for an epoch that ended', () => {
    const node = new SecondaryBench({ entries: entries(1, 2, 1) });
    node.snapshot(0, 3, 4, { epoch: 5, written: 2, prev: { index: 2, hash: node.bench.log.hash } });
    node.heartbeat({ epoch: 5, last: 9, opened: 8, settled: true, epochEnd: [2, 2] });
    expect(node.indexes).toEqual([1, 2, 3, 4]);
  });

  test('operations of a new master replace those of an old one that it does not have', () => {
    const node = new SecondaryBench({
      entries: entries(1, 4),
      memory: { acceptedEpoch: 1 as never },
    });
    const ticket = node.deliver(0, [entry(3, 2), entry(4, 2)], { epoch: 2 });
    node.settle();
    expect(node.drawn(ticket)).toBe('ack 1');
    expect(node.bench.log.entries.map((each) => each.epoch)).toEqual([1, 1, 2, 2]);
  });

  test('G3: a master does not replace what it has sent itself', () => {
    const node = new SecondaryBench();
    node.snapshot(0, 1, 3, { epoch: 2, written: 1 });
    node.settle();
    const other = node.deliver(0, [entry(2, 2)], { epoch: 2, session: 2 });
    expect(node.answers.get(other)).toMatchObject({ code: 'diverged' });
    expect(node.bench.log.entries.map((each) => each.epoch)).toEqual([1, 1, 1]);
  });

  test('G11: a master that is not replog replaces what was committed by its whole log', () => {
    const made = new SecondaryBench();
    made.snapshot(0, 1, 3, { commit: 3 });
    made.settle();
    const ticket = made.snapshot(0, 1, 2, { epoch: 2, commit: 1 });
    expect(made.drawn(ticket)).toBeNull();
    made.settle();
    expect(made.drawn(ticket)).toBe('ack 1');
    expect(made.bench.log.entries).toEqual(entries(1, 2, 2));
    expect(made.bench.ledger.log.commitIndex).toBe(1);
  });

  test('C20: below the commit index the fold cannot go back: the log is fetched anew', () => {
    const put = (value: string) => ({ operation: { op: 'put' as const, key: 'k', value } });
    const node = new SecondaryBench();
    node.deliver(0, [entry(1, 1, put('old')), entry(2, 1, put('new'))], { commit: 2 });
    node.settle();
    node.heartbeat({ epoch: 2, last: 1, settled: true });
    const { store, log } = node.bench.ledger;
    const shown = store.find('k', log.lastIndex);
    const stored = node.bench.log.entries.findLast(({ op }) => op === 'put')?.index ?? null;
    expect(shown).toBe(stored);
  });
});
