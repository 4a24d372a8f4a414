import { describe, expect, test } from 'vitest';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import { entryOf } from '../../../src/core/operation.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { fetchedBody, snapshotParts } from '../../../src/node/peers/snapshot-body.ts';
import { MemoryPersistence } from '../../../src/persistence/log/memory-persistence.ts';
import type { Chunk } from '../../../src/persistence/persistence.ts';
import { AT, FakeEngine, N1 } from '../fake-engine.ts';

/** The highest index that one step can lead to. */
const FAR = 2 ** 32 - 20_000;

describe('bodies made of stored bytes', () => {
  const order = {
    type: 'Snapshot' as const,
    epoch: epoch(3),
    session: session(1),
    seq: seq(4),
    commitIndex: logIndex(1),
    from: logIndex(2),
    to: logIndex(3),
  };

  test('a Snapshot is the order, what stands before it, and the entries as they are stored', () => {
    const engine = new FakeEngine();
    engine.messages('a', 'b"\u2028', 'c');
    const chunk = engine.persistence.read(logIndex(2), logIndex(3));
    const text = Buffer.concat(
      snapshotParts({ ...order, master: N1, reset: true }, chunk, chunk.prev),
    ).toString();
    expect(text).toContain(chunk.json.toString());
    expect(JSON.parse(text)).toEqual({
      epoch: 3,
      session: 1,
      seq: 4,
      commitIndex: 1,
      master: N1,
      reset: true,
      prev: { index: 1, hash: chunk.prev.hash },
      updates: chunk.entries(),
    });
  });

  test.each([0, 10, 40, 100, 1_000, 100_000])(
    'B61: of as much as one may say, messages of %i characters, it fits a body of 1 MiB',
    (length) => {
      const { snapshotBytesMax, snapshotEntriesMax } = DEFAULT_OPTIONS;
      const engine = new FakeEngine();
      const message = 'x'.repeat(length);
      const count = Math.min(snapshotEntriesMax, Math.ceil(snapshotBytesMax / (100 + length)));
      engine.append(Array.from({ length: count + 1 }, () => ({ op: 'append', message })));
      const from = logIndex(1);
      const { persistence } = engine;
      const { to } = persistence.measure(from, snapshotEntriesMax, snapshotBytesMax);
      const chunk = persistence.read(from, to);
      const parts = snapshotParts({ ...order, master: N1, from, to }, chunk, chunk.prev);
      const bytes = Buffer.concat(parts).length;
      expect(bytes).toBeLessThanOrEqual(1 << 20);
      // There was more than one of them can say, in bytes or in number.
      const full = bytes > snapshotBytesMax / 2 || to === snapshotEntriesMax;
      expect([full, to < persistence.lastIndex]).toEqual([true, true]);
    },
  );

  test('B61: so it does of the shortest ones, with something compacted away before each', () => {
    const { snapshotBytesMax, snapshotEntriesMax } = DEFAULT_OPTIONS;
    const log = new MemoryPersistence();
    const hash = 2 ** 32 - 1;
    // Far up in a log, each index is as long as it gets.
    for (let i = 0; i <= snapshotEntriesMax; i += 1) {
      const index = logIndex(FAR + 2 * i);
      const operation = { op: 'remove', key: 'k' } as const;
      log.append([entryOf(operation, { index, epoch: epoch(1), at: AT }, {})], [{ index, hash }]);
    }
    const from = logIndex(1);
    const { to, count } = log.measure(from, snapshotEntriesMax, snapshotBytesMax);
    const chunk = log.read(from, to) as Chunk;
    const parts = snapshotParts({ ...order, master: N1, from, to }, chunk, chunk.prev);
    expect([chunk.count, chunk.holes.length]).toEqual([count, count]);
    expect(Buffer.concat(parts).length).toBeLessThanOrEqual(1 << 20);
    expect(to).toBeLessThan(log.lastIndex);
  });

  test('without entries, without a point before them', () => {
    expect(JSON.parse(Buffer.concat(snapshotParts(order, null, null)).toString())).toEqual({
      epoch: 3,
      session: 1,
      seq: 4,
      commitIndex: 1,
      updates: [],
    });
    const prev = { index: logIndex(1), hash: 5 };
    expect(JSON.parse(fetchedBody(null, prev, logIndex(1)).toString())).toEqual({
      result: 'Fetched',
      lastIndex: 1,
      prev,
      updates: [],
    });
  });
});
