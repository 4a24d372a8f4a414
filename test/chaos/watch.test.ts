// What chaos sees of nodes, and what it takes for an end that nobody asked for.

import { expect, test } from 'vitest';
import { Watch } from '../../src/chaos/watch.ts';
import { type Answers, answered, refused, staged } from './staged.ts';

const watching = (answers?: Answers) => {
  const stage = staged(answers);
  return { ...stage, watch: new Watch(stage.arena, stage.hands) };
};

type Watching = Pick<ReturnType<typeof watching>, 'arena' | 'watch'>;

test('a role is taken down once per life and epoch, indexes without what was there', async () => {
  let epoch = 1;
  const { watch, arena, lines } = watching((one) => ({ ...(answered(one) as object), epoch }));
  arena.base = 100;
  for (const next of [1, 1, 2]) {
    epoch = next;
    await watch.look('n2');
  }
  arena.lifeBegins('n2');
  await watch.look('n2');
  expect(
    lines.filter(({ type }) => type === 'node').map(({ life, epoch }) => [life, epoch]),
  ).toEqual([
    ['n2#1', 1],
    ['n2#1', 2],
    ['n2#2', 2],
  ]);
  expect(lines.filter(({ type }) => type === 'health')).toHaveLength(4);
  expect(lines.at(-1)).toMatchObject({ lastIndex: 5, commitIndex: 4, mode: null });
  // A node that lost what was there before is at the beginning, not before it.
  arena.base = 200;
  await watch.look('n2');
  expect(lines.at(-1)).toMatchObject({ lastIndex: 0, commitIndex: 0 });
});

test('who says that it is master is, with its mode and quorum', async () => {
  const { watch, arena, lines } = watching((one) => answered({ ...one, who: 'n1' }));
  await watch.look('n3');
  expect([arena.master, arena.roleOf('n3'), arena.roleOf('n1')]).toEqual([
    ...['n3', 'master', 'secondary'],
  ]);
  const quorum = { size: 3, needed: 2, alive: 3 };
  expect(lines.at(-1)).toMatchObject({ role: 'master', mode: 'read-write', ...quorum });
});

test('nothing is taken down of who does not answer, or in another life', async () => {
  const silent = watching(() => refused());
  await silent.watch.look('n2');
  expect(silent.lines).toEqual([]);
  const reborn = watching((one) => {
    reborn.arena.lifeBegins('n2');
    return answered(one);
  });
  await reborn.watch.look('n2');
  expect(reborn.lines).toEqual([]);
  reborn.arena.lifeEnds('n3');
  await reborn.watch.look('n3');
  expect(reborn.asked).toEqual(['n2 GET /health']);
});

/** Until it has rested twelve times; resolves with the lengths of its rests. */
async function watchesOn({ arena, watch }: Watching): Promise<number[]> {
  const end = new AbortController();
  const rests: number[] = [];
  Object.assign(arena, {
    sleep: async (ms: number) => {
      rests.push(ms);
      if (rests.length === 12) end.abort();
      await new Promise(setImmediate);
    },
  });
  await watch.run(end.signal);
  return rests;
}

test('nodes and processes are looked at a few times a second, and no more', async () => {
  const { watch, arena, asked } = watching();
  const rests = await watchesOn({ arena, watch });
  // One look, one rest; three more looks may be under way when the last rest begins.
  expect(asked.length).toBeGreaterThanOrEqual(rests.length);
  expect(asked.length).toBeLessThanOrEqual(rests.length + 3);
  for (const ms of rests) {
    expect(ms).toBeGreaterThanOrEqual(200);
    expect(ms).toBeLessThanOrEqual(500);
  }
});

test.each([
  ['n2 has ended by itself', 'exited', null, ['n2 has ended by itself']],
  ['n2 runs', 'running', null, []],
  ['n2 was killed', 'exited', 'kill', []],
  ['n2 stands still', 'exited', 'pause', []],
] as const)('%s: of a process that is %s', async (_, state, what, failures) => {
  const { watch, hands, arena } = watching((one) =>
    one.what === 'GET /cluster'
      ? { name: 'c', nodes: [{ node: 'n2', url: 'u', role: null, pid: 1, state }] }
      : answered(one),
  );
  if (what !== null) await hands.strike('n2', what);
  await watchesOn({ arena, watch });
  // Told once, however often it is seen.
  expect(hands.failures).toEqual(failures);
});

test('a node without a role is looked at, and has none to be taken down', async () => {
  const { watch, lines } = watching((one) => ({ ...(answered(one) as object), role: null }));
  await watch.look('n2');
  expect(lines).toMatchObject([{ type: 'health', role: null }]);
});

test('the end of a process that was started again meanwhile is no end by itself', async () => {
  const { watch, hands, arena } = watching((one) => {
    if (one.what !== 'GET /cluster') return answered(one);
    arena.lifeBegins('n2');
    return { name: 'c', nodes: [{ node: 'n2', url: 'u', role: null, pid: 1, state: 'exited' }] };
  });
  await watchesOn({ arena, watch });
  expect(hands.failures).toEqual([]);
});
