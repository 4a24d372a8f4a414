// What a Snapshot says is read once for secondaries that stand at the same place, and never taken
// for what another Snapshot asks for.

import { describe, expect, test, vi } from 'vitest';
import { epoch, logIndex, seq, session } from '../../src/core/ids.ts';
import type { SnapshotOrder } from '../../src/core/messages.ts';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { LogExcerpts } from '../../src/node/log-excerpts.ts';
import { MemoryPersistence } from '../../src/persistence/memory-persistence.ts';
import { entries } from '../core/bench.ts';

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
});
