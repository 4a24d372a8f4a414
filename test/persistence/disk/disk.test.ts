// Whole writes and reads, of a file that takes and gives a little at a time.

import { describe, expect, it } from 'vitest';
import { type DiskFile, readAll, withFile, writeAll } from '../../../src/persistence/disk/disk.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';

/** Takes and gives so many bytes at a time, and nothing beyond `room`. */
function slowly(bytesMax: number, room = 100): { file: DiskFile; bytes: Buffer } {
  const bytes = Buffer.alloc(room, '.');
  let writes = 0;
  const file = {
    write: async (buffers: readonly Buffer[], position: number) => {
      writes += 1;
      // A loop without an end would never give the test its turn to fail.
      if (writes > 20) throw new Error('more writes than there are bytes');
      return Buffer.concat(buffers).copy(bytes, position, 0, bytesMax);
    },
    read: async (into: Buffer, position: number) =>
      bytes.copy(into, 0, position, Math.min(position + bytesMax, room)),
  } as Partial<DiskFile> as DiskFile;
  return { file, bytes };
}

const buffers = ['abc', '', 'defg', 'h', ''].map((text) => Buffer.from(text));

describe('all of it is', () => {
  it.each([1, 2, 3, 4, 7, 8, 9])('written, %i bytes at a time', async (bytesMax) => {
    const { file, bytes } = slowly(bytesMax);
    await writeAll(file, buffers, 2);
    expect(bytes.toString('latin1', 0, 12)).toBe('..abcdefgh..');
  });

  it('read, however little comes at a time, and no more than there is', async () => {
    const { file, bytes } = slowly(3, 10);
    bytes.write('0123456789');
    const into = Buffer.alloc(8, '.');
    expect([await readAll(file, into, 1), into.toString()]).toEqual([8, '12345678']);
    expect([await readAll(file, into, 5), into.toString()]).toEqual([5, '56789678']);
    expect(await readAll(file, into, 10)).toBe(0);
  });
});

it('a file that takes nothing is on a full disk', async () => {
  const { file, bytes } = slowly(3, 5);
  await expect(writeAll(file, buffers, 0)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(bytes.toString()).toBe('abcde');
});

it('a file is closed also where its use fails', async () => {
  const disk = new FakeDisk();
  const failing = () => Promise.reject(new Error('not today'));
  await expect(withFile(disk.mount(), 'f', 'write', failing)).rejects.toThrow('not today');
  expect(disk.latest).toBe('close f');
});
