import { expect, test } from 'vitest';
import type { Arena } from '../../src/chaos/arena.ts';
import type { Hands } from '../../src/chaos/hands.ts';
import { play } from '../../src/chaos/player.ts';
import type { Script, StepLine } from '../../src/chaos/recording.ts';

const step = (at: number, node: string): StepLine => ({ type: 'step', at, node, act: 'kill' });

const script = (...steps: StepLine[]): Script => ({
  run: { type: 'run', format: 1, seed: 7, nodes: ['n1', 'n2'], durationMs: 10 },
  steps,
  writes: [],
  reads: [],
});

/** Time passes only when it is slept through. */
function timeless(): Arena {
  let now = 0;
  const sleep = async (ms: number): Promise<void> => {
    // A turn of the event loop: what was begun before comes to its end.
    await new Promise((resolve) => setImmediate(resolve));
    now += ms;
  };
  return { now: () => now, sleep } as unknown as Arena;
}

test('a step that failed is told, however long ago, and nothing is begun after it', async () => {
  const done: string[] = [];
  const hands = {
    play: async ({ node }: StepLine) => {
      if (node === 'n1') throw new Error('n1 cannot be killed');
      done.push(node);
    },
  } as unknown as Hands;
  const steps = script(step(0, 'n1'), step(100, 'n2'), step(200, 'n2'));
  const played = play(timeless(), hands, steps, new AbortController().signal);
  await expect(played).rejects.toThrow('n1 cannot be killed');
  expect(done.length).toBeLessThan(2);
});

test('everything is begun at its moment, in the order of moments', async () => {
  const begun: [string, number][] = [];
  const arena = timeless();
  const hands = {
    play: async ({ node }: StepLine) => void begun.push([node, arena.now()]),
  } as unknown as Hands;
  // Of a node that is in no life nothing is read: that is a miss, told with its moment.
  const misses: [string, number][] = [];
  Object.assign(arena, {
    lifeOf: () => null,
    recording: { add: ({ type }: { type: string }) => void misses.push([type, arena.now()]) },
  });
  const order = { kind: 'log', client: 'r', node: 'n1', read: 'local', from: 1, limit: 9 } as const;
  const steps = [step(300, 'n2'), step(100, 'n1')];
  const played = { ...script(...steps), reads: [{ at: 200, order }] };
  await play(arena, hands, played, new AbortController().signal);
  expect(begun).toEqual([
    ['n1', 100],
    ['n2', 300],
  ]);
  expect(misses).toEqual([['miss', 200]]);
});

test('what is done to one node is done in turn, and awaited', async () => {
  const done: string[] = [];
  const hands = {
    play: async ({ node, at }: StepLine) => {
      done.push(`${node} ${at} begins`);
      for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
      done.push(`${node} ${at} ends`);
    },
  } as unknown as Hands;
  const steps = script(step(1, 'n1'), step(2, 'n1'), step(3, 'n2'));
  await play(timeless(), hands, steps, new AbortController().signal);
  const first = done.filter((what) => what.startsWith('n1'));
  expect(first).toEqual(['n1 1 begins', 'n1 1 ends', 'n1 2 begins', 'n1 2 ends']);
  // The other node waits for no turn.
  expect(done.indexOf('n2 3 begins')).toBeLessThan(done.indexOf('n1 1 ends'));
  expect(done).toHaveLength(6);
});

test('after the signal nothing more is begun', async () => {
  const end = new AbortController();
  const done: number[] = [];
  const hands = {
    play: async ({ at }: StepLine) => {
      done.push(at);
      end.abort();
    },
  } as unknown as Hands;
  await play(timeless(), hands, script(step(1, 'n1'), step(2, 'n2')), end.signal);
  expect(done).toEqual([1]);
});

test('of many that are due at once no more than 64 are under way', async () => {
  let [open, most] = [0, 0];
  const hands = {
    play: async () => {
      open += 1;
      most = Math.max(most, open);
      await new Promise(setImmediate);
      open -= 1;
    },
  } as unknown as Hands;
  const many = Array.from({ length: 200 }, (_, i) => step(0, `n${i}`));
  await play(timeless(), hands, script(...many), new AbortController().signal);
  expect([most, open]).toEqual([64, 0]);
});
