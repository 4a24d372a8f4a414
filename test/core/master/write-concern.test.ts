import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { WriteConcern } from '../../../src/core/effects.ts';
import { logIndex, type NodeId, nodeId, ticket } from '../../../src/core/ids.ts';
import {
  type Acknowledged,
  holders,
  type Waiter,
  WriteConcerns,
} from '../../../src/core/master/write-concern.ts';
import { VirtualCluster } from '../virtual-cluster.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Positions of n1 (the master), n2, n3, … */
function acknowledged(positions: readonly number[], size = positions.length): Acknowledged {
  const named = positions.map((at, i): [NodeId, ReturnType<typeof logIndex>] => [
    nodeId(`n${i + 1}`),
    logIndex(at),
  ]);
  return { self: nodeId('n1'), positions: new Map(named), size };
}

const nodes = (...ids: string[]): NodeId[] => ids.map(nodeId);

let lastTicket = 0;
function waiter(w: WriteConcern, index: number, deadline = NEVER): Waiter {
  lastTicket += 1;
  const at = logIndex(index);
  return { ticket: ticket(lastTicket), first: at, last: at, w, duplicate: false, deadline };
}

function answered(w: WriteConcern, index: number, positions: readonly number[], size?: number) {
  const waiters = new WriteConcerns();
  waiters.add(waiter(w, index), acknowledged(positions).positions.keys());
  return waiters.satisfied(acknowledged(positions, size)).length === 1;
}

