// Which segments a pass of compaction rewrites, and which it puts together.

import { describe, expect, it } from 'vitest';
import { type Entry, entryOf, type Operation } from '../../../src/core/operation.ts';
import { at, entryAt } from '../entries.ts';
import { segmentsOf } from '../flipped-segment.ts';
import { entriesOf, Node, type Request, written } from '../folded-log.ts';
import { Machine, SMALL } from '../machine.ts';
import { keyed, plain } from '../request-runs.ts';

const request = (step: Request['step']): Request => ({ step, named: false, turn: 1 });
const put = (key: number): Request => request({ op: 'put', key, size: 30 });

/** How many entries are left of such a log when there is nothing to do any more, and its files. */
async function compacted(all: readonly Request[]) {
  const machine = new Machine(SMALL);
  const node = await written(machine, all);
  const { lastIndex } = node.log;
  await node.upkeep(lastIndex);
  const { count } = await node.log.read(at(1), lastIndex);
  await node.log.close();
  expect(node.reports).toEqual([]);
  return { machine, node, gone: lastIndex - count };
}

/** What compaction leaves of a log of so many operations, each with an idempotency key or without,
 * of which the latest 150 are known. */
async function leftOf(
  machine: Machine,
  count: number,
  operation: (i: number) => Operation,
  named: (i: number) => boolean = () => true,
): Promise<Entry[]> {
  const node = await new Node(machine.open(), 150).start(false);
  for (let i = 1; i <= count; i += 1) {
    const head = named(i) ? { idempotencyKey: `request ${i}` } : {};
    await node.write([entryOf(operation(i), entryAt(i), head)]);
  }
  await node.upkeep(node.log.lastIndex);
  const left = (await node.log.read(at(1), node.log.lastIndex)).entries();
  await node.log.close();
  expect(node.reports).toEqual([]);
  return left;
}

const TEXT = 'v'.repeat(30);
const message = (): Operation => ({ op: 'append', message: TEXT });
const putOn = (key: string): Operation => ({ op: 'put', key, value: TEXT });
/** Puts on few keys, and as many messages, which stay anyway. */
const mixed = (i: number): Operation => (i % 2 === 0 ? putOn(`key ${i % 3}`) : message());

