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
    now += ms;
    // A turn of the event loop: what was begun before comes to its end.
    await new Promise((resolve) => setImmediate(resolve));
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