describe('WriteConcerns', () => {
  test.each<{ w: WriteConcern; positions: number[]; size?: number; met: boolean }>([
    { w: 1, positions: [5, 0, 0], met: true },
    { w: 1, positions: [4, 5, 5], met: false },
    { w: 2, positions: [5, 0, 0], met: false },
    { w: 2, positions: [5, 5, 0], met: true },
    { w: 2, positions: [4, 5, 5], met: false },
    { w: 3, positions: [5, 5, 4], met: false },
    { w: 3, positions: [5, 5, 5], met: true },
    { w: 3, positions: [5, 5], met: false },
    { w: 'majority', positions: [5, 0, 0], met: false },
    { w: 'majority', positions: [5, 5, 0], met: true },
    { w: 'majority', positions: [4, 5, 5], met: false },
    { w: 'majority', positions: [5], met: true },
    { w: 'majority', positions: [5], size: 3, met: false },
    { w: 'majority', positions: [5, 5], size: 5, met: false },
    { w: 'majority', positions: [5, 5, 5, 0, 0], size: 5, met: true },
    { w: 'all', positions: [5, 5, 4], met: false },
    { w: 'all', positions: [5, 5, 5], met: true },
    { w: 'all', positions: [4, 5, 5], met: false },
    { w: 'all', positions: [5], size: 3, met: true },
  ])('C6: w=$w, positions $positions, size $size: met=$met', ({ w, positions, size, met }) => {
    expect(answered(w, 5, positions, size)).toBe(met);
  });

  test('B09: the same acknowledgement twice counts once', () => {
    const waiters = new WriteConcerns();
    waiters.add(waiter(3, 1), nodes('n1', 'n2', 'n3'));
    for (let i = 0; i < 5; i += 1) {
      expect(waiters.satisfied(acknowledged([1, 1, 0]))).toEqual([]);
    }
    expect(waiters.satisfied(acknowledged([1, 1, 1]))).toHaveLength(1);
  });

  test('B12: a w that the cluster cannot reach yet waits, and blocks nobody', () => {
    const waiters = new WriteConcerns();
    waiters.add(waiter(99, 1), nodes('n1', 'n2'));
    waiters.add(waiter(2, 2), nodes('n1', 'n2'));
    const done = waiters.satisfied(acknowledged([2, 2]));
    expect(done.map(({ last }) => last)).toEqual([2]);
    expect(waiters.size).toBe(1);
  });

  test('answers all who are done, in order of index, and nobody else', () => {
    const waiters = new WriteConcerns();
    for (const index of [4, 2, 9, 1, 7]) waiters.add(waiter(2, index), nodes('n1', 'n2'));
    const done = waiters.satisfied(acknowledged([9, 4]));
    expect(done.map(({ last }) => last)).toEqual([1, 2, 4]);
    expect(waiters.satisfied(acknowledged([9, 9])).map(({ last }) => last)).toEqual([7, 9]);
  });

  test('B13: `all` does not wait for a member that leaves', () => {
    const waiters = new WriteConcerns();
    waiters.add(waiter('all', 1), nodes('n1', 'n2', 'n3'));
    expect(waiters.satisfied(acknowledged([1, 1, 0]))).toEqual([]);
    waiters.left(nodeId('n3'));
    expect(waiters.satisfied(acknowledged([1, 1]))).toHaveLength(1);
  });

  test('`all` means the members when the write came: who joins later is not waited for', () => {
    const waiters = new WriteConcerns();
    waiters.add(waiter('all', 1), nodes('n1', 'n2'));
    waiters.joined();
    waiters.add(waiter('all', 2), nodes('n1', 'n2', 'n3'));
    const done = waiters.satisfied(acknowledged([2, 2, 0]));
    expect(done.map(({ last }) => last)).toEqual([1]);
    expect(waiters.satisfied(acknowledged([2, 2, 2]))).toHaveLength(1);
  });

  test('`all`: a member that left and came back is waited for by later writes only', () => {
    const waiters = new WriteConcerns();
    waiters.add(waiter('all', 1), nodes('n1', 'n2', 'n3'));
    waiters.left(nodeId('n3'));
    waiters.joined();
    waiters.add(waiter('all', 2), nodes('n1', 'n2', 'n3'));
    const done = waiters.satisfied(acknowledged([2, 2, 0]));
    expect(done.map(({ last }) => last)).toEqual([1]);
  });

  test('a batch is done when its last operation is', () => {
    const waiters = new WriteConcerns();
    waiters.add({ ...waiter(2, 3), last: logIndex(5) }, nodes('n1', 'n2'));
    expect(waiters.satisfied(acknowledged([5, 4]))).toEqual([]);
    expect(waiters.satisfied(acknowledged([5, 5]))).toHaveLength(1);
  });

  test('those whose time is up are taken out, the others stay', () => {
    const waiters = new WriteConcerns();
    waiters.add(waiter(3, 1, 500), nodes('n1'));
    waiters.add(waiter(3, 2, 200), nodes('n1'));
    waiters.add(waiter('all', 3, 900), nodes('n1', 'n2'));
    expect(waiters.deadline()).toBe(200);
    expect(waiters.expired(199)).toEqual([]);
    expect(waiters.expired(500).map(({ last }) => last)).toEqual([2, 1]);
    expect(waiters.deadline()).toBe(900);
    expect(waiters.size).toBe(1);
  });

  test('C17, B51: clients that go away, are answered or time out leave nothing behind', () => {
    const waiters = new WriteConcerns();
    const kinds: WriteConcern[] = [1, 2, 3, 'majority', 'all'];
    const came = Array.from({ length: 10_000 }, (_, i) => waiter(kinds[i % 5]!, i + 1, 100 + i));
    for (const each of came) waiters.add(each, nodes('n1', 'n2', 'n3'));
    expect(waiters.size).toBe(10_000);
    expect(waiters.waitingForOthers).toBe(8_000);
    for (const { ticket: gone } of came.slice(0, 5_000)) waiters.drop(gone);
    waiters.drop(ticket(-1));
    waiters.satisfied(acknowledged([6_000, 6_000, 6_000]));
    waiters.expired(8_000);
    const left = waiters.drain().map(({ ticket: waiting }) => waiting);
    expect(left).toEqual(came.slice(7_901).map(({ ticket: waiting }) => waiting));
    expect(waiters).toMatchObject({ size: 0, waitingForOthers: 0 });
    expect(waiters.deadline()).toBe(NEVER);
    expect(waiters.satisfied(acknowledged([20_000, 20_000, 20_000]))).toEqual([]);
    expect(waiters.expired(NEVER)).toEqual([]);
  });

  test('C17: a line in which nobody waits any more is not looked at again', () => {
    const waiters = new WriteConcerns();
    for (let index = 1; index <= 100; index += 1) {
      waiters.add(waiter('all', index), nodes('n1', 'n2'));
      waiters.joined();
    }
    expect(waiters.satisfied(acknowledged([100, 100]))).toHaveLength(100);
    const after = acknowledged([100, 100]);
    const looks = vi.spyOn(after.positions, 'get');
    waiters.satisfied(after);
    expect(looks).not.toHaveBeenCalled();
  });

  test('C6: agrees with counting by hand, whatever comes', () => {
    const w = fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constantFrom('majority', 'all'));
    const positions = fc.array(fc.nat(6), { minLength: 3, maxLength: 3 });
    const property = fc.property(
      fc.array(fc.tuple(w, fc.integer({ min: 1, max: 6 }))),
      positions,
      (writes, reached) => {
        const waiters = new WriteConcerns();
        const expected: string[] = [];
        for (const [wanted, index] of writes) {
          waiters.add(waiter(wanted as WriteConcern, index), nodes('n1', 'n2', 'n3'));
          const having = reached.filter((at) => at >= index).length;
          const needed = wanted === 'all' ? 3 : wanted === 'majority' ? 2 : (wanted as number);
          if (reached[0]! >= index && having >= needed) expected.push(`${wanted} ${index}`);
        }
        const done = waiters.satisfied(acknowledged(reached));
        expect(done.map(({ w: asked, last }) => `${asked} ${last}`).sort()).toEqual(
          expected.sort(),
        );
        expect(waiters.size).toBe(writes.length - expected.length);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });
});

describe('holders', () => {
  test('names who has the operation, the master first', () => {
    const positions = new Map([
      [nodeId('n2'), logIndex(5)],
      [nodeId('n1'), logIndex(5)],
      [nodeId('n3'), logIndex(4)],
    ]);
    const of = { self: nodeId('n1'), positions, size: 3 };
    expect(holders(logIndex(5), of)).toEqual(['n1', 'n2']);
    expect(holders(logIndex(4), of)).toEqual(['n1', 'n2', 'n3']);
    expect(holders(logIndex(6), of)).toEqual([]);
  });

  test('G12: no node names itself before its disk has the operation', () => {
    const cluster = new VirtualCluster();
    cluster.start('n1', { arbiter: null });
    cluster.start('n2', { arbiter: 'n1' });
    cluster.run(100);
    cluster.host('n2').disk.stuck = true;
    cluster.write('n1', 'a', { w: 1 });
    cluster.run(100);
    const held = () => ['n1', 'n2'].map((id) => cluster.host(id).replica!.holders(logIndex(1)));
    expect(cluster.status('n2').lastIndex).toBe(1);
    expect(held()).toEqual([['n1'], []]);
    cluster.host('n2').disk.stuck = false;
    cluster.run(1_000);
    expect(held()).toEqual([['n1', 'n2'], ['n2']]);
  });
});
