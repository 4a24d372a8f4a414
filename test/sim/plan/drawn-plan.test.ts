// What is drawn for runs: everything that may be, is, and what must not be, is not.

import { describe, expect, test } from 'vitest';
import { FAULT_KINDS } from '../../../src/sim/faults/kinds.ts';
import { GOES_ON, ROT_FAULTS } from '../../../src/sim/faults/rot.ts';
import { drawnPlan } from '../../../src/sim/plan/drawn-plan.ts';
import type { Fault, Plan, PlannedRead, PlannedWrite } from '../../../src/sim/plan/plan.ts';

/** As many as a campaign has at least (SEEDS_FOR_ALL_KINDS). */
const PLANS: readonly Plan[] = Array.from({ length: 200 }, (_, i) => drawnPlan(i + 1));

/** Whether a fault damages what is stored. */
const damages = ({ kind }: Fault): boolean => ROT_FAULTS.some(({ name }) => name === kind);

const SHAPES = PLANS.map(({ shape }) => shape);
const OPERATIONS = PLANS.flatMap(({ operations }) => operations);
const WRITES = OPERATIONS.filter((one): one is PlannedWrite => one.type === 'write');
const READS = OPERATIONS.filter((one): one is PlannedRead => one.type !== 'write');

const all = <Item, Value>(items: readonly Item[], of: (item: Item) => Value): Value[] =>
  [...new Set(items.map(of))].toSorted();

const BOTH = [false, true];

test('damage strikes one node or several, and who goes on as well as who starts on it', () => {
  const rotten = PLANS.map(({ faults }) => faults.filter(damages));
  const struck = rotten.map((faults) => new Set(faults.map(({ node }) => node)).size);
  expect(all(struck, (nodes) => Math.min(nodes, 3))).toEqual([0, 1, 2, 3]);
  expect(all(rotten.flat(), ({ amount }) => amount === GOES_ON)).toEqual(BOTH);
});

