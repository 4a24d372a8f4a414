import { describe, expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { FAULT_KINDS } from '../../src/sim/faults/kinds.ts';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import type { Plan } from '../../src/sim/plan/plan.ts';
import { simulate } from '../../src/sim/simulation.ts';
import { tryPlan } from '../../src/sim/trial.ts';

const TIME_LIMIT_MS = 60_000;

const before =
  ({ faultsUntil }: Plan) =>
  (at: number): boolean =>
    at <= faultsUntil;

describe('a run', { timeout: TIME_LIMIT_MS }, () => {
  test('is the same each time, to the letter', async () => {
    for (const seed of [3, 17, 31]) {
      const plan = drawnPlan(seed);
      expect(drawnPlan(seed)).toEqual(plan);
      const once = await simulate(plan);
      const again = await simulate(plan, { traced: true });
      expect(again.hash).toBe(once.hash);
      expect(again.history).toEqual(once.history);
      expect(again.trace.length).toBeGreaterThan(100);
    }
  });

  test('another seed is another run', async () => {
    const hashes = await Promise.all([1, 2].map(async (seed) => (await trial(seed)).run.hash));
    expect(new Set(hashes).size).toBe(2);
  });

  test('runs beside each other do not disturb each other', async () => {
    const alone = (await trial(5)).run.hash;
    const [beside] = await Promise.all([trial(5), trial(6)]);
    expect(beside.run.hash).toBe(alone);
  });

  test('without faults everybody is answered, and nothing is said to have gone wrong', async () => {
    const plan: Plan = { ...drawnPlan(1), faults: [] };
    const { findings, run } = await tryPlan(plan);
    expect(findings).toEqual([]);
    expect(judge(run.history).verdict).toBe('OK');
    const writes = run.history.filter((record) => record.type === 'write');
    expect(writes.length).toBeGreaterThan(50);
    const without = writes.filter(({ outcome }) => outcome === 'unknown');
    expect(without.length).toBeLessThan(writes.length / 10);
    const number = expect.any(Number);
    const quorum = { mode: expect.any(String), size: number, alive: number, needed: number };
    const masters = run.history.filter((one) => one.type === 'health' && one.role === 'master');
    expect(masters.length).toBeGreaterThan(0);
    for (const master of masters) expect(master).toMatchObject(quorum);
  });

  test('a fault that would go on is over when all of them are', async () => {
    const drawn = drawnPlan(1);
    const at = drawn.faultsUntil - 600;
    const more = { at, forMs: 2_000, node: 'n2', peer: 'n1', amount: 1, seed: 7 };
    const faults = ['twice', 'ahead', 'mid-write'].map((kind) => ({ kind, ...more }));
    const { run } = await tryPlan({ ...drawn, faults });
    const ends = run.history.filter((record) => record.type === 'node' && record.event === 'crash');
    expect(ends.length).toBeGreaterThan(0);
    for (const end of ends) expect(end).toMatchObject({ at: expect.toSatisfy(before(drawn)) });
  });

  test('the history tells what went wrong, and when that was over', async () => {
    const { history, plan } = (await trial(3)).run;
    const phases = history.flatMap((record) => (record.type === 'phase' ? [record.phase] : []));
    expect(phases).toEqual(['safety', 'liveness', 'end']);
    const faults = history.filter((record) => record.type === 'fault');
    expect(faults.map(({ kind }) => kind)).toEqual(plan.faults.map(({ kind }) => kind));
  });
});

describe('each kind of fault alone', { timeout: TIME_LIMIT_MS }, () => {
  const shape = {
    ...drawnPlan(1).shape,
    nodes: ['n1', 'n2', 'n3'].map((id) => ({ id, durable: true })),
    arbiter: 'own' as const,
    arbiterDurable: true,
    nameless: true,
    size: 3,
  };
  /** So small that one follows another. */
  const layout = { ...shape.layout, segmentBytes: 600 };

  test.each([
    { order: ['forget', 'join', 'leave'], struck: ['forget'] },
    { order: ['leave', 'forget', 'join'], struck: ['leave', 'join'] },
  ])('an arbiter that forgot meets whom it met before: $order', async ({ order, struck }) => {
    const base = drawnPlan(8);
    const faults = order.map((kind, i) => ({
      ...{ kind, at: base.faultsFrom + 100 + 700 * i, forMs: 60_000 },
      ...{ node: kind === 'leave' ? 'n3' : 'n2', peer: 'n1', amount: 0.5, seed: 7 + i },
    }));
    const { findings, run } = await tryPlan({ ...base, shape, faults });
    expect(findings).toEqual([]);
    expect(order.filter((kind) => run.hits.has(kind)).toSorted()).toEqual(struck.toSorted());
  });

  test.each(FAULT_KINDS.map(({ name }) => name))(
    '%s: the cluster comes through it',
    async (kind) => {
      const base = drawnPlan(8);
      const faults = ['n1', 'n2', 'n3'].map((node, i) => ({
        kind,
        at: base.faultsFrom + 100 + 700 * i,
        forMs: 600,
        node,
        peer: node === 'n1' ? 'n2' : 'n1',
        amount: 0.5,
        seed: 7 + i,
      }));
      const among = kind.endsWith('-file') ? { ...shape, layout } : shape;
      const { findings, run } = await tryPlan({ ...base, shape: among, faults });
      expect(findings).toEqual([]);
      expect(run.hits.get(kind)).toBeGreaterThan(0);
    },
  );
});

function trial(seed: number) {
  return tryPlan(drawnPlan(seed));
}
