// Where the judges draw their lines: what is just allowed, and what is just not.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

/** The history with this changed in its last record. */
function withLast(run: Recording, change: object): readonly HistoryRecord[] {
  return [...run.records.slice(0, -1), { ...run.records.at(-1)!, ...change } as HistoryRecord];
}

describe('bounded', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => message(`m${i}`));

  test('a batch has 10,000 messages at the most, and so has a page', () => {
    const run = new Recording();
    run.write(many(10_000));
    run.read('n2');
    expect(judgesOf(run.records)).toEqual([]);
    run.write(message('one more'));
    run.read('n2');
    expect(judgesOf(run.records)).toEqual(['bounded']);
    const long = new Recording();
    long.write(many(10_001));
    expect(judgesOf(long.records)).toEqual(['bounded']);
  });

  test.each([
    ['an index', { first: undefined, last: undefined }],
    ['an index for each operation', { first: 2, last: 2 }],
    ['no more indexes than operations', { first: 2, last: 4 }],
  ])('a success has %s', (_, change) => {
    const run = new Recording();
    run.write(message('one'));
    run.write([message('two'), message('three')]);
    expect(judgesOf(run.records)).toEqual([]);
    expect(judgesOf(withLast(run, change))[0]).toBe('bounded');
  });

  test.each([
    ['what is before it', { from: 2 }],
    ['what is behind the end of the log', { to: 3 }],
    ['what comes behind it', { to: 1 }],
  ])('a page does not cover %s', (_, change) => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('two'));
    run.read('n1');
    expect(judgesOf(run.records)).toEqual([]);
    expect(judgesOf(withLast(run, change))).toEqual(['bounded']);
  });

  test('a page from behind the end of a log is empty', () => {
    const run = new Recording();
    run.write(message('one'));
    run.read('n1', { from: 5, to: 4 });
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('no more is on a majority than there is', () => {
    const run = new Recording();
    run.write(message('one'));
    run.health();
    expect(judgesOf(run.records)).toEqual([]);
    expect(judgesOf(withLast(run, { commitIndex: 2 }))).toEqual(['bounded']);
  });
});

describe('durable', () => {
  test('who has left shows no more what is written since', () => {
    const run = new Recording();
    run.write(message('one'), { w: 'all' });
    const before = [...run.log];
    run.node('n3', 'leave');
    run.write(message('two'), { acks: ['n1', 'n2'] });
    const records = run.end();
    const end = records.map((record) =>
      record.type === 'log' && record.node === 'n3'
        ? { ...record, to: 1, lastIndex: 1, commitIndex: 1, entries: before }
        : record,
    );
    expect(judgesOf(end)).toEqual([]);
    const stays = end.filter(({ type, ...more }) => type !== 'node' || !isLeave(more));
    expect(judgesOf(stays)).toContain('durable');
  });

  test('what is written after the last read of a node need not be in it', () => {
    const run = new Recording();
    run.write(message('one'));
    const records = run.end();
    run.records.splice(-1, 1);
    run.write(message('two'));
    expect(judgesOf(records)).toEqual([]);
  });

  test('an operation on a key may be missing behind one that only the logs tell of', () => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(put('k', '2'), { outcome: 'unknown' });
    run.write(message('one'));
    run.log.splice(0, 1);
    expect(judgesOf(run.end())).toEqual([]);
    run.log.splice(0, 1);
    run.records.splice(-5);
    expect(judgesOf(run.end())).toContain('durable');
  });

  /** Two values, and a removal of which nobody heard where it is; final logs lack these indexes. */
  function lacking(indexes: readonly number[], removal: 'ok' | 'unknown', lost = false): string[] {
    const run = new Recording();
    for (const value of ['1', '2']) run.write(put('k', value));
    run.write(remove('k'), { outcome: removal });
    if (removal === 'unknown') run.log.pop();
    if (lost) {
      for (const event of ['crash', 'wipe'] as const) run.node('n3', event);
      run.start('n3');
    }
    run.write(message('one'));
    const log = run.log.filter(({ index }) => !indexes.includes(index));
    run.log.splice(0, run.log.length, ...log);
    return judgesOf(run.end());
  }

  test('a removal stays for what it superseded, unless it was lost', () => {
    expect(lacking([1, 2], 'ok')).toEqual([]);
    expect(lacking([1, 2, 3], 'ok')).toContain('durable');
    expect(lacking([1, 3], 'ok')).toContain('durable');
    expect(lacking([1, 2], 'unknown')).toContain('durable');
    expect(lacking([1, 2], 'unknown', true)).toEqual([]);
    expect(lacking([2], 'unknown', true)).toContain('durable');
  });

  test('an operation on a key may be missing behind a later one, but not be another one', () => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(put('k', '2'));
    run.write(message('one'));
    const [first] = run.log.splice(0, 1);
    expect(judgesOf(run.end())).toEqual([]);
    const other = { ...first!, operation: put('k', 'other') };
    const changed = run.records.map((record) =>
      record.type === 'log' ? { ...record, entries: [other, ...record.entries] } : record,
    );
    expect(judgesOf(changed)).toContain('durable');
  });
});

describe('total order', () => {
  test.each([
    ['an index twice', [1, 1], [1, 1]],
    ['a lower epoch behind a higher one', [1, 2], [2, 1]],
  ])('no answer shows %s', (_, indexes, epochs) => {
    const run = new Recording();
    run.write(message('one'));
    run.write(message('two'));
    const entries = indexes.map((index, i) => ({ ...run.log[index - 1]!, epoch: epochs[i]! }));
    run.read('n1', { entries });
    expect(judgesOf(run.records)).toEqual(['total order']);
  });

  test.each([
    ['of the same epoch', [1, 2], []],
    ['of another epoch', [2, 2], ['total order']],
  ])('elsewhere, an entry stands behind one %s', (_, epochs, judges) => {
    const run = new Recording();
    run.write(message('one'));
    run.lead('n1');
    run.write(message('two'));
    run.read('n2');
    run.read('n3', { entries: run.log.map((entry, i) => ({ ...entry, epoch: epochs[i]! })) });
    expect(judgesOf(run.records)).toEqual(judges);
  });
});

describe('quorum mode', () => {
  test.each([1, 3])('of three nodes %d are no quorum', (needed) => {
    const run = new Recording();
    run.write(message('one'));
    run.health({ needed });
    expect(judgesOf(run.records)).toEqual(['quorum mode']);
  });

  /** A write is acknowledged between two moments at which the master is alone. */
  function alone(apartMs: number, more: object): Recording {
    const run = new Recording();
    run.health({ alive: 1, mode: 'read-only' });
    const { now } = run;
    run.write(message('one'));
    run.tick(apartMs - (run.now - now) - 1);
    run.health({ alive: 1, mode: 'read-only', ...more });
    return run;
  }

  test('a master that is alone for less than four seconds is so all the time', () => {
    expect(judgesOf(alone(3_999, {}).records)).toEqual(['quorum mode']);
    expect(judgesOf(alone(4_000, {}).records)).toEqual([]);
  });

  test.each([
    ['in another epoch', { epoch: 2 }],
    ['in a larger cluster', { size: 5, needed: 3 }],
    ['no more', { alive: 2, mode: 'read-write' }],
  ])('it is not where it is alone %s', (_, more) => {
    expect(judgesOf(alone(100, more).records)).toEqual([]);
  });
});

const isLeave = (more: object): boolean => 'event' in more && more.event === 'leave';
