// What no single record gives away: histories that are illegal, each beside the like of it that is
// not.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

/** A new request, though its key is known. */
const anew = (index: number, idempotencyKey: string | null = null) => ({
  idempotencyKey,
  first: index,
  last: index,
  duplicate: false,
});

describe('one key', () => {
  test.each([
    ['is taken for two operations', 'ok', ['exactly once']],
    ['whose first request never arrived is taken for another', 'unknown', []],
  ] as const)('that %s', (_, outcome, by) => {
    const run = new Recording();
    run.write(message('other'));
    run.write(message('one'), { idempotencyKey: 'k', outcome });
    if (outcome === 'unknown') run.log.pop();
    run.grow(message('two'));
    run.write(message('two'), anew(run.log.length, 'k'));
    expect(judgesOf(run.end())).toEqual(by);
  });

  test('stands for one request, also for what was asked for second', () => {
    const run = new Recording();
    run.write(message('one'), { idempotencyKey: 'k', outcome: 'unknown' });
    run.log.pop();
    run.grow(message('two'), message('two'));
    run.write(message('two'), { ...anew(1, 'k'), outcome: 'unknown' });
    run.write(message('two'), anew(1, 'k'));
    expect(judgesOf(run.end())).toEqual(['exactly once']);
  });

  test('does not stand for a batch and for the beginning of it', () => {
    const run = new Recording();
    run.write([message('one'), message('two')], { idempotencyKey: 'k' });
    run.write([message('one'), message('two')], { idempotencyKey: 'k' });
    expect(judgesOf(run.records)).toEqual([]);
    run.write(message('one'), { idempotencyKey: 'k' });
    expect(judgesOf(run.records)).toEqual(['exactly once']);
  });
});

describe('one index is not given to two requests that say the same', () => {
  test.each([
    ['without a key', null, null],
    ['of which one has a key', null, 'k'],
    ['with different keys', 'j', 'k'],
  ])('%s', (_, one, other) => {
    const run = new Recording();
    const call = run.tick();
    run.write(message('same'), { call, idempotencyKey: one });
    run.write(message('same'), { call, ...anew(1, other) });
    expect(judgesOf(run.records)).toEqual(['total order']);
  });

  test('but to a repetition, and to what a node has shown before', () => {
    const run = new Recording();
    const call = run.tick();
    run.grow(message('same'));
    run.read('n1');
    for (let times = 0; times < 2; times += 1) {
      run.write(message('same'), { call, ...anew(1, 'k'), duplicate: times > 0 });
    }
    run.log.length = 1;
    expect(judgesOf(run.end())).toEqual([]);
  });
});

describe('a value is gone', () => {
  test.each(['linearizable', 'local'] as const)(
    'in a %s read, before anybody asked to remove it',
    (read) => {
      const gone = (asked: 'before' | 'after'): string[] => {
        const run = new Recording();
        run.write(put('k', '1'));
        run.get('n1', 'k');
        const call = run.tick();
        const nothing = { read, value: null, index: null };
        if (asked === 'after') run.get('n1', 'k', nothing);
        run.log.push({ index: 2, epoch: 1, operation: remove('k') });
        run.read('n2', { commitIndex: 1 });
        if (asked === 'before') run.get('n1', 'k', nothing);
        run.write(remove('k'), { ...anew(2), call: asked === 'before' ? call : run.tick() });
        run.log.length = 2;
        return judgesOf(run.end());
      };
      expect(gone('before')).toEqual([]);
      // It had been shown by then as well.
      expect(gone('after').slice(0, 2)).toEqual(['total order', 'linearizable']);
    },
  );

  test('behind the only removal', () => {
    const run = new Recording();
    run.write(remove('k'));
    run.get('n1', 'k', { read: 'linearizable' });
    run.write(put('k', '1'));
    expect(judgesOf(run.end())).toEqual([]);
    run.get('n1', 'k', { read: 'linearizable', value: null, index: null });
    expect(judgesOf(run.records)[0]).toBe('linearizable');
  });

  test('and a removal without an answer explains it, once it was asked for', () => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.write(remove('k'), { outcome: 'unknown', return: null });
    run.get('n1', 'k', { read: 'linearizable' });
    expect(judgesOf(run.records)).toEqual([]);
    const [open] = run.records.splice(-2, 1);
    run.records.push({ ...open!, call: run.tick() } as HistoryRecord);
    expect(judgesOf(run.records)).toEqual(['linearizable']);
  });
});

describe('a node that shows a value shows the log up to it', () => {
  test.each(['local', 'majority'] as const)('to a %s read', (read) => {
    const run = new Recording();
    run.write(message('one'));
    run.read('n3', { read });
    run.write(put('k', '1'));
    run.get('n3', 'k', { read });
    run.read('n3', { read });
    expect(judgesOf(run.records)).toEqual([]);
    run.records.pop();
    run.read('n3', { read }, run.log.slice(0, 1));
    expect(judgesOf(run.records)).toEqual(['never back']);
  });

  test('but not in its next life, nor what it showed before the epoch that it is in', () => {
    const run = new Recording();
    run.write(message('one'));
    run.write(put('k', '1'), { outcome: 'unknown' });
    const call = run.tick();
    run.lead('n2');
    run.log.pop();
    run.write(message('two'), { acks: ['n2', 'n3'], node: 'n2' });
    run.read('n3');
    run.get('n3', 'k', { call, value: '1', index: 5 });
    run.read('n3');
    expect(judgesOf(run.records)).toEqual([]);
    run.get('n1', 'k', { value: '1', index: 5 });
    run.node('n1', 'crash');
    run.start('n1');
    run.read('n1');
    expect(judgesOf(run.records)).toEqual([]);
  });
});

test('a page does not say that a majority has more than there is', () => {
  const run = new Recording();
  run.write(message('one'));
  run.read('n2', { commitIndex: 1 });
  expect(judgesOf(run.records)).toEqual([]);
  run.read('n2', { commitIndex: 2 });
  expect(judgesOf(run.records)).toEqual(['bounded']);
});

test('a key that was removed after the final logs may be gone, if it was not in vain', () => {
  const gone = (outcome: 'ok' | 'refused'): string[] => {
    const run = new Recording();
    run.write(put('k', '1'));
    run.end();
    run.records.pop();
    // Such a refusal is none of a cluster that is not healed.
    run.write(remove('k'), { outcome, ...(outcome === 'ok' ? {} : { code: 'too-large' }) });
    run.get('n1', 'k', { value: null, index: null });
    return judgesOf(run.records);
  };
  expect(gone('ok')).toEqual([]);
  expect(gone('refused')).toContain('converges');
});
