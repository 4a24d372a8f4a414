import { expect, onTestFinished, test } from 'vitest';
import { ArbiterNode } from '../../../src/core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY } from '../../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId } from '../../../src/core/ids.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { ArbiterRuntime } from '../../../src/node/arbiter/arbiter-runtime.ts';
import { realClock } from '../../../src/node/runtime/event-queue.ts';
import { StorageFailure } from '../../../src/persistence/persistence.ts';

test('a memory that could not be written is not written over a newer one', async () => {
  const written: (number | undefined)[] = [];
  let attempts = 0;
  const settings = { size: null, newCluster: null, prefer: null };
  const later: (() => void)[] = [];
  const runtime = new ArbiterRuntime({
    arbiter: new ArbiterNode(DEFAULT_OPTIONS, settings, BLANK_MEMORY),
    outgoing: { send: () => new Promise(() => {}) },
    clock: {
      ...realClock,
      after: (_ms, run) => {
        later.push(run);
        return () => {};
      },
    },
    remember: async ({ arbiter }) => {
      attempts += 1;
      if (attempts === 1) throw new StorageFailure('I/O error', false);
      written.push(arbiter?.members.length);
    },
    unwritten: () => {},
    broken: (error) => expect(error).toBeUndefined(),
  });
  try {
    const answers = ['n1', 'n2'].map((id) =>
      runtime.receive({
        type: 'Join',
        node: nodeId(id),
        url: `http://${id}`,
        incarnation: incarnation(`${id}#1`),
        epoch: epoch(0),
        lastIndex: logIndex(0),
      }),
    );
    // What is durable last counts for both.
    await Promise.all(answers);
    for (const run of later) run();
    await Promise.resolve();
    expect(written).toEqual([2]);
  } finally {
    runtime.close();
  }
});

test('who cannot be answered is refused, and that is said once until there is room', async () => {
  const settings = { size: null, newCluster: null, prefer: null };
  const crowded: number[] = [];
  const writes: (() => void)[] = [];
  const runtime = new ArbiterRuntime({
    arbiter: new ArbiterNode(DEFAULT_OPTIONS, settings, BLANK_MEMORY),
    outgoing: { send: () => new Promise(() => {}) },
    clock: realClock,
    remember: () => new Promise((resolve) => writes.push(resolve)),
    unwritten: () => {},
    broken: (error) => expect(error).toBeUndefined(),
    crowded: (waiting) => crowded.push(waiting),
  });
  onTestFinished(() => runtime.close());
  const leaves = (count: number) =>
    Array.from({ length: count }, () => runtime.receive({ type: 'Leave', node: nodeId('n1') }));
  for (let time = 1; time <= 2; time += 1) {
    const waiting = leaves(DEFAULT_OPTIONS.pendingAcksMax);
    const overloaded = { type: 'Refused', code: 'overloaded' };
    expect(await Promise.all(leaves(2))).toEqual([overloaded, overloaded]);
    expect(crowded).toEqual(Array(time).fill(DEFAULT_OPTIONS.pendingAcksMax));
    await expect.poll(() => writes.length).toBe(time * DEFAULT_OPTIONS.pendingAcksMax);
    for (const done of writes) done();
    for (const { type } of await Promise.all(waiting)) expect(type).toBe('Left');
  }
});

test("C19: a disk that fails once delays an arbiter's answer, and does not end it", async () => {
  const broken: unknown[] = [];
  let attempts = 0;
  const settings = { size: 3, newCluster: null, prefer: null };
  const runtime = new ArbiterRuntime({
    arbiter: new ArbiterNode(DEFAULT_OPTIONS, settings, BLANK_MEMORY),
    outgoing: { send: () => new Promise(() => {}) },
    clock: realClock,
    remember: async () => {
      attempts += 1;
      if (attempts === 1) throw new StorageFailure('I/O error', false);
    },
    unwritten: () => {},
    broken: (error) => broken.push(error),
  });
  try {
    const answer = await runtime.receive({
      type: 'Join',
      node: nodeId('n1'),
      url: 'http://n1',
      incarnation: incarnation('n1#1'),
      epoch: epoch(0),
      lastIndex: logIndex(0),
    });
    expect(answer.type).toBe('JoinedMaster');
    expect(attempts).toBe(2);
    expect(broken).toEqual([]);
  } finally {
    runtime.close();
  }
});
