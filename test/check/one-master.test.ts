// An epoch is one node's, in one life of it, as roles and reports tell; but where who gave it has
// forgotten that.

import { describe, expect, test } from 'vitest';
import type { HealthRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

const TWO_MASTERS = ['one master per epoch'];

/** No role was recorded; n1 has said that it leads epoch 1. */
function said(durable = true): Recording {
  const run = new Recording(['n1', 'n2', 'n3'], durable);
  run.records.splice(-2, 1);
  return run;
}

const says = (run: Recording, node: string, more: Partial<HealthRecord> = {}): void =>
  run.health({ node, ...more });

describe('an epoch is known from reports alone', () => {
  test('and is that of who said so first', () => {
    const run = said();
    says(run, 'n1');
    says(run, 'n2', { role: 'secondary' });
    run.node('n3', 'role', { role: 'secondary', epoch: 1 });
    expect(judgesOf(run.records)).toEqual([]);
    says(run, 'n2');
    expect(judgesOf(run.records)).toEqual(TWO_MASTERS);
  });

  test('until a role tells of which life: it is no other one’s', () => {
    const run = said();
    run.node('n1', 'role', { role: 'master', epoch: 1 });
    run.node('n1', 'role', { role: 'master', epoch: 1 });
    expect(judgesOf(run.records)).toEqual([]);
    run.node('n1', 'crash');
    run.start('n1');
    run.node('n1', 'role', { role: 'master', epoch: 1 });
    expect(judgesOf(run.records)).toEqual(TWO_MASTERS);
  });
});

test('what a node says of its epoch does not fall, but in another life', () => {
  const run = said();
  const older = { role: 'secondary', epoch: 0 } as const;
  says(run, 'n1', older);
  expect(judgesOf(run.records)).toEqual(TWO_MASTERS);
  run.records.pop();
  run.node('n1', 'crash');
  run.start('n1');
  says(run, 'n1', older);
  expect(judgesOf(run.records)).toEqual([]);
});

describe('an epoch is given once more', () => {
  test('by an arbiter that has forgotten', () => {
    const run = said();
    run.node('arbiter', 'wipe');
    says(run, 'n2');
    expect(judgesOf(run.records)).toEqual([]);
  });

  test('where its first master has lost its memory since, and then not again', () => {
    const run = said(false);
    run.node('n1', 'crash');
    says(run, 'n2');
    expect(judgesOf(run.records)).toEqual([]);
    says(run, 'n3');
    expect(judgesOf(run.records)).toEqual(TWO_MASTERS);
  });

  test.each([
    [0, []],
    [1, TWO_MASTERS],
  ])('where it lost its memory %i ms before it said that it leads', (earlier, found) => {
    const run = new Recording(['n1', 'n2', 'n3'], false);
    const report = run.records.pop()!;
    run.records.pop();
    run.node('n1', 'crash');
    run.records.push({ ...report, at: run.now + earlier } as HealthRecord);
    run.now += 2;
    says(run, 'n2');
    expect(judgesOf(run.records)).toEqual(found);
  });
});

test('only the master answers linearizable reads', () => {
  const answered = (node: string, asked: 'before' | 'after', restarted = false) => {
    const run = new Recording();
    run.write(message('one'), { w: 'all' });
    const call = run.tick();
    run.lead('n2');
    if (restarted) run.start('n2');
    run.get(node, 'k', { read: 'linearizable', ...(asked === 'before' ? { call } : {}) });
    run.read(node, { read: 'linearizable', ...(asked === 'before' ? { call } : {}) });
    return judgesOf(run.records);
  };
  expect(answered('n2', 'after')).toEqual([]);
  expect(answered('n1', 'before')).toEqual([]);
  expect(answered('n1', 'after', true)).toEqual([]);
  expect(answered('n1', 'after')).toEqual(['one master per epoch', 'one master per epoch']);
});

test.each([
  ['alone', 'n1', ['n1'], true, TWO_MASTERS],
  ['with another', 'n1', ['n1', 'n2'], true, TWO_MASTERS],
  ['that the next one has as well', 'n1', ['n1', 'n3'], true, []],
  ['that it was asked for before', 'n1', ['n1', 'n2'], false, []],
  ['that it took as the one in office', 'n3', ['n3', 'n1'], true, []],
])('a master that was replaced acknowledges no write: %s', (_, node, acks, after, by) => {
  const run = new Recording();
  run.write(message('kept'));
  const before = run.tick();
  run.lead('n3');
  run.write(message('one'), { node, acks, w: 1, ...(after ? {} : { call: before }) });
  expect(judgesOf(run.records).filter((name) => by.length === 0 || name === by[0])).toEqual(by);
});
