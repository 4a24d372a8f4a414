// What is believed of the file that holds a node's bookkeeping, and when it is durable.

import { describe, expect, it } from 'vitest';
import { BLANK_MEMORY, type Memory } from '../../../src/core/effects.ts';
import { epoch } from '../../../src/core/ids.ts';
import {
  BOOKKEEPING,
  Bookkeeping,
  loadMemory,
} from '../../../src/persistence/bookkeeping/bookkeeping.ts';
import { DamagedLog } from '../../../src/persistence/persistence.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';

const memoryOf = (of: number): Memory => ({ ...BLANK_MEMORY, cluster: 'c', epoch: epoch(of) });

async function saved(): Promise<FakeDisk> {
  const disk = new FakeDisk();
  await new Bookkeeping(disk.mount()).save(memoryOf(1));
  return disk;
}

/** What reading it comes to, in a word. */
const read = (disk: FakeDisk): Promise<string> =>
  loadMemory(disk.mount()).then(
    (memory) => `epoch ${memory?.epoch}`,
    (error: Error) => (error instanceof DamagedLog ? 'damaged' : error.message),
  );

describe('bookkeeping is believed', () => {
  it('as it was saved, and in no other way: with no bit flipped, and no byte missing', async () => {
    const disk = await saved();
    const whole = disk.content(BOOKKEEPING);
    expect(await read(disk)).toBe('epoch 1');
    const wrong: string[] = [];
    const damaged = async (what: string): Promise<void> => {
      const found = await read(disk);
      if (found !== 'damaged') wrong.push(`${what}: ${found}`);
    };
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      disk.flip(BOOKKEEPING, bit);
      await damaged(`bit ${bit}`);
      disk.flip(BOOKKEEPING, bit);
    }
    for (let length = 0; length < whole.length; length += 1) {
      disk.place(BOOKKEEPING, whole.subarray(0, length));
      await damaged(`${length} bytes`);
    }
    expect(wrong).toEqual([]);
  });

  it('to be none only where there is no file, not where that cannot be read', async () => {
    const disk = await saved();
    for (const kind of ['open', 'size', 'read'] as const) {
      disk.faults = (call) => (call.kind === kind ? { kind: 'fail', code: 'EIO' } : null);
      expect(await read(disk), kind).toContain('EIO');
    }
    disk.faults = null;
    disk.lose(BOOKKEEPING);
    expect(await loadMemory(disk.mount())).toBeNull();
  });
});

describe('bookkeeping that waits', () => {
  it('is the latest, which stands for all that waited', async () => {
    const disk = new FakeDisk();
    const bookkeeping = new Bookkeeping(disk.mount());
    const release = disk.hold('write');
    const all = [1, 2, 3].map((of) => bookkeeping.save(memoryOf(of)));
    release();
    await Promise.all(all);
    await bookkeeping.idle();
    expect(disk.trace.filter((call) => call.startsWith('write'))).toHaveLength(2);
    disk.restart(true);
    expect(await read(disk)).toBe('epoch 3');
  });

  it('fails with the disk, and what comes after it is written all the same', async () => {
    const disk = await saved();
    const bookkeeping = new Bookkeeping(disk.mount());
    let failures = 1;
    disk.faults = ({ kind }) => {
      if (kind !== 'write' || failures === 0) return null;
      failures -= 1;
      return { kind: 'fail', code: 'EIO' };
    };
    const [failing, later] = [2, 3].map((of) => bookkeeping.save(memoryOf(of)));
    await expect(failing).rejects.toMatchObject({ code: 'EIO' });
    await later;
    disk.restart(true);
    expect(await read(disk)).toBe('epoch 3');
  });
});
