import { describe, expect, test } from 'vitest';
import type { Outcome, Write } from '../../../src/core/effects.ts';
import { logIndex, nodeId, ticket } from '../../../src/core/ids.ts';
import { admit, type Situation } from '../../../src/core/master/admission.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { AT, Bench, entry } from '../bench.ts';
import { three } from '../three.ts';

const message = (text: string): Operation => ({ op: 'append', message: text });
const put = (key: string, value = 'v'): Operation => ({ op: 'put', key, value });

const held = [
  entry(1, 1, { operation: message('a'), idempotencyKey: 'known' }),
  entry(2, 1, { operation: put('k') }),
  entry(3, 1, { operation: put('gone') }),
  entry(4, 1, { operation: { op: 'remove', key: 'gone' } }),
];

interface Case {
  readonly what: string;
  readonly write?: Partial<Write>;
  readonly situation?: Partial<Situation>;
  readonly disk?: { full: boolean };
  readonly does: string;
}

function decide({ write = {}, situation = {}, disk }: Case): { verdict: string; left: unknown } {
  const bench = new Bench({ entries: held });
  if (disk !== undefined) {
    bench.append(1);
    bench.ledger.flush(0);
    bench.ledger.persister.failed(1, 'no space', disk.full);
    bench.take();
  }
  const before = bench.ledger.log.lastIndex;
  const verdict = admit(
    {
      type: 'Write',
      ticket: ticket(1),
      operations: [message('new')],
      batch: false,
      at: AT,
      w: 'majority',
      ...write,
    },
    {
      ledger: bench.ledger,
      configuredSize: 3,
      quorum: { alive: 3, needed: 2 },
      missing: () => [],
      settled: true,
      counted: true,
      roomForPatient: true,
      roomForAny: true,
      ...situation,
    },
  );
  const left = { effects: bench.take(), grew: bench.ledger.log.lastIndex - before };
  return { verdict: verdict.type === 'refuse' ? drawn(verdict.outcome) : verdict.type, left };
}

const drawn = ({ type, ...rest }: Outcome): string =>
  [type, ...Object.values(rest).map((value) => JSON.stringify(value))].join(' ');

describe('admit', () => {
  const noQuorum = { quorum: { alive: 1, needed: 2 }, missing: () => [nodeId('n2'), nodeId('n3')] };
  const known = { idempotencyKey: 'known', operations: [message('a')] };
  test.each<Case>([
    { what: 'a write', does: 'admit' },
    { what: 'w = cluster size', write: { w: 3 }, does: 'admit' },
    { what: 'B12: w > cluster size', write: { w: 4 }, does: 'Unsatisfiable 3' },
    {
      what: 'B12: any w, where the size is not configured',
      write: { w: 1_000_000_000 },
      situation: { configuredSize: null },
      does: 'admit',
    },
    { what: 'no quorum', situation: noQuorum, does: 'NoQuorum 1 2 ["n2","n3"]' },
    {
      what: 'no quorum and w=1',
      write: { w: 1 },
      situation: noQuorum,
      does: 'NoQuorum 1 2 ["n2","n3"]',
    },
    { what: 'a known key', write: known, does: 'repeat' },
    { what: 'a known key without a quorum', write: known, situation: noQuorum, does: 'repeat' },
    {
      what: 'a known key while the master recovers',
      write: known,
      situation: { settled: false },
      does: 'repeat',
    },
    { what: 'a known key and another w', write: { ...known, w: 1, timeoutMs: 7 }, does: 'repeat' },
    {
      what: 'B06: a known key and another message',
      write: { idempotencyKey: 'known' },
      does: 'KeyReused',
    },
    {
      what: 'B06: a known key and the same message as a batch',
      write: { ...known, batch: true },
      does: 'KeyReused',
    },
    {
      what: 'B06: a known key, in a log that may be overruled',
      write: known,
      situation: { settled: false, counted: false },
      does: 'Recovering',
    },
    { what: 'a master that recovers', situation: { settled: false }, does: 'Recovering' },
    { what: 'B22: a full disk', disk: { full: true }, does: 'StorageUnavailable "no space"' },
    { what: 'a disk that failed but is not full', disk: { full: false }, does: 'admit' },
    { what: 'no room to wait', situation: { roomForPatient: false }, does: 'Overloaded' },
    {
      what: 'no room to wait, and nobody to wait for',
      write: { w: 1 },
      situation: { roomForPatient: false },
      does: 'admit',
    },
    {
      what: 'no room at all',
      write: { w: 1 },
      situation: { roomForAny: false },
      does: 'Overloaded',
    },
    {
      what: 'If-Match that holds',
      write: { operations: [put('k')], ifIndex: logIndex(2) },
      does: 'admit',
    },
    {
      what: 'If-Match that does not',
      write: { operations: [put('k')], ifIndex: logIndex(1) },
      does: 'PreconditionFailed 2',
    },
    {
      what: 'If-None-Match on a key that exists',
      write: { operations: [put('k')], ifIndex: null },
      does: 'PreconditionFailed 2',
    },
    {
      what: 'If-None-Match on a key that was removed',
      write: { operations: [put('gone')], ifIndex: null },
      does: 'admit',
    },
    {
      what: 'If-Match: * on a key that exists',
      write: { operations: [put('k')], ifIndex: 'any' },
      does: 'admit',
    },
    {
      what: 'If-Match: * on a key that was removed',
      write: { operations: [put('gone')], ifIndex: 'any' },
      does: 'PreconditionFailed null',
    },
    {
      what: 'If-Match on a key that is not there',
      write: { operations: [{ op: 'remove', key: 'none' }], ifIndex: logIndex(2) },
      does: 'PreconditionFailed null',
    },
  ])('$what: $does', (each) => {
    expect(decide(each).verdict).toBe(each.does);
  });

  test('C8: deciding changes nothing, whatever is decided', () => {
    const situations = [noQuorum, { settled: false }, { roomForAny: false }, {}];
    for (const situation of situations) {
      const { left } = decide({ what: '', situation, does: '' });
      expect(left).toEqual({ effects: [], grew: 0 });
    }
  });
});

