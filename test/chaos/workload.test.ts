// What clients ask for: all of it drawn from the seed, and nothing asked twice by accident.

import { expect, test } from 'vitest';
import { Workload } from '../../src/chaos/workload.ts';
import { refused, staged } from './staged.ts';

interface Sent {
  readonly client: string;
  readonly idempotencyKey: string;
  readonly w: unknown;
  readonly operations: readonly { op: string; message?: string; key?: string; value?: string }[];
  readonly order: { via: string; timeoutMs: number; retryForMs: number };
  readonly outcome: string;
}

const told = { index: 9, first: 9, last: 9, acks: ['n1'], durable: true, ms: 1 };
const page = { entries: [], lastIndex: 105, commitIndex: 104, next: null };
/** A client to which everything is granted at once. */
const granting = {
  ...{ append: async () => told, appendBatch: async () => told },
  ...{ put: async () => told, remove: async () => told },
  ...{ log: async () => page, get: async () => ({ value: 'v', index: 3 }) },
};

/** The clients' work until each has rested so often. */
async function working(seed: number, rests: number, isRefused = false) {
  const stage = staged(() => refused());
  if (!isRefused) {
    Object.assign(stage.arena, { writerAt: () => granting, clientOf: () => granting });
  }
  const end = new AbortController();
  let left = rests * 10;
  const { arena } = stage;
  const rest = arena.sleep;
  Object.assign(arena, {
    sleep: async (ms: number) => {
      await rest(ms);
      left -= 1;
      if (left <= 0) end.abort();
    },
  });
  await new Workload(arena, seed, 't', end.signal).run();
  const writes = stage.lines.filter(({ type }) => type === 'write') as unknown as Sent[];
  return { ...stage, writes };
}

test('the same seed asks for the same', async () => {
  const keys = async (seed: number): Promise<string[]> => {
    const { writes } = await working(seed, 30);
    return writes
      .filter(({ client }) => client === 'writer1')
      .map(({ idempotencyKey, w, order }) => `${idempotencyKey} ${w} ${order.timeoutMs}`)
      .slice(0, 20);
  };
  expect(await keys(1)).toEqual(await keys(1));
  expect(await keys(1)).not.toEqual(await keys(2));
});

test('a key stands for one request, also where it is repeated, and no removal is', async () => {
  const { writes } = await working(1, 200);
  const asked = new Map<string, string>();
  const copies = new Map<string, number>();
  for (const { idempotencyKey, operations } of writes) {
    const words = JSON.stringify(operations);
    expect(asked.get(idempotencyKey) ?? words).toBe(words);
    asked.set(idempotencyKey, words);
    copies.set(idempotencyKey, (copies.get(idempotencyKey) ?? 0) + 1);
  }
  const repeated = [...copies].filter(([, count]) => count > 1).map(([key]) => key);
  expect(repeated.length).toBeGreaterThan(writes.length * 0.05);
  // Two copies at once have a client each; later on it is the same client that asks again.
  expect(writes.some(({ client }) => client.endsWith('b'))).toBe(true);
  const later = writes.filter(({ client, idempotencyKey }, i) =>
    writes.slice(0, i).some((one) => {
      return one.idempotencyKey === idempotencyKey && one.client === client;
    }),
  );
  expect(later.length).toBeGreaterThan(writes.length * 0.05);
  for (const { operations } of later)
    expect(operations.map(({ op }) => op)).not.toContain('remove');
});

test('every write concern and operation comes, with the marks of the run', async () => {
  const { writes } = await working(1, 200);
  expect(new Set(writes.map(({ w }) => w))).toEqual(new Set([1, 2, 3, 'majority', 'all']));
  const operations = writes.flatMap((one) => one.operations);
  expect(new Set(operations.map(({ op }) => op))).toEqual(new Set(['append', 'put', 'remove']));
  for (const { message, key } of operations) expect(message ?? key).toMatch(/^t-/);
  const keys = new Set(operations.flatMap(({ key }) => key ?? []));
  expect(keys).toEqual(new Set(Array.from({ length: 8 }, (_, i) => `t-k${i + 1}`)));
  const messages = new Map(
    writes.flatMap(({ idempotencyKey, operations: all }) =>
      all.flatMap(({ message }) => (message === undefined ? [] : [[message, idempotencyKey]])),
    ) as [string, string][],
  );
  expect(new Set(messages.values()).size).toBeGreaterThan(100);
  expect(writes.some((one) => one.operations.length > 1)).toBe(true);
  for (const { order } of writes) {
    expect(order.timeoutMs).toBeGreaterThanOrEqual(150);
    expect(order.timeoutMs).toBeLessThanOrEqual(3_000);
  }
  expect(new Set(writes.map(({ order }) => order.via))).toEqual(new Set(['n1', 'n2', 'n3']));
});

test('reads come at every level, of all nodes; only a master can promise the latest', async () => {
  const { lines } = await working(1, 60);
  const reads = lines.filter(({ type }) => type === 'log' || type === 'get');
  expect(new Set(reads.map(({ type, read }) => `${type} ${read}`)).size).toBe(6);
  expect(new Set(reads.map(({ node }) => node))).toEqual(new Set(['n1', 'n2', 'n3']));
  // They go on about where they were.
  const places = reads.flatMap(({ from }) => (typeof from === 'number' ? [from] : []));
  expect(places.filter((from) => from > 60).length).toBeGreaterThan(places.length / 2);
  for (const { read, node } of reads) if (read === 'linearizable') expect(node).toBe('n1');
});

test('who was refused rests for longer: nobody spins', async () => {
  const { slept } = await working(1, 6, true);
  const { slept: unhurried } = await working(1, 30);
  const shortest = (all: readonly number[]): number => Math.min(...all);
  expect(shortest(slept)).toBeGreaterThanOrEqual(20);
  expect(shortest(unhurried)).toBeLessThan(20);
});
