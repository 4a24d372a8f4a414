import { expect, test } from 'vitest';
import { ArbiterNode } from '../../src/core/arbiter-node.ts';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId } from '../../src/core/ids.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { ArbiterRuntime } from '../../src/node/arbiter-runtime.ts';
import { realClock } from '../../src/node/event-queue.ts';
import { StorageFailure } from '../../src/persistence/persistence.ts';

test("C19: a disk that fails once delays an arbiter's answer, and does not end it", async () => {
  const broken: unknown[] = [];
  let attempts = 0;
  const settings = { size: 3, cluster: null, prefer: null };
  const runtime = new ArbiterRuntime({
    arbiter: new ArbiterNode(DEFAULT_OPTIONS, settings, BLANK_MEMORY),
    outgoing: { send: () => new Promise(() => {}) },
    clock: realClock,
    remember: async () => {
      attempts += 1;
      if (attempts === 1) throw new StorageFailure('I/O error', false);
    },
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
