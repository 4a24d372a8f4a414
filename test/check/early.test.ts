// The order of the log agrees with real time: what is stored stands behind all that was there when
// it was asked for.

import { describe, expect, test } from 'vitest';
import type { WriteRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording } from './recording.ts';

const foundIn = (run: Recording) =>
  judge(run.end()).violations.map(({ judge: by, records }) => [by, ...records]);

/** Nobody was told of the first two entries, but they are shown. */
function shown(by: 'page' | 'value'): Recording {
  const run = new Recording();
  const open = { outcome: 'unknown', return: null } as const;
  run.write(message('one'), open);
  run.write(put('k', 'v'), open);
  if (by === 'page') run.read('n2', { commitIndex: 0 });
  else run.get('n2', 'k');
  return run;
}

describe.each(['page', 'value'] as const)('behind what a %s has shown', (by) => {
  test.each<[what: string, answer: Partial<WriteRecord>]>([
    ['a success', {}],
    ['a timeout', { outcome: 'unknown', code: 'write-concern-timeout' }],
  ])('stands %s that was asked for later', (_, answer) => {
    for (const early of [false, true]) {
      const run = shown(by);
      const at = early ? 2 : 3;
      if (early) run.log.length = 1;
      run.grow(message('late'));
      const said = { first: at, last: at, acks: ['n1', 'n2'] };
      const place = run.records.length + 1;
      run.records.push({
        type: 'write',
        client: 'c1',
        node: 'n1',
        operations: [message('late')],
        idempotencyKey: null,
        w: 2,
        call: run.tick(),
        return: run.tick(),
        outcome: 'ok',
        ...said,
        ...answer,
      });
      const found = foundIn(run);
      if (early) expect(found).toContainEqual(['total order', place - 1, place]);
      else expect(found).toEqual([]);
    }
  });
});

test.each<[what: string, known: boolean]>([
  ['that is the only request with its key is in its place', false],
  ['of an earlier request keeps the place of that', true],
])('a repeat %s', (_, known) => {
  const run = new Recording();
  const asked = run.tick();
  run.write(message('first'));
  const again = { idempotencyKey: 'k', duplicate: true, first: 1, last: 1 };
  run.grow(message('second'));
  run.write(message('third'), { first: 3, last: 3 });
  run.log.length = 3;
  const call = run.tick();
  run.write(message('second'), { ...again, first: 2, last: 2, call });
  run.log.length = 3;
  run.log[2] = { index: 3, epoch: 1, operation: message('third') };
  // The earlier attempt never got an answer, and is told of last.
  if (known) {
    const open = { outcome: 'unknown', return: null } as const;
    run.write(message('second'), { ...open, idempotencyKey: 'k', call: asked });
  }
  expect(foundIn(run)).toEqual(known ? [] : [['total order', 7, 8]]);
});

test('what another node has shown, the master has', () => {
  for (const lastIndex of [2, 1]) {
    const run = shown('page');
    run.read('n1', { lastIndex, commitIndex: 0 });
    run.write(message('three'));
    const found = foundIn(run);
    expect(found).toEqual(lastIndex === 2 ? [] : [['total order', 8, 9]]);
  }
});

test('one that has started again need not, before it leads, though it is in the next epoch', () => {
  for (const again of [true, false]) {
    const run = shown('page');
    if (again) {
      run.node('n1', 'crash');
      run.start('n1');
      run.health({ role: null, mode: null, epoch: 2 });
    }
    run.log.length = 1;
    run.read('n1', { commitIndex: 0 });
    const place = run.records.length;
    run.lead('n1');
    expect(foundIn(run)).toEqual(again ? [] : [['total order', 8, place]]);
  }
});

test('stands what was asked for before another node became master, and stored by that one', () => {
  for (const early of [false, true]) {
    const run = new Recording();
    run.write(message('one'), { outcome: 'unknown', return: null });
    run.write(message('two'), { w: 'all' });
    const call = run.tick();
    run.lead('n2');
    if (early) run.log.length = 0;
    run.write(message('late'), { call });
    const found = judgesOf(run.records);
    expect(found).toEqual(early ? ['total order'] : []);
  }
});
