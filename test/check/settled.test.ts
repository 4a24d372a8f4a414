// What one read has shown binds the next one, whatever both of them ask for: a page and a value, a
// `majority` read and a linearizable one.

import { describe, expect, test } from 'vitest';
import type { ReadLevel } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

/** The first value of `k`, which another one has superseded. */
const OLD = { value: '1', index: 1 };

const LEVELS: readonly ReadLevel[] = ['local', 'majority', 'linearizable'];

describe('a page shows an operation on a key', () => {
  /** The key has been written twice; nobody heard that the second write was stored. */
  function written(second = put('k', '2')): Recording {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(second, { outcome: 'unknown' });
    return run;
  }

  test.each([
    ['value', put('k', '2')],
    ['removal', remove('k')],
  ])('the value before that %s is not the answer any more', (_, second) => {
    const run = written(second);
    run.read('n2', { from: 2 });
    run.get('n2', 'k');
    expect(judgesOf(run.records)).toEqual([]);
    run.records.pop();
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual(['never back']);
  });

  test.each([
    ['local', 'majority', []],
    ['majority', 'majority', ['never back']],
    ['majority', 'local', ['never back']],
  ] as const)('to a %s read, which binds one of %s: %j', (read, other, by) => {
    const run = written();
    run.read('n2', { read, ...(read === 'local' ? { commitIndex: 1 } : {}) });
    run.get('n2', 'k', { read: other, ...OLD });
    expect(judgesOf(run.records)).toEqual(by);
  });

  test('but not to who asked before it was heard, on another node, in another life', () => {
    const run = written();
    const call = run.tick();
    run.read('n2', { commitIndex: 1 });
    run.get('n2', 'k', { call, ...OLD });
    run.get('n3', 'k', OLD);
    run.node('n2', 'crash');
    run.start('n2');
    run.get('n2', 'k', OLD);
    run.read('n2', { commitIndex: 1 }, run.log.slice(0, 1));
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('nor is a lower one, shown later, the last one', () => {
    const run = written();
    run.read('n2');
    run.read('n2', { to: 1 });
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual(['never back']);
  });

  /** n2 has shown a value that the log of the next epoch does not have. */
  function cutOff(): Recording {
    const run = written();
    run.read('n2', { commitIndex: 1 });
    run.lead('n3');
    return run;
  }

  test('and a later epoch does not have it', () => {
    const run = cutOff();
    const call = run.tick();
    const old = [...run.log];
    run.get('n2', 'k', OLD);
    run.log.pop();
    run.write(message('new'), { acks: ['n3', 'n1'] });
    run.get('n2', 'k', OLD);
    run.read('n2');
    run.get('n2', 'k', OLD);
    // What comes late does not say what is there now.
    run.read('n2', { call, commitIndex: 1 }, old);
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual([]);
    run.write(put('k', '3'), { acks: ['n3', 'n1'] });
    run.read('n2');
    run.get('n2', 'k');
    expect(judgesOf(run.records)).toEqual([]);
    run.records.pop();
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual(['never back']);
  });

  /** Of three values n2 has shown all; the next epoch, of which it has shown an entry, has two. */
  function thirdCutOff(): Recording {
    const run = written();
    run.write(put('k', '3'), { outcome: 'unknown' });
    run.read('n2', { commitIndex: 1 });
    run.lead('n3');
    run.log.pop();
    run.write(message('new'), { acks: ['n3', 'n1'] });
    run.read('n2', { from: 3 });
    return run;
  }

  test('and a later epoch has only an earlier one', () => {
    const run = thirdCutOff();
    const { length } = run.records;
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual([]);
    for (const page of [{}, { to: 2 }]) {
      run.records.length = length;
      run.read('n2', page);
      run.get('n2', 'k', OLD);
      expect(judgesOf(run.records)).toEqual(['never back']);
    }
  });

  test('and the node has left and starts over, once', () => {
    const run = written();
    run.read('n2', { commitIndex: 1 });
    run.node('n2', 'leave');
    run.node('n2', 'join');
    run.get('n2', 'k', OLD);
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual([]);
    run.read('n2', { commitIndex: 1 });
    run.get('n2', 'k', OLD);
    expect(judgesOf(run.records)).toEqual(['never back']);
  });
});

describe('a page shows a value that nobody was told is stored', () => {
  const NONE = { value: null, index: null };

  /** n2 has shown it to a read of this level. */
  function shown(read: ReadLevel = 'local'): Recording {
    const run = new Recording();
    run.write(message('one'));
    run.write(put('k', '1'), { outcome: 'unknown' });
    run.read('n2', { read, ...(read === 'local' ? { commitIndex: 1 } : {}) });
    return run;
  }

  test('that the key has none is no answer to what is asked for then', () => {
    const run = shown();
    run.get('n2', 'k', { ...NONE, call: run.now, return: run.now + 1 });
    expect(judgesOf(run.records)).toEqual([]);
    run.tick(2);
    run.get('n2', 'k', NONE);
    expect(judge(run.records).violations).toMatchObject([
      { judge: 'never back', records: [8, 10] },
    ]);
  });

  test('nor at the end, whether the value is there or not', () => {
    for (const stays of [true, false]) {
      const run = shown();
      run.get('n2', 'k', NONE);
      if (!stays) run.log.pop();
      expect(judgesOf(run.end())).toContain('never back');
    }
  });

  test.each([
    ['local', 'majority', []],
    ['majority', 'majority', ['never back']],
    ['majority', 'local', ['never back']],
  ] as const)('to a %s read, which binds one of %s: %j', (read, other, by) => {
    const run = shown(read);
    // Of a node that is another one's, nothing is known.
    run.get('n3', 'k', NONE);
    run.get('n2', 'k', { ...NONE, read: other });
    expect(judgesOf(run.records)).toEqual(by);
  });

  test.each([
    ['asked for in time, and never answered', { outcome: 'unknown', return: null }, 0, []],
    ['asked for in time, and stored behind it', {}, 0, []],
    ['stored before it', { first: 1, last: 1, outcome: 'unknown' }, 0, ['never back']],
    ['asked for later', { outcome: 'unknown', return: null }, 9, ['never back']],
    ['refused', { outcome: 'refused' }, 0, ['never back']],
  ] as const)('a removal explains it: %s', (_, answer, later, by) => {
    const run = shown();
    const call = run.tick();
    run.get('n2', 'k', NONE);
    // Its record comes last: nobody knows of it before.
    run.write(remove('k'), { call: call + later, ...answer });
    expect(judgesOf(run.records)).toEqual(by);
  });

  test('so does one that is stored, and shown first', () => {
    const run = shown();
    run.write(remove('k'), { outcome: 'unknown' });
    run.read('n2', { commitIndex: 1 });
    run.get('n2', 'k', NONE);
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('another life of the node need not have it, nor a later epoch', () => {
    const run = shown();
    run.node('n2', 'crash');
    run.start('n2');
    run.get('n2', 'k', NONE);
    run.read('n2', { commitIndex: 1 });
    run.lead('n3');
    run.get('n2', 'k', NONE);
    run.log.pop();
    run.write(message('new'), { acks: ['n3', 'n1'] });
    run.read('n2');
    run.get('n2', 'k', NONE);
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('nor a node that has left, and may start over', () => {
    const run = shown();
    run.node('n2', 'leave');
    run.node('n2', 'join');
    run.get('n2', 'k', NONE);
    expect(judgesOf(run.records)).toEqual([]);
    // It does so once: what it shows from then on stays.
    run.read('n2', {}, run.log.slice(0, 1));
    run.read('n2', { commitIndex: 1 });
    run.get('n2', 'k', NONE);
    expect(judgesOf(run.records)).toEqual(['never back']);
  });
});

describe('what is on a majority is shown by every linearizable read asked for later', () => {
  /** The second operation was never answered, but n2 says of it what `show` makes it say. */
  function shown(show: (run: Recording) => void): Recording {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(put('k', '2'), { outcome: 'unknown' });
    show(run);
    return run;
  }

  /** Of a linearizable read an earlier life of the master says it. */
  function shownTo(read: ReadLevel, show: (run: Recording, node: string) => void): Recording {
    return shown((run) => {
      show(run, read === 'linearizable' ? 'n1' : 'n2');
      if (read !== 'linearizable') return;
      run.node('n1', 'crash');
      run.start('n1');
    });
  }

  const behind = (run: Recording, more = {}): void =>
    run.read('n1', { read: 'linearizable', ...more }, run.log.slice(0, 1));

  test.each(['majority', 'linearizable'] as const)('in a log that a %s read shows', (read) => {
    const run = shownTo(read, (it, node) => it.read(node, { read }));
    const call = run.now - (read === 'linearizable' ? 3 : 1);
    run.read('n1', { read: 'linearizable' });
    expect(judgesOf(run.records)).toEqual([]);
    run.records.pop();
    behind(run, { call });
    expect(judgesOf(run.records)).toEqual([]);
    run.records.pop();
    behind(run);
    expect(judgesOf(run.records)).toContain('linearizable');
  });

  test('in a log whose commit index says so, and not beyond it', () => {
    const run = shown((it) => it.read('n2', { commitIndex: 1 }));
    behind(run);
    expect(judgesOf(run.records)).toEqual([]);
    const other = shown((it) => it.read('n2'));
    behind(other);
    expect(judgesOf(other.records)).toContain('linearizable');
  });

  test.each(LEVELS)('as a value that a %s read gives', (read) => {
    const run = shownTo(read, (it, node) => it.get(node, 'k', { read }));
    run.get('n1', 'k', { read: 'linearizable' });
    expect(judgesOf(run.records)).toEqual([]);
    run.records.pop();
    run.get('n1', 'k', { read: 'linearizable', ...OLD });
    expect(judgesOf(run.records)).toEqual(read === 'local' ? [] : ['linearizable']);
  });

  test('as a value behind the end of a log', () => {
    for (const read of LEVELS) {
      const run = shownTo(read, (it, node) => it.get(node, 'k', { read }));
      behind(run);
      expect(judgesOf(run.records)).toEqual(read === 'local' ? [] : ['linearizable']);
    }
  });

  test('in a page, also to who asks for a value', () => {
    const run = shown((it) => it.read('n2', { commitIndex: 1 }));
    const old = { read: 'linearizable', ...OLD } as const;
    run.get('n1', 'k', old);
    expect(judgesOf(run.records)).toEqual([]);
    const other = shown((it) => it.read('n2'));
    other.get('n1', 'k', old);
    expect(judgesOf(other.records)).toEqual(['linearizable']);
  });

  test('and what is asked for then comes behind it', () => {
    const run = shown((it) => it.read('n2'));
    run.log.pop();
    run.write(put('k', '2'));
    expect(judgesOf(run.records)).toEqual(['total order']);
  });

  test('and stays: a value that a majority read gave is in the logs at the end', () => {
    const run = shown((it) => it.get('n2', 'k', { read: 'majority' }));
    run.log.pop();
    expect(judgesOf(run.end())).toContain('durable');
    const local = shown((it) => it.get('n2', 'k'));
    local.log.pop();
    expect(judgesOf(local.end())).toContain('no silent damage');
    local.records.splice(-5);
    local.lead('n1');
    expect(judgesOf(local.end())).toEqual([]);
  });

  test('but where those who had it have lost their memory', () => {
    const run = shown((it) => it.get('n2', 'k', { read: 'majority' }));
    run.read('n2', { read: 'majority' });
    for (const node of ['n1', 'n2']) run.node(node, 'wipe');
    run.log.length = 0;
    run.lead('n3');
    run.write(put('k', '3'), { w: 'all', acks: ['n3', 'n1', 'n2'], node: 'n3' });
    run.get('n3', 'k', { read: 'linearizable' });
    run.read('n3', { read: 'linearizable' });
    expect(judgesOf(run.end())).toEqual([]);
  });

  test('but what a node shows as such that has not heard of its loss', () => {
    const run = new Recording();
    run.write(put('k', '1'), { w: 'all' });
    run.write(put('k', '2'), { acks: ['n1', 'n2'] });
    const old = [...run.log];
    run.node('n1', 'wipe');
    run.log.length = 1;
    run.lead('n1');
    run.read('n2', { read: 'majority' }, old);
    run.get('n2', 'k', { read: 'majority', value: '2', index: 2 });
    run.get('n1', 'k', { read: 'linearizable' });
    run.read('n1', { read: 'linearizable' });
    run.write(put('k', '3'), { acks: ['n1', 'n3'] });
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('also when something was lost before, and nothing since', () => {
    const run = new Recording();
    run.write(put('k', '1'), { w: 'all' });
    run.node('n3', 'wipe');
    run.write(put('k', '2'), { w: 'all' });
    run.node('n3', 'pause');
    run.get('n1', 'k', { read: 'linearizable', ...OLD });
    expect(judgesOf(run.records)).toEqual(['linearizable']);
  });

  test.each(['n1', 'n2'])('but not when the memory of its holders is gone: %s leads then', (id) => {
    const run = new Recording(['n1', 'n2', 'n3'], false);
    run.node('n3', 'crash');
    run.start('n3', false);
    run.write(put('k', '1'), { w: 'all' });
    run.write(put('k', '2'), { outcome: 'unknown' });
    run.get('n1', 'k', { read: 'linearizable' });
    run.node('n1', 'crash');
    run.start('n1', false);
    run.log.pop();
    run.lead(id);
    run.get(id, 'k', { read: 'linearizable' });
    expect(judgesOf(run.end())).toEqual([]);
  });

  test.each([
    ['', 1],
    [', in an epoch that nobody has heard of', 5],
  ])('but where an arbiter has forgotten: a master that it does not know goes on%s', (_, epoch) => {
    const run = new Recording();
    run.node('arbiter', 'start', { sized: false });
    run.node('arbiter', 'wipe');
    run.epoch = epoch;
    run.write(put('k', '1'));
    run.write(put('k', '2'), { outcome: 'unknown' });
    run.read('n2', { read: 'majority' });
    run.get('n2', 'k', { read: 'majority' });
    behind(run);
    run.get('n1', 'k', { read: 'linearizable', ...OLD });
    expect(judgesOf(run.records)).toEqual([]);
  });
});

test.each([
  [
    'of a master that was asked to leave: it takes that along',
    true,
    false,
    true,
    ['get', 'read'] as const,
  ],
  ['of one that stays, every later one shows', false, false, false, ['get', 'read'] as const],
  [
    'of one that leaves a cluster of a fixed size, every later one shows',
    true,
    true,
    false,
    ['get'] as const,
  ],
])('what linearizable reads show %s', (_, leaves, sized, goes, levels) => {
  for (const level of levels) {
    const run = new Recording();
    if (sized) run.node('n3', 'start', { durable: true, sized });
    run.write(put('k', '1'));
    if (leaves) run.node('n1', 'leave', { pending: true });
    run.write(put('k', '2'), { outcome: 'unknown' });
    const show = (node: string) =>
      level === 'get'
        ? run.get(node, 'k', { read: 'linearizable' })
        : run.read(node, { read: 'linearizable' });
    show('n1');
    if (leaves) run.node('n1', 'leave');
    run.log.length = 1;
    if (leaves) run.lead('n2');
    show(run.master);
    expect(judgesOf(run.records).length === 0, level).toBe(goes);
  }
});
