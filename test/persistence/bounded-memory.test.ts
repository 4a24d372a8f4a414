// What a log keeps in memory does not grow with what is in it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RealDisk } from '../../src/persistence/disk/real-disk.ts';
import { openSegmentedLog } from '../../src/persistence/log/segmented-log.ts';
import { at, entryAt } from './entries.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replog-memory-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('B50: a secondary that is away', () => {
  it('costs a master no memory: its backlog is read from the disk', async () => {
    const options = { segmentBytes: 8 << 20, tailBytes: 2 << 20, blockBytes: 256 << 10 };
    const log = openSegmentedLog(new RealDisk(folder), options);
    await log.recover(() => undefined);
    const { arrayBuffers: before } = process.memoryUsage();
    const message = 'x'.repeat(16 << 10);
    let most = 0;
    for (let index = 1; index <= 2_000; index += 1) {
      log.append([entryAt(index, message)]);
      if (index % 20 > 0) continue;
      await log.persist(index, at(index));
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    // 32 MiB were appended. The tail, blocks for reuse, and what is being written.
    expect(most).toBeLessThan(6 << 20);
    const { to, count } = log.measure(at(1), 100, 1 << 20);
    const backlog = await log.read(at(1), to);
    expect(backlog.entries()).toHaveLength(count);
    expect(backlog.entries()[0]).toEqual(entryAt(1, message));
    await log.close();
  });
});
