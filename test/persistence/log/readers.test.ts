import { describe, expect, it } from 'vitest';
import type { DiskFile } from '../../../src/persistence/disk/disk.ts';
import { Readers } from '../../../src/persistence/log/readers.ts';
import { FakeDisk } from '../../../src/sim/disk/disk.ts';

const wholeOf = async (file: DiskFile): Promise<string> => {
  const bytes = Buffer.alloc(5);
  await file.read(bytes, 0);
  return bytes.toString();
};

describe('a file that could not be read', () => {
  it('is closed, and opened anew the next time', async () => {
    const disk = new FakeDisk();
    disk.place('file', Buffer.from('whole'));
    const readers = new Readers(disk.mount());
    disk.failAt({ at: 2, fault: 'EIO' });
    await expect(readers.with('file', wholeOf)).rejects.toThrow('EIO');
    expect(await readers.with('file', wholeOf)).toBe('whole');
    await readers.close();
    const calls = disk.trace.map((call) => call.split(' ')[0]);
    expect(calls).toEqual(['open', 'read', 'close', 'open', 'read', 'close']);
  });

  it('stays open for whoever else is reading it', async () => {
    const disk = new FakeDisk();
    disk.place('file', Buffer.from('whole'));
    const readers = new Readers(disk.mount());
    const release = disk.hold('read');
    const reading = readers.with('file', wholeOf);
    const failing = readers.with('file', () => Promise.reject(new Error('not that one')));
    await expect(failing).rejects.toThrow('not that one');
    expect(disk.latest).toBe('read file');
    release();
    expect(await reading).toBe('whole');
    expect(disk.latest).toBe('close file');
  });
});
