import { describe, expect, test } from 'vitest';
import type { Ticket } from '../../../src/core/ids.ts';
import { Members } from '../members.ts';
import { masterOf, three } from '../three.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

describe('Master: answers', () => {
  test('C6: success names who has it: never fewer than w, the master always among them', () => {
    const cluster = three();
    for (const w of [1, 2, 3, 'majority', 'all'] as const) {
      const ticket = cluster.write('n1', 'a', { w });
      cluster.run(50);
      const needed = w === 'all' ? 3 : w === 'majority' ? 2 : w;
      const outcome = cluster.outcome(ticket)!;
      expect(outcome.type).toBe('Stored');
      if (outcome.type !== 'Stored') continue;
      expect(outcome.acks.length).toBeGreaterThanOrEqual(needed);
      expect(outcome.acks[0]).toBe('n1');
      expect(new Set(outcome.acks).size).toBe(outcome.acks.length);
    }
  });

  test('C6, B08, G1, G12: nothing is success before the master’s own disk has it', () => {
    const cluster = three();
    cluster.host('n1').disk.stuck = true;
    const tickets = [1, 2, 3, 'majority', 'all'].map((w) =>
      cluster.write('n1', `w=${w}`, { w: w as 1 }),
    );
    cluster.run(1_000);
    expect(cluster.entries('n3')).toHaveLength(5);
    for (const ticket of tickets) expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.host('n1').disk.stuck = false;
    cluster.run(110);
    for (const ticket of tickets) expect(cluster.outcome(ticket)?.type).toBe('Stored');
  });

  test('C6, B08: nor does a secondary count before its disk has it', () => {
    const cluster = three();
    cluster.host('n2').disk.stuck = true;
    cluster.kill('n3');
    const ticket = cluster.write('n1', 'a', { w: 2 });
    cluster.run(1_000);
    expect(cluster.entries('n2')).toEqual(['1:a']);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.host('n2').disk.stuck = false;
    cluster.run(300);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored', acks: ['n1', 'n2'] });
  });

  test('B47, G8: a client that waits for a dead node delays nobody else', () => {
    const cluster = three();
    cluster.kill('n3');
    const blocked = Array.from({ length: 100 }, () => cluster.write('n1', 'blocked', { w: 3 }));
    cluster.run(20);
    const quick = cluster.write('n1', 'quick', { w: 2 });
    cluster.run(25);
    expect(cluster.outcome(quick)).toMatchObject({ type: 'Stored' });
    expect(blocked.some((ticket) => cluster.outcome(ticket) !== undefined)).toBe(false);
    expect(masterOf(cluster).waiting).toBe(100);
  });

  test('B59, G8: beside a member that is 2 s late, writes that need it not take no longer', () => {
    const cluster = three();
    const tookMs = (): number => {
      const from = cluster.now;
      const ticket = cluster.write('n1', 'a', { w: 2 });
      while (cluster.outcome(ticket) === undefined && cluster.now < from + 5_000) cluster.run(1);
      const took = cluster.now - from;
      cluster.run(47);
      return took;
    };
    const longest = (): number => Math.max(...Array.from({ length: 100 }, tookMs));
    const usual = longest();
    cluster.weather = (from, to) => (from === 'n3' || to === 'n3' ? 1_000 : 1);
    expect(longest()).toBe(usual);
    expect(masterOf(cluster).members).toMatchObject([{}, {}, { lagMs: expect.any(Number) }]);
    expect(masterOf(cluster).members[2]!.lagEntries).toBeGreaterThan(0);
  });

  test('G13: the time runs from when a write came, not from when its turn did', () => {
    const cluster = three();
    cluster.kill('n3');
    const arrivedAt = cluster.now - 300;
    const ticket = cluster.write('n1', 'a', { w: 3, timeoutMs: 1_000, arrivedAt });
    cluster.run(699);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.run(1);
    expect(cluster.outcome(ticket)).toMatchObject({ type: 'TimedOut', acks: ['n1', 'n2'] });
  });

  test('B11, G5: of a batch that is there in part only, a timeout names who has all of it', () => {
    const cluster = three({ snapshotEntriesMax: 1 });
    let toThird = 0;
    cluster.weather = (_from, to, what) => {
      if (what === 'Snapshot' && to === 'n3') toThird += 1;
      return toThird > 1 && to === 'n3' ? 'lost' : 1;
    };
    const ticket = cluster.batch('n1', ['a', 'b'], { w: 3, timeoutMs: 1_000 });
    cluster.run(1_100);
    expect(cluster.entries('n3')).toEqual(['1:a']);
    const place = { first: 1, last: 2 };
    expect(cluster.outcome(ticket)).toEqual({ type: 'TimedOut', ...place, acks: ['n1', 'n2'] });
  });

  test('B11, G5: a timeout says what is stored, where, and never comes early', () => {
    const cluster = three();
    cluster.kill('n3');
    const ticket = cluster.write('n1', 'a', { w: 3, timeoutMs: 1_000 });
    cluster.run(999);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.run(1);
    const late = { type: 'TimedOut', first: 1, last: 1, acks: ['n1', 'n2'] };
    expect(cluster.outcome(ticket)).toEqual(late);
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(1_000);
    expect(cluster.entries('n3')).toEqual(['1:a']);
    expect(cluster.outcome(ticket)).toEqual(late);
  });

  test('C7: every write is answered once, whatever becomes of it', () => {
    const cluster = three();
    const answers = new Map<Ticket, number>();
    cluster.onOutcome = (ticket) => answers.set(ticket, (answers.get(ticket) ?? 0) + 1);
    const tickets: Ticket[] = [];
    cluster.kill('n3');
    for (let i = 0; i < 20; i += 1) {
      const w = ([1, 2, 3, 4, 'all'] as const)[i % 5]!;
      tickets.push(cluster.write('n1', `m${i}`, { w, ...(i % 2 ? { timeoutMs: 50 * i } : {}) }));
      cluster.run(37);
    }
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(2_000);
    cluster.stop('n1');
    for (const ticket of tickets) expect(answers.get(ticket)).toBe(1);
  });

  test('C17, B51, G16: a client that goes away leaves nothing behind; its message stays', () => {
    const cluster = three();
    cluster.kill('n3');
    const gone = cluster.write('n1', 'a', { w: 3, timeoutMs: 60_000 });
    cluster.run(50);
    cluster.host('n1').give({ type: 'Abandoned', ticket: gone });
    expect(masterOf(cluster).waiting).toBe(0);
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(100_000);
    expect(cluster.outcome(gone)).toBeUndefined();
    expect(cluster.entries('n3')).toEqual(['1:a']);
  });

  test('C7: on Stop who waits is told where it stands; who comes later, is refused', () => {
    const cluster = three();
    cluster.kill('n3');
    const waiting = cluster.write('n1', 'a', { w: 3 });
    const reading = cluster.confirm('n1');
    cluster.stop('n1');
    const late = cluster.write('n1', 'b', { w: 1 });
    expect(cluster.outcome(waiting)).toEqual({ type: 'ShuttingDown', first: 1, last: 1 });
    expect(cluster.outcome(reading)).toMatchObject({ type: 'NotLinearizable' });
    expect(cluster.outcome(late)).toEqual({ type: 'ShuttingDown' });
    cluster.run(100);
    expect(cluster.entries('n1')).toEqual(['1:a']);
  });
});

