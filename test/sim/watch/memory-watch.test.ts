// The judge of what processes have promised to remember.

import { describe, expect, test } from 'vitest';
import type { Memory } from '../../../src/core/effects.ts';
import { epoch, logIndex, nodeId, seq, session } from '../../../src/core/ids.ts';
import { SESSIONS_PER_EPOCH } from '../../../src/core/members/session-numbers.ts';
import { MemoryWatch } from '../../../src/sim/watch/memory-watch.ts';

/** Bookkeeping of a node that has come to this epoch. */
function memoryOf(of: number, more: Partial<Memory> = {}): Memory {
  return { cluster: 'c', epoch: epoch(of), acceptedEpoch: epoch(of), arbiter: null, ...more };
}

const lost = { epoch: epoch(1), upTo: logIndex(4), open: false };

function watching() {
  const objections: string[] = [];
  const watch = new MemoryWatch((judge, sentence) => objections.push(`${judge}: ${sentence}`));
  return { objections, watch };
}

describe('the next life of a process finds', () => {
  const [first, second, third] = [memoryOf(1), memoryOf(2), memoryOf(3)];

  test.each([
    ['nothing, though something was durable', null, false],
    ['what was overwritten', first, false],
    ['what was durable', second, true],
    ['what was being written', third, true],
    ['what nobody wrote', memoryOf(4), false],
  ])('%s', (_, found, fine) => {
    const { objections, watch } = watching();
    for (const memory of [first, second, third]) watch.remembering('n1', memory);
    watch.remembered('n1', first);
    watch.remembered('n1', second);
    watch.recovered('n1', found, false);
    expect(objections).toHaveLength(fine ? 0 : 1);
    if (!fine) expect(objections[0]).toMatch(/^bookkeeping on disk: n1 was to remember/);
  });

  test('what its last one did, though more had been asked for then', () => {
    const { objections, watch } = watching();
    for (const memory of [first, second]) watch.remembering('n1', memory);
    watch.recovered('n1', first, false);
    expect(objections).toEqual([]);
    watch.recovered('n1', second, false);
    expect(objections).toHaveLength(1);
  });

  test('nothing, where it was lost with its disk, or nothing was ever durable', () => {
    const { objections, watch } = watching();
    watch.remembering('n1', first);
    watch.recovered('n1', null, false);
    watch.remembering('n2', first);
    watch.remembered('n2', first);
    watch.forgotten('n2');
    watch.recovered('n2', null, false);
    expect(objections).toEqual([]);
  });

  test('also what it has noted itself, where its log was damaged, and nothing else', () => {
    for (const [found, damaged, fine] of [
      [memoryOf(2, { lost }), true, true],
      [memoryOf(2, { lost }), false, false],
      [memoryOf(3, { lost }), true, false],
    ] as const) {
      const { objections, watch } = watching();
      watch.remembering('n1', second);
      watch.remembered('n1', second);
      watch.recovered('n1', found, damaged);
      expect(objections).toHaveLength(fine ? 0 : 1);
      expect(watch.lostBy('n1')).toEqual(lost);
    }
  });

  test('what was lost is what it last said', () => {
    const { watch } = watching();
    expect(watch.lostBy('n1')).toBeNull();
    watch.remembering('n1', memoryOf(1));
    watch.remembering('n1', memoryOf(2, { lost }));
    expect(watch.lostBy('n1')).toEqual(lost);
    watch.remembering('n1', memoryOf(2));
    expect(watch.lostBy('n1')).toBeNull();
  });
});

describe('nobody is told of an epoch before it is durable:', () => {
  const arbiter = { epoch: epoch(3), master: null, members: [], size: null };
  const peer = { node: nodeId('n1'), url: 'http://n1' };
  const joined = { type: 'JoinedSecondary', epoch: epoch(3), master: peer } as const;
  const ack = (of: number) => {
    const at = {
      session: session(of * SESSIONS_PER_EPOCH + 5),
      seq: seq(0),
      lastIndex: logIndex(1),
    };
    return { type: 'SnapshotAck', ...at } as const;
  };

  test.each([
    ['who leads', memoryOf(3), (watch: MemoryWatch) => watch.leads('n1', 3)],
    [
      'who acknowledges',
      memoryOf(9, { acceptedEpoch: epoch(3) }),
      (watch: MemoryWatch) => watch.answers('n1', ack(3)),
    ],
    [
      'who makes a secondary',
      memoryOf(9, { arbiter }),
      (watch: MemoryWatch) => watch.answers('n1', joined),
    ],
    [
      'who makes a master',
      memoryOf(9, { arbiter }),
      (watch: MemoryWatch) => watch.answers('n1', { type: 'JoinedMaster', epoch: epoch(3) }),
    ],
  ] as const)('%s', (_, memory, tells) => {
    const { objections, watch } = watching();
    const before = memoryOf(2, { arbiter: { ...arbiter, epoch: epoch(2) } });
    watch.remembering('n1', before);
    watch.remembered('n1', before);
    watch.remembering('n1', memory);
    tells(watch);
    expect(objections).toMatchObject([
      expect.stringMatching(/^promises are durable: n1 .* only 2/),
    ]);
    watch.remembered('n1', memory);
    tells(watch);
    expect(objections).toHaveLength(1);
  });

  test('who acknowledges in an earlier one has told nothing new', () => {
    const { objections, watch } = watching();
    watch.remembering('n1', memoryOf(2));
    watch.remembered('n1', memoryOf(2));
    expect(objections).toEqual([]);
    watch.answers('n1', ack(0));
    expect(objections).toEqual([]);
  });
});