describe('admission, in a master', () => {
  test('C8, B22, G6: refused writes use up no index', () => {
    const cluster = three({ waitersMax: 10 });
    cluster.write('n1', 'a', { w: 3 });
    cluster.run(100);
    const refused = [
      cluster.write('n1', 'b', { w: 4 }),
      cluster.operate('n1', [put('k')], { ifIndex: 5 }),
    ];
    cluster.host('n1').disk.trouble = () => 'full';
    const before = cluster.write('n1', 'before the disk was known to be full', { w: 1 });
    cluster.run(50);
    refused.push(cluster.write('n1', 'c', { w: 1 }));
    cluster.host('n1').disk.trouble = () => 'none';
    cluster.run(200);
    expect(cluster.outcome(before)).toMatchObject({ type: 'Stored', first: 2 });
    const after = cluster.write('n1', 'd', { w: 1 });
    cluster.run(100);
    expect(cluster.outcome(after)).toMatchObject({ type: 'Stored', first: 3 });
    expect(refused.map((ticket) => cluster.outcome(ticket)!.type)).toEqual([
      'Unsatisfiable',
      'PreconditionFailed',
      'StorageUnavailable',
    ]);
  });

  test('C8, G7: without a quorum nothing is appended; with one again, writes go on', () => {
    const cluster = three({ waitersMax: 10 });
    cluster.kill('n2');
    cluster.kill('n3');
    cluster.run(5_000);
    const refused = cluster.write('n1', 'a', { w: 1 });
    expect(cluster.outcome(refused)).toEqual({
      type: 'NoQuorum',
      alive: 1,
      needed: 2,
      missing: ['n2', 'n3'],
    });
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(600);
    const stored = cluster.write('n1', 'b');
    cluster.run(100);
    expect(cluster.outcome(stored)).toMatchObject({ type: 'Stored', first: 1 });
  });

  test('B43: a quorum that is lost after the write was admitted: open, never refused', () => {
    const cluster = three({ waitersMax: 10 });
    cluster.kill('n2');
    cluster.kill('n3');
    const ticket = cluster.write('n1', 'a', { w: 2, timeoutMs: 8_000 });
    cluster.run(7_000);
    expect(cluster.outcome(ticket)).toBeUndefined();
    cluster.run(1_001);
    expect(cluster.outcome(ticket)).toEqual({
      type: 'TimedOut',
      first: 1,
      last: 1,
      acks: ['n1'],
    });
    expect(cluster.status('n1').counters.timeouts).toBe(1);
    cluster.start('n3', { arbiter: 'n1' });
    cluster.run(1_000);
    expect(cluster.entries('n3')).toEqual(['1:a']);
  });

  test('G16: one more than may wait is refused, nothing is appended; w=1 goes through', () => {
    const cluster = three({ waitersMax: 10 });
    cluster.kill('n2');
    cluster.kill('n3');
    const waiting = Array.from({ length: 10 }, (_, i) => cluster.write('n1', `m${i}`, { w: 2 }));
    cluster.run(10);
    const refused = cluster.write('n1', 'one more', { w: 2 });
    const alone = cluster.write('n1', 'alone', { w: 1 });
    cluster.run(10);
    expect(cluster.outcome(refused)).toEqual({ type: 'Overloaded' });
    expect(cluster.outcome(alone)).toMatchObject({ type: 'Stored', first: 11 });
    expect(waiting.every((ticket) => cluster.outcome(ticket) === undefined)).toBe(true);
    cluster.host('n1').give({ type: 'Abandoned', ticket: waiting[0]! });
    const next = cluster.write('n1', 'next', { w: 2 });
    cluster.run(10);
    expect(cluster.outcome(next)).toBeUndefined();
    expect(cluster.entries('n1').at(-1)).toBe('12:next');
  });

  test('G16: nor do more than twice as many wait for the disk of the master alone', () => {
    const cluster = three({ waitersMax: 10 });
    const write = () => cluster.write('n1', 'm', { w: 1 });
    const tickets = Array.from({ length: 21 }, write);
    cluster.run(100);
    const outcomes = tickets.map((ticket) => cluster.outcome(ticket)?.type);
    expect(outcomes).toEqual([...Array.from({ length: 20 }, () => 'Stored'), 'Overloaded']);
  });
});