describe('a pass of compaction', () => {
  it('rewrites a segment that has no neighbour to be put together with', async () => {
    const hot = Array.from({ length: 5 }, () => put(1));
    // Wherever they come to stand in their segments.
    for (let before = 20; before < 30; before += 1) {
      const all = [...plain(before), ...hot, ...plain(20), ...hot, ...plain(20)];
      expect((await compacted(all)).gone, `${before}`).toBeGreaterThan(4);
    }
  });

  it('puts no more together than a segment may hold', async () => {
    // Half of each is superseded.
    const all = Array.from({ length: 200 }, (_, i) => put(i % 2 === 0 ? 1 : i));
    const { machine, gone } = await compacted(all);
    expect(gone).toBeGreaterThan(80);
    const sizes = segmentsOf(machine).map((name) => machine.disk.content(name).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(SMALL.segmentBytes! * 1.1);
    expect(sizes.length).toBeGreaterThan(5);
  });

  it('puts no more indexes together than places in a segment can tell apart', async () => {
    const machine = new Machine(SMALL);
    const node = await new Node(machine.open()).start(false);
    let index = 0;
    // As a secondary gets them from a master that has compacted its log.
    for (const missing of [0, 2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31]) {
      for (let count = 0; count < 12; count += 1) {
        index += count === 0 ? missing + 1 : 1;
        const entry = entryOf(count < 3 ? message() : putOn('key'), entryAt(index), {});
        const hole = { index: entry.index, hash: 7 };
        node.log.append([entry], count === 0 && missing > 0 ? [hole] : []);
        node.folds.observe(entry);
      }
    }
    await node.log.persist(1, at(index));
    const files = segmentsOf(machine).length;
    await node.upkeep(index);
    expect(node.reports).toEqual([]);
    expect(segmentsOf(machine).length).toBeLessThan(files);
    const everyFirst = [0, 1, 2, 3, 4].map((run) => run * (2 ** 31 + 12) + 1);
    const shown = async ({ log }: Node) => {
      const found = (await log.read(at(1), log.lastIndex)).entries();
      return found.filter(({ op }) => op === 'append').map((entry) => entry.index);
    };
    const messages = everyFirst.flatMap((first) => [first, first + 1, first + 2]);
    expect(await shown(node)).toEqual(messages);
    for (const first of everyFirst) {
      expect((await node.log.read(at(first), at(first))).count, `${first}`).toBe(1);
    }
    await node.log.close();
    for (const brief of [false, true]) {
      const again = await new Node(machine.open()).start(brief);
      expect(await shown(again)).toEqual(messages);
      await again.log.close();
    }
  });

  it('keeps a removal as long as what it removes stands in a segment that stays', async () => {
    const removal = request({ op: 'remove', key: 3 });
    const hot = Array.from({ length: 40 }, () => put(1));
    const all = [...plain(3), put(3), ...plain(40), ...hot, removal, ...hot, ...plain(40)];
    const { machine, gone } = await compacted(all);
    expect(gone).toBeGreaterThan(20);
    const again = await new Node(machine.open()).start(false);
    expect(again.folds.store.newest('key 3')).toBeNull();
    const list = again.folds.store.list('', null, at(entriesOf(all).length));
    expect(list.map(({ key }) => key)).toEqual(['key 1']);
    await again.log.close();
  });

  it('keeps a removal as long as what it removes stays for its idempotency key', async () => {
    const named: Request = { ...put(3), named: true };
    const removal = request({ op: 'remove', key: 3 });
    const hot = Array.from({ length: 40 }, () => put(1));
    const { machine, gone } = await compacted([
      ...hot,
      named,
      ...hot,
      removal,
      ...hot,
      ...plain(40),
    ]);
    expect(gone).toBeGreaterThan(60);
    const again = await new Node(machine.open()).start(false);
    expect([...again.folds.deduplication.requests]).toHaveLength(1);
    expect(again.folds.store.newest('key 3')).toBeNull();
    expect(again.folds.store.list('', null, again.log.lastIndex).map(({ key }) => key)).toEqual([
      'key 1',
    ]);
    await again.log.close();
  });

  it('keeps the last removal of a key, and little else of it', async () => {
    const removal = request({ op: 'remove', key: 3 });
    const turns = Array.from({ length: 60 }, () => [put(3), removal]).flat();
    const { machine, gone } = await compacted([...plain(1), ...turns, ...plain(60)]);
    expect(gone).toBeGreaterThan(100);
    const again = await new Node(machine.open()).start(true);
    const left = (await again.log.read(at(1), again.log.lastIndex)).entries();
    const ofKey = left.filter(({ op }) => op !== 'append');
    // One is the last word, one the last of its file.
    expect(ofKey.length).toBeLessThan(3);
    expect(ofKey.at(-1)!.index).toBe(121);
    await again.log.close();
  });

  it('keeps one removal of each of many keys that come and go', async () => {
    // Each round fills segments of its own, and its removals more than half of them.
    const keys = Array.from({ length: 40 }, (_, key) => key);
    const removals = keys.map((key) => request({ op: 'remove', key }));
    const rounds = Array.from({ length: 5 }, () => [put(0), ...removals]).flat();
    const { machine } = await compacted([...plain(1), ...rounds, ...plain(40)]);
    const again = await new Node(machine.open()).start(true);
    const left = (await again.log.read(at(1), again.log.lastIndex)).entries();
    const removed = left.filter(({ op }) => op === 'remove').map(({ index }) => index);
    expect(removed.filter((index) => index > 4 * 41 + 2)).toHaveLength(40);
    expect(removed.length).toBeLessThan(50);
    await again.log.close();
  });

  it('rewrites no segment of which nothing would go, removals included', async () => {
    const keys = Array.from({ length: 30 }, (_, key) => key);
    const puts = keys.map(put);
    const removals = keys.map((key) => request({ op: 'remove', key }));
    const { machine } = await compacted([...plain(1), ...puts, ...removals, ...plain(40)]);
    const again = await new Node(machine.open()).start(true);
    const before = machine.disk.trace.length;
    await again.upkeep(again.log.lastIndex);
    const entries = (await again.log.read(at(1), again.log.lastIndex)).entries();
    expect(entries.filter(({ op }) => op === 'remove')).toHaveLength(30);
    expect(entries.filter(({ op }) => op === 'put')).toEqual([]);
    expect(machine.disk.trace.slice(before).filter((call) => /\.seg\.tmp/.test(call))).toEqual([]);
    await again.log.close();
  });

  it('rewrites no segment whose records stay for their idempotency keys', async () => {
    const machine = new Machine(SMALL);
    expect(await leftOf(machine, 120, mixed)).toHaveLength(120);
    expect(machine.disk.trace.filter((call) => /\.seg\.tmp/.test(call))).toEqual([]);
  });

  it('rewrites a segment whose idempotency keys are forgotten', async () => {
    const left = await leftOf(new Machine(SMALL), 260, mixed);
    expect(left.filter(({ op, index }) => op === 'put' && index <= 80).length).toBeLessThan(10);
    expect(left.filter(({ op, index }) => op === 'put' && index > 111)).toHaveLength(75);
  });

  it.each([
    ['messages', message],
    ['keys that stay', (i: number) => putOn(`key ${i}`)],
  ] as const)('takes away what has no idempotency key beside %s that have', async (_, other) => {
    const hot = (i: number) => i % 2 === 0;
    const operation = (i: number) => (hot(i) ? putOn('hot') : other(i));
    const left = await leftOf(new Machine(SMALL), 120, operation, (i) => !hot(i));
    expect(left.filter(({ index }) => !hot(index))).toHaveLength(60);
    // The last ones are not in a closed segment, and each file keeps its last record.
    expect(left.filter(({ index }) => hot(index)).length).toBeLessThan(30);
  });

  it('leaves the log as it was where the new file cannot be given its name', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(100));
    const { lastIndex } = node.log;
    machine.disk.faults = ({ kind, path }) =>
      kind === 'rename' && path.endsWith('.seg.tmp') ? { kind: 'fail', code: 'EIO' } : null;
    await node.upkeep(lastIndex);
    expect(machine.disk.hits.get('fail')).toBeGreaterThan(0);
    const chunk = await node.log.read(at(1), lastIndex);
    expect(chunk.count).toBe(lastIndex);
    expect(chunk.entries()).toEqual(entriesOf(keyed(100)).flat());
    expect(node.reports).toEqual([]);
    await node.log.close();
  });

  it('is tried again after a failure of the disk, although nothing more has come', async () => {
    const machine = new Machine(SMALL);
    const node = await written(machine, keyed(100));
    const { lastIndex } = node.log;
    let failures = 0;
    machine.disk.faults = ({ kind, path }) => {
      if (kind !== 'rename' || !path.endsWith('.seg.tmp') || failures > 0) return null;
      failures += 1;
      return { kind: 'fail', code: 'EIO' };
    };
    await node.upkeep(lastIndex);
    expect(failures).toBe(1);
    const { length } = (await node.log.read(at(1), lastIndex)).entries();
    expect(length).toBeLessThan(lastIndex / 2);
    await node.log.close();
  });
});
