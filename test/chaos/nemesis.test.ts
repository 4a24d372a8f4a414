// What is decided, by chance that can be had again: to whom something happens, and that all of it
// is undone.

import { expect, test } from 'vitest';
import { Chance } from '../../src/chaos/chance.ts';
import { FAULT_KINDS } from '../../src/chaos/fault-kinds.ts';
import { Nemesis } from '../../src/chaos/nemesis.ts';
import { staged } from './staged.ts';

/** What is done in so much time, without nodes: who is struck, asked, cleared, brought back. */
async function acting(
  actor: 'processes' | 'faults',
  seed: number,
  ms: number,
  size = 3,
  met: readonly string[] = [],
  strikeMs = 0,
  failover = false,
) {
  const stage = staged(undefined, size);
  const { arena, hands, clock, coverage } = stage;
  arena.failover = failover;
  for (const { name, roles } of FAULT_KINDS.filter((kind) => met.includes(kind.name))) {
    for (const role of roles) {
      coverage.begin(name, role, 0, true);
      coverage.wrote('1', 0, 0);
    }
  }
  const end = new AbortController();
  const rest = arena.sleep;
  Object.assign(arena, {
    sleep: async (some: number) => {
      await rest(some);
      if (clock.now >= ms) end.abort();
    },
  });
  const done: string[] = [];
  const postures = new Map<string, string>();
  const counts = new Map<string, number>();
  Object.assign(hands, {
    postureOf: (node: string) => postures.get(node) ?? 'up',
    strike: async (node: string, what: string) => {
      clock.now += strikeMs;
      postures.set(node, 'down');
      counts.set(what, (counts.get(what) ?? 0) + 1);
      done.push(`${what} ${node}`);
    },
    undo: async (node: string) => {
      postures.delete(node);
      done.push(`undo ${node}`);
    },
    ask: async (node: string, kind: string) => void done.push(`${kind} ${node}`),
    clear: async (node: string) => void done.push(`clear ${node}`),
  });
  Object.defineProperty(hands, 'counts', { get: () => counts });
  await new Nemesis(arena, hands, end.signal)[actor](Chance.of(seed, actor));
  return { ...stage, done, counts, postures };
}

test('the same seed does the same, another one something else', async () => {
  const done = async (seed: number) => (await acting('processes', seed, 30_000)).done.join();
  expect(await done(7)).toBe(await done(7));
  expect(await done(7)).not.toBe(await done(8));
});

test('every blow is undone, and of each kind there is one within some minutes', async () => {
  const { done, counts, postures } = await acting('processes', 1, 300_000);
  expect([...postures]).toEqual([]);
  expect([...counts.keys()].sort()).toEqual(['kill', 'pause', 'stop']);
  const kills = counts.get('kill')!;
  expect(kills).toBeGreaterThanOrEqual(5 * 12);
  // One, two or all at once, the master among them.
  const struck = done.filter((one) => /^(?:kill|stop|pause|undo) /.test(one));
  const blows = struck.join().split(/(?:,undo n\d)+,?/);
  const sizes = new Set(blows.map((blow) => blow.split(',').length));
  for (const size of [1, 2, 3]) expect(sizes).toContain(size);
  for (const what of ['kill', 'stop', 'pause']) {
    for (const node of ['n1', 'n2', 'n3']) expect(done).toContain(`${what} ${node}`);
  }
});

test('where everything takes long, kills go before stops and pauses', async () => {
  const shareOf = async (strikeMs: number): Promise<number> => {
    const { counts } = await acting('processes', 1, 600_000 + 50 * strikeMs, 3, [], strikeMs);
    const all = [...counts.values()].reduce((sum, count) => sum + count);
    return counts.get('kill')! / all;
  };
  expect(await shareOf(0)).toBeLessThan(0.75);
  expect(await shareOf(8_000)).toBeGreaterThan(0.8);
});