test('C6: one that was told to end does not take itself for a majority', () => {
  const cluster = new VirtualCluster();
  cluster.start('n1', { arbiter: null });
  for (const id of ['n2', 'n3']) cluster.start(id, { arbiter: 'n1' });
  cluster.run(1_000);
  cluster.weather = (from) => (from === 'n1' ? 'lost' : 1);
  cluster.write('n1', 'a', { w: 1 });
  cluster.stop('n1');
  cluster.run(100);
  expect(cluster.status('n1')).toMatchObject({ persistedIndex: 1, commitIndex: 0 });
});

describe('Master: idempotency keys', () => {
  test('B07, C9: fifty equal requests at once: one operation, fifty equal answers', () => {
    const cluster = three();
    const tickets = Array.from({ length: 50 }, () => cluster.write('n1', 'a', { w: 3, key: 'k' }));
    cluster.run(100);
    expect(cluster.entries('n1')).toEqual(['1:a']);
    const outcomes = tickets.map((ticket) => cluster.outcome(ticket)!);
    expect(outcomes.every((each) => each.type === 'Stored' && each.first === 1)).toBe(true);
    const fresh = outcomes.filter((each) => each.type === 'Stored' && !each.duplicate);
    expect(fresh).toHaveLength(1);
  });

  test('B03, C9: the key survives the death of the master before its answer', () => {
    const cluster = three();
    cluster.weather = (_from, _to, what) => (what === 'SnapshotAck' ? 'lost' : 1);
    cluster.write('n1', 'a', { w: 3, key: 'k' });
    cluster.run(50);
    cluster.kill('n1');
    cluster.weather = () => 1;
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(300);
    const again = cluster.write('n1', 'a', { w: 3, key: 'k' });
    cluster.run(100);
    expect(cluster.outcome(again)).toMatchObject({ type: 'Stored', first: 1, duplicate: true });
    expect(cluster.entries('n3')).toEqual(['1:a']);
  });

  test('B04, C9: an operation that the master lost again is appended when it is repeated', () => {
    const cluster = three();
    cluster.host('n1').disk.stuck = true;
    cluster.weather = (from) => (from === 'n1' ? 'lost' : 1);
    cluster.write('n1', 'a', { w: 1, key: 'k' });
    cluster.run(50);
    cluster.kill('n1');
    cluster.host('n1').disk.stuck = false;
    cluster.weather = () => 1;
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(300);
    expect(cluster.entries('n1')).toEqual([]);
    const again = cluster.write('n1', 'a', { w: 1, key: 'k' });
    cluster.run(10);
    expect(cluster.outcome(again)).toMatchObject({ type: 'Stored', first: 1, duplicate: false });
  });

  test('B06: the same key for something else is refused, and the log stays as it is', () => {
    const cluster = three();
    cluster.write('n1', 'a', { key: 'k' });
    cluster.run(50);
    const other = cluster.write('n1', 'b', { key: 'k' });
    const batch = cluster.batch('n1', ['a'], { key: 'k' });
    expect(cluster.outcome(other)).toEqual({ type: 'KeyReused' });
    expect(cluster.outcome(batch)).toEqual({ type: 'KeyReused' });
    expect(cluster.entries('n1')).toEqual(['1:a']);
  });

  test('what is appended is counted by operation, and a repeat is not', () => {
    const cluster = three();
    cluster.write('n1', 'a', { key: 'k' });
    cluster.run(50);
    cluster.write('n1', 'a', { key: 'k' });
    cluster.batch('n1', ['b', 'c', 'd']);
    cluster.run(50);
    expect(cluster.status('n1').counters).toMatchObject({ appended: 4, duplicates: 1 });
  });

  test('a repeat is not turned away while it becomes durable that the epoch is settled', () => {
    const cluster = three();
    cluster.write('n1', 'a', { w: 3, key: 'k' });
    cluster.run(100);
    // Between the epoch of its log and the next one there was another, which others may have seen.
    cluster.weather = () => 'lost';
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(50);
    cluster.weather = () => 1;
    cluster.start('n1', { arbiter: null, size: 3 });
    cluster.run(3);
    cluster.host('n1').disk.bookkeepingStuck = true;
    cluster.run(500);
    expect(masterOf(cluster)).toMatchObject({ mode: 'read-write' });
    const repeat = cluster.write('n1', 'a', { w: 1, key: 'k' });
    cluster.run(100);
    expect(cluster.outcome(repeat)).toBeUndefined();
    cluster.host('n1').disk.bookkeepingStuck = false;
    cluster.run(100);
    expect(cluster.outcome(repeat)).toMatchObject({ type: 'Stored', duplicate: true });
  });

  test('a repeat waits for its own w', () => {
    const cluster = three();
    cluster.kill('n3');
    cluster.write('n1', 'a', { w: 1, key: 'k' });
    cluster.run(50);
    const patient = cluster.write('n1', 'a', { w: 3, key: 'k', timeoutMs: 500 });
    const content = cluster.write('n1', 'a', { w: 2, key: 'k' });
    cluster.run(1);
    expect(cluster.outcome(content)).toMatchObject({ duplicate: true, acks: ['n1', 'n2'] });
    expect(cluster.outcome(patient)).toBeUndefined();
    cluster.run(500);
    expect(cluster.outcome(patient)).toMatchObject({ type: 'TimedOut', first: 1 });
  });
});

test('G7: a master whose last member leaves says at once that it takes writes again', () => {
  const cluster = new Members('n2');
  const modes = () => cluster.trace.filter((line) => /n1: read-(only|write)/.test(line));
  cluster.kill('n2');
  cluster.run(5_000);
  expect(modes().at(-1)).toContain('read-only, no quorum: 1 of 2 nodes alive');
  cluster.announce('n1');
  cluster.run(1);
  expect(modes().at(-1)).toContain('read-write');
});

test('G16, C17: a disk that stands still is given so much, and no more', () => {
  const cluster = new VirtualCluster({ unpersistedBytesMax: 300 });
  cluster.start('n1', { arbiter: null });
  cluster.run(10);
  cluster.host('n1').disk.stuck = true;
  const tickets = Array.from({ length: 20 }, () => cluster.write('n1', 'x'.repeat(100), { w: 1 }));
  cluster.run(1);
  const refused = tickets.filter((ticket) => cluster.outcome(ticket)?.type === 'Overloaded');
  expect(refused.length).toBeGreaterThan(10);
  expect(cluster.host('n1').log.lastIndex).toBe(20 - refused.length);
});
