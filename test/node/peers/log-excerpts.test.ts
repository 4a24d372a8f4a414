// What a Snapshot says is read once for secondaries that stand at the same place, and never taken
// for what another Snapshot asks for.

import { describe, expect, test, vi } from 'vitest';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import type { SnapshotOrder } from '../../../src/core/messages.ts';
import type { Entry, Operation } from '../../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { LogExcerpts } from '../../../src/node/peers/log-excerpts.ts';
import type { LeftBehind } from '../../../src/persistence/damage/left-behind.ts';
import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import { entries, entry } from '../../core/bench.ts';
import { Node } from '../../persistence/folded-log.ts';
import { Machine, SMALL } from '../../persistence/machine.ts';

const order = (from: number, to: number): SnapshotOrder => ({
  type: 'Snapshot',
  epoch: epoch(1),
  session: session(1),
  seq: seq(0),
  commitIndex: logIndex(0),
  from: logIndex(from),
  to: logIndex(to),
});

function setUp() {
  const persistence = new MemoryPersistence();
  persistence.append(entries(1, 4, 1));
  const excerpts = new LogExcerpts(persistence, DEFAULT_OPTIONS, undefined);
  const said = async (from: number, to: number): Promise<number[] | undefined> => {
    const { chunk } = await excerpts.snapshot(order(from, to));
    return chunk?.entries().map(({ index }) => index);
  };
  return { persistence, excerpts, said, read: vi.spyOn(persistence, 'read') };
}

describe('what Snapshots say', () => {
  test('is what each asks for, though another began or ended there', async () => {
    const { said } = setUp();
    const asked = [
      [2, 3],
      [2, 4],
      [1, 4],
      [4, 4],
      [2, 2],
    ] as const;
    const found: unknown[] = [];
    for (const [from, to] of asked) found.push(await said(from, to));
    expect(found).toEqual([[2, 3], [2, 3, 4], [1, 2, 3, 4], [4], [2]]);
  });

  test('is read once for all that ask for the same, until the log is cut back', async () => {
    const { said, read, excerpts, persistence } = setUp();
    await said(2, 4);
    await said(2, 4);
    expect(read).toHaveBeenCalledTimes(1);
    excerpts.forget();
    persistence.truncate(logIndex(3));
    persistence.append(entries(4, 4, 2));
    const { chunk } = await excerpts.snapshot(order(2, 4));
    expect(chunk?.entries().map((entry) => entry.epoch)).toEqual([1, 1, 2]);
  });

  test('has as many updates as the log has there, though it had more when read', async () => {
    const node = await new Node(new Machine(SMALL).open()).start(false);
    const put = (index: number, size: number): Entry =>
      entry(index, 1, { operation: { op: 'put', key: 'k', value: 'v'.repeat(size) } });
    const excerpts = new LogExcerpts(node.log, DEFAULT_OPTIONS, undefined);
    const said = async (to: number): Promise<number | undefined> =>
      (await excerpts.snapshot(order(1, to))).chunk?.count;
    for (let index = 1; index <= 4; index += 1) await node.write([put(index, 100)]);
    expect(await said(4)).toBe(4);
    // The secondary leaves. What it was sent is superseded and compacted away, and another one,
    // which has nothing, joins.
    const large: Operation = { op: 'append', message: 'm'.repeat(9_000) };
    await node.write([entry(5, 1, { operation: large })]);
    for (let index = 6; index <= 40; index += 1) await node.write([put(index, 100)]);
    await node.upkeep(40);
    const { to, count } = node.log.measure(logIndex(1), 1_000, 5_000);
    expect({ to, count }).toEqual({ to: 4, count: 2 });
    expect(await said(to)).toBe(count);
    await node.log.close();
  });
});

describe('what damage left beside the log', () => {
  const ask = (from: number) => ({ type: 'Fetch', epoch: epoch(1), from: logIndex(from) }) as const;

  test('is taken up where the log ends, and nowhere else', async () => {
    const { persistence } = setUp();
    const prev = { index: persistence.lastIndex, hash: persistence.hash };
    const after = vi.fn(async () => entries(5, 6, 1));
    const left = { after } as unknown as LeftBehind;
    const excerpts = new LogExcerpts(persistence, DEFAULT_OPTIONS, left);
    for (const elsewhere of [4, 6]) {
      expect((await excerpts.aside(ask(elsewhere))).updates).toEqual([]);
    }
    expect(after).not.toHaveBeenCalled();
    const found = await excerpts.aside(ask(5));
    expect(found).toEqual({ type: 'Fetched', updates: entries(5, 6, 1), lastIndex: 4, prev });
    const { snapshotEntriesMax, snapshotBytesMax } = DEFAULT_OPTIONS;
    expect(after).toHaveBeenCalledWith(prev, snapshotEntriesMax, snapshotBytesMax);
  });

  test('is nothing where nothing was damaged', async () => {
    expect((await setUp().excerpts.aside(ask(5))).updates).toEqual([]);
  });
});