describe('among two hundred plans', () => {
  test('there is every kind of cluster', () => {
    expect(all(SHAPES, ({ nodes }) => nodes.length)).toEqual([1, 2, 3, 4, 5]);
    const disks = (durable: boolean): boolean[] =>
      all(SHAPES, ({ nodes }) => nodes.some((node) => node.durable === durable));
    expect([disks(true), disks(false)]).toEqual([BOTH, BOTH]);
    expect(all(SHAPES, ({ arbiter }) => arbiter)).toEqual(['embedded', 'own']);
    for (const name of ['arbiterDurable', 'nameless', 'salvages', 'upkeep'] as const)
      expect(all(SHAPES, (shape) => shape[name])).toEqual(BOTH);
    for (const name of ['size', 'keys'] as const)
      expect(all(SHAPES, (shape) => shape[name] === null)).toEqual(BOTH);
    expect(all(SHAPES, ({ untold = false }) => untold)).toEqual(BOTH);
    const understated = SHAPES.filter(({ untold }) => untold);
    expect(understated.some(({ nodes, size }) => size! < nodes.length - 1)).toBe(true);
    const few = (name: 'snapshotEntriesMax' | 'inFlightMax' | 'pendingAcksMax'): boolean[] =>
      all(SHAPES, ({ options }) => options[name]! < 5);
    for (const name of ['snapshotEntriesMax', 'inFlightMax', 'pendingAcksMax'] as const)
      expect(few(name)).toEqual(BOTH);
  });

  test('there is every kind of fault, of every node, also while a log looks after itself', () => {
    const faults = PLANS.flatMap((plan) => plan.faults);
    expect(all(faults, ({ kind }) => kind)).toEqual(FAULT_KINDS.map(({ name }) => name).toSorted());
    expect(all(faults, ({ node }) => node)).toEqual(['arbiter', 'n1', 'n2', 'n3', 'n4', 'n5']);
    const upkeep = PLANS.filter(({ shape }) => shape.upkeep).flatMap((plan) => plan.faults);
    const kinds = all(upkeep, ({ kind }) => kind);
    expect(kinds).toEqual(expect.arrayContaining(['late-log', 'leave', 'power']));
  });

  test('among more of them bits turn over there, too', () => {
    const missing = new Set(['flip', 'rot']);
    for (let seed = 1; missing.size > 0; seed += 1) {
      expect(seed).toBeLessThan(2_000);
      const { faults, shape } = drawnPlan(seed);
      if (shape.upkeep) for (const { kind } of faults) missing.delete(kind);
    }
  });

  test('clients do everything that they can', () => {
    expect(all(WRITES, ({ w }) => String(w))).toEqual(['1', '2', 'all', 'majority']);
    for (const name of ['batch', 'onlyNew'] as const)
      expect(all(WRITES, (write) => write[name])).toEqual(BOTH);
    for (const name of ['key', 'timeoutMs'] as const)
      expect(all(WRITES, (write) => write[name] === null)).toEqual(BOTH);
    expect(all(WRITES, ({ tries }) => tries)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const parts = WRITES.flatMap(({ operations }) => operations);
    expect(all(parts, ({ op }) => op)).toEqual(['append', 'put', 'remove']);
    const keys = all(parts, (one) => (one.op === 'append' ? 'a' : one.key));
    expect(keys).toEqual(expect.arrayContaining(['__proto__', 'a', 'b', 'c', 'k1', 'k20']));
    expect(keys.some((key) => key.startsWith('short-'))).toBe(true);
    expect(all(READS, ({ type }) => type)).toEqual(['get', 'log']);
    expect(all(READS, ({ read }) => read)).toEqual(['linearizable', 'local', 'majority']);
    expect(all(READS, ({ whole }) => whole)).toEqual(BOTH);
    expect(all(READS, ({ node }) => node)).toEqual(['n1', 'n2', 'n3', 'n4', 'n5']);
  });

  test('some clients send again what another life of theirs has sent, under its key', () => {
    const twice = PLANS.flatMap(({ operations }) => {
      const known = new Map<string | null, PlannedWrite>();
      return operations.flatMap((one) => {
        if (one.type !== 'write' || one.key === null) return [];
        const first = known.get(one.key);
        known.set(one.key, one);
        return first === undefined ? [] : [{ first, again: one }];
      });
    });
    expect(twice.length).toBeGreaterThan(100);
    for (const { again, first } of twice) {
      expect(again).toEqual({ ...first, client: again.client, at: again.at });
      expect([again.client !== first.client, again.at >= first.at]).toEqual([true, true]);
    }
    expect(all(twice, ({ first }) => first.batch)).toEqual(BOTH);
  });
});

describe('a plan', () => {
  test('has faults of nodes that are there, while faults may be', () => {
    for (const { faults, faultsFrom, faultsUntil, shape } of PLANS) {
      const ids = [...shape.nodes.map(({ id }) => id), 'arbiter'];
      for (const { amount, at, kind, node, peer } of faults) {
        expect(ids).toContain(node);
        expect(ids).toContain(peer);
        const { arbiterToo } = FAULT_KINDS.find(({ name }) => name === kind)!;
        if (!arbiterToo) expect(node).not.toBe('arbiter');
        expect([at >= faultsFrom, at < faultsUntil]).toEqual([true, true]);
        expect([amount > 0, amount <= 1]).toEqual([true, true]);
      }
      expect(faults.map(({ at }) => at)).toEqual(
        faults.map(({ at }) => at).toSorted((a, b) => a - b),
      );
    }
  });

  test('has clients that act before, during and after them, each text once', () => {
    for (const { faultsFrom, faultsUntil, operations } of PLANS) {
      const at = operations.map((one) => one.at);
      expect(at).toEqual(at.toSorted((a, b) => a - b));
      expect(at[0]).toBeLessThan(faultsFrom);
      expect(at.at(-1)).toBeGreaterThan(faultsUntil);
      const writes = operations.filter((one): one is PlannedWrite => one.type === 'write');
      // What is sent again has the same key, and is to be stored once.
      const sent = new Map(writes.map((write) => [write.key ?? write, write]));
      const texts = [...sent.values()]
        .flatMap((write) => write.operations)
        .flatMap((one) =>
          one.op === 'append' ? [one.message] : one.op === 'put' ? [`${one.key}=${one.value}`] : [],
        );
      expect(new Set(texts).size).toBe(texts.length);
    }
  });
});

test('a damaged node meets another mishap on its way back: its own, or its master is lost', () => {
  const mishaps = { own: 0, master: 0 };
  for (let seed = 1; seed <= 1_500; seed += 1) {
    const { faults, shape } = drawnPlan(seed);
    const rots = faults.filter(damages);
    for (const { node, at, forMs } of rots) {
      const back = at + forMs;
      const next = faults.find((one) => one.forMs === 20 && one.at >= back && one.at <= back + 60);
      if (next !== undefined && damages(next) && next.node === node) mishaps.own += 1;
      const lost = next?.kind === 'wipe' && next.node !== node;
      if (lost && next.node === shape.nodes[0]!.id) mishaps.master += 1;
    }
  }
  expect(Math.min(mishaps.own, mishaps.master)).toBeGreaterThan(20);
});

test('a bit turns over where the master is its own arbiter, too; that never forgets', () => {
  const plans: Plan[] = [];
  for (let seed = 1; seed <= 600; seed += 1) {
    const plan = drawnPlan(seed);
    if (plan.shape.arbiter === 'embedded' && plan.faults.some(damages)) plans.push(plan);
  }
  expect(plans.length).toBeGreaterThan(20);
  const wiped = plans.flatMap(({ faults }) => faults.filter(({ kind }) => kind === 'wipe'));
  expect(wiped.length).toBeGreaterThan(2);
  expect(wiped.map(({ node }) => node)).not.toContain('n1');
});

test('bookkeeping is damaged only where its node can be given an empty disk', () => {
  const kinds = { damaged: 0, replaced: 0, alone: 0 };
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const { faults, shape } = drawnPlan(seed);
    if (!faults.some(damages)) continue;
    kinds.damaged += 1;
    const forgets = faults.some(({ kind }) => kind === 'forget');
    if (!faults.some(({ kind }) => kind === 'rot-memory')) continue;
    if (shape.arbiter === 'own' && !forgets) kinds.replaced += 1;
    else kinds.alone += 1;
  }
  expect(kinds.replaced).toBeGreaterThan(10);
  expect(kinds.damaged).toBeGreaterThan(2 * kinds.replaced);
  expect(kinds.alone).toBe(0);
});