test('one blow in six comes when the master can reach no disk and nobody else', async () => {
  const { done } = await acting('processes', 3, 60_000);
  const squeeze = [
    ...['drop-request n2', 'drop-request n3', 'persist-stuck n1'],
    ...['kill n1', 'undo n1', 'clear n2', 'clear n3'],
  ];
  expect(done.join()).toContain(squeeze.join());
  const first = done.indexOf('drop-request n2');
  const blowsBefore =
    done
      .slice(0, first)
      .join()
      .split(/(?:,undo n\d)+/).length - 1;
  expect(blowsBefore).toBe(2);
});

test('a cluster of one is struck too', async () => {
  const { done } = await acting('processes', 5, 60_000, 1);
  expect(new Set(done.map((one) => one.split(' ')[1]))).toEqual(new Set(['n1']));
});

test('each fault comes to those who can meet it, one after the other, and is cleared', async () => {
  const { done } = await acting('faults', 2, 600_000);
  const seen = new Set<string>();
  for (const [place, one] of done.entries()) {
    const [kind, node] = one.split(' ') as [string, string];
    if (kind === 'clear') continue;
    expect(done[place + 1]).toBe(`clear ${node}`);
    const role = node === 'n1' ? 'master' : 'secondary';
    expect(FAULT_KINDS.find(({ name }) => name === kind)?.roles).toContain(role);
    seen.add(`${kind} ${role}`);
  }
  expect(seen.size).toBe(FAULT_KINDS.flatMap(({ roles }) => roles).length);
});

test('what has been met least comes more often', async () => {
  const shareOf = async (met: readonly string[]): Promise<number> => {
    const { done } = await acting('faults', 4, 200_000, 3, met);
    const asked = done.filter((one) => !one.startsWith('clear'));
    return asked.filter((one) => one.startsWith('hold')).length / asked.length;
  };
  const others = FAULT_KINDS.map(({ name }) => name).filter((name) => name !== 'hold');
  expect(await shareOf(others)).toBeGreaterThan(0.4);
  expect(await shareOf([...others, 'hold'])).toBeLessThan(0.4);
});

test('nobody is asked for a fault who is not up', async () => {
  const stage = staged();
  const { arena, hands, clock } = stage;
  for (const node of ['n2', 'n3']) await hands.strike(node, 'pause');
  const end = new AbortController();
  const rest = arena.sleep;
  Object.assign(arena, {
    sleep: async (some: number) => {
      await rest(some);
      if (clock.now >= 30_000) end.abort();
    },
  });
  await new Nemesis(arena, hands, end.signal).faults(Chance.of(4, 'faults'));
  const asked = stage.steps().filter((step) => step.includes(' fault '));
  expect(asked.length).toBeGreaterThan(0);
  for (const step of asked) expect(step).toMatch(/^n1 fault persist-/);
});

test('two that are struck at once are two, and a pause may last until it is noticed', async () => {
  const { done, slept } = await acting('processes', 5, 600_000);
  const blows = done.join('; ').split(/(?:undo|clear|drop-request|persist-stuck) n\d(?:; )?/);
  const paused = blows.filter((blow) => blow.startsWith('pause'));
  const pairs = paused.map((blow) => blow.match(/n\d/g)!).filter(({ length }) => length === 2);
  expect(pairs.length).toBeGreaterThan(0);
  for (const [first, second] of pairs) expect(first).not.toBe(second);
  // From 4 s on a node is Unhealthy.
  expect(Math.max(...slept)).toBeGreaterThan(4_000);
});

test('a master that can be replaced is away at times until another one has its place', async () => {
  const spans = async (failover: boolean) => {
    const { slept } = await acting('processes', 5, 600_000, 3, [], 0, failover);
    return slept.filter((ms) => ms > 5_000).length;
  };
  expect(await spans(true)).toBeGreaterThan(10);
  expect(await spans(false)).toBe(0);
});
