// What is seen from inside a run: whose acknowledgement is honest, who has what, who comes and
// goes.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord } from '../../../src/check/history/history.ts';
import type { Note, Outcome } from '../../../src/core/effects.ts';
import { epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import type { NodeHost } from '../../../src/sim/cluster/node-host.ts';
import { Timeline } from '../../../src/sim/timeline.ts';
import { Trace } from '../../../src/sim/trace.ts';
import { Watch } from '../../../src/sim/watch/watch.ts';

const at = '2026-01-01T00:00:00.000Z';

const entry = (index: number, of = 1): Entry => {
  return { index: logIndex(index), epoch: epoch(of), at, op: 'append', message: `m${index}` };
};

function watching() {
  const timeline = new Timeline();
  const history: HistoryRecord[] = [];
  const watch = new Watch(timeline, new Trace(timeline, false), (record) => history.push(record));
  const host = (id: string, size = 3): NodeHost => {
    const status = { role: 'master', epoch: 1, mode: 'read-write', quorum: { size } };
    return { id, lifeName: `${id}#0`, status } as unknown as NodeHost;
  };
  /** The node has these entries, up to `durable` on its disk. */
  const has = (id: string, entries: readonly Entry[], durable = entries.length): void => {
    watch.appended(host(id), entries);
    watch.persisted(host(id), logIndex(durable));
  };
  const stored = (acks: readonly string[], last: number): Outcome => {
    const index = { first: logIndex(last), last: logIndex(last) };
    return { type: 'Stored', ...index, acks: acks.map(nodeId), w: 1, duplicate: false } as Outcome;
  };
  const judges = (): string[] => watch.breaches.map(({ judge }) => judge);
  return { has, history, host, judges, stored, timeline, watch };
}

describe('whoever is named in an answer', () => {
  test.each([
    ['has it on its disk', [entry(1), entry(2)], 2, []],
    ['has it, but not on its disk', [entry(1), entry(2)], 1, ['acks are honest']],
    ['has something else there', [entry(1), entry(2, 2)], 2, ['acks are honest']],
    ['has nothing there', [entry(1)], 1, ['acks are honest']],
  ])('%s', (_, entries, durable, breaches) => {
    const { has, host, judges, stored, watch } = watching();
    has('n1', [entry(1), entry(2)]);
    has('n2', entries, durable);
    watch.replied(host('n1'), stored(['n1', 'n2'], 2));
    expect(judges()).toEqual(breaches);
  });

  test('is the master itself, too', () => {
    const { has, host, judges, stored, watch } = watching();
    has('n1', [entry(1)], 0);
    watch.replied(host('n1'), stored(['n1'], 1));
    expect(judges()).toEqual(['acks are honest']);
  });
});

describe('what a life finds', () => {
  test('is all that was durable, unless its disk is gone, or it was cut off', () => {
    const { has, host, judges, watch } = watching();
    for (const id of ['n1', 'n2', 'n3']) has(id, [entry(1), entry(2)]);
    watch.forgotten('n1');
    watch.recovered('n1', [], false);
    watch.truncated(host('n2'), logIndex(1));
    watch.recovered('n2', [entry(1)], false);
    expect(judges()).toEqual([]);
    watch.recovered('n3', [entry(1)], true);
    expect(judges()).toEqual([]);
    has('n3', [entry(2)], 2);
    watch.recovered('n3', [entry(1)], false);
    expect(judges()).toEqual(['durable on disk']);
  });

  test('of its bookkeeping as well: an empty disk has none', () => {
    const { judges, watch } = watching();
    const memory = { cluster: null, epoch: epoch(1), acceptedEpoch: epoch(1), arbiter: null };
    watch.memory.remembering('n1', memory);
    watch.memory.remembered('n1', memory);
    watch.forgotten('n1');
    watch.memory.recovered('n1', null, false);
    expect(judges()).toEqual([]);
  });
});

describe('what is committed', () => {
  test.each([
    ['differs from what another one calls so', false, false, ['committed is one']],
    ['may differ when a disk is gone', true, false, []],
    ['is told anew by the next life', false, true, ['committed is one']],
  ])('%s', (_, forgets, again, breaches) => {
    const { has, host, judges, watch } = watching();
    has('n1', [entry(1)]);
    has('n2', [entry(1)]);
    if (!again) watch.truncated(host('n2'), logIndex(0));
    if (!again) has('n2', [entry(1, 2)]);
    for (const id of ['n1', 'n2']) watch.turned(host(id), logIndex(id === 'n1' || again ? 1 : 0));
    expect(judges()).toEqual([]);
    if (forgets) watch.forgotten('n3');
    if (again) watch.recovered('n2', [entry(1, 2)], true);
    watch.breaches.length = 0;
    watch.turned(host('n2'), logIndex(1));
    expect(judges()).toEqual(breaches);
  });
});

test('who holds what another one had on its disk: others that have the same', () => {
  const { has, watch } = watching();
  has('n1', [entry(1), entry(2)]);
  has('n2', [entry(1), entry(2)], 0);
  has('n3', [entry(1), entry(2, 2)]);
  expect(watch.holdersOf('n1', 2)).toEqual(['n2']);
  expect(watch.holdersOf('n1', 1)).toEqual(['n2', 'n3']);
  expect(watch.holdersOf('n1', 3)).toEqual([]);
  expect(watch.holdersOf('n2', 1)).toEqual([]);
});

test('the history has who leads, who left, and who is back after that', () => {
  const { history, host, judges, watch } = watching();
  const notes = [
    { event: 'role', role: 'master', epoch: epoch(1) },
    { event: 'joined', node: nodeId('n2') },
    { event: 'left', node: nodeId('n2') },
    { event: 'joined', node: nodeId('n2') },
    { event: 'joined', node: nodeId('n2') },
  ] as Note[];
  for (const note of notes) watch.noted(host('n1'), note);
  expect(history).toMatchObject([
    { node: 'n1', event: 'role', role: 'master', epoch: 1 },
    { node: 'n2', event: 'leave' },
    { node: 'n2', event: 'join' },
  ]);
  expect(judges(), 'it leads what it does not remember').toEqual(['promises are durable']);
});

test('the size that a master has in mind is noted when it changes, where nodes come and go', () => {
  const { has, history, host, stored, watch } = watching();
  has('n1', [entry(1)]);
  const answers = (size: number): void => watch.replied(host('n1', size), stored(['n1'], 1));
  answers(3);
  expect(history).toEqual([]);
  watch.sizeChanges = true;
  for (const size of [3, 3, 4]) answers(size);
  expect(history).toMatchObject([{ size: 3 }, { size: 4 }]);
});

test('breaches are counted up to a limit', () => {
  const { judges, watch } = watching();
  for (let i = 0; i < 100; i += 1) watch.breach('it', `number ${i}`);
  expect(judges()).toHaveLength(20);
});
