// A file on a disk, for tests of the fake one: its bytes and its name are durable.

import { type Disk, type DiskFile, writeAll } from '../../src/persistence/disk/disk.ts';

export const text = (of: string): Buffer => Buffer.from(of);

/** Makes the file `f`. */
export async function fileWith(disk: Disk, content: string): Promise<DiskFile> {
  const file = await disk.open('f', 'create');
  await writeAll(file, [text(content)], 0);
  await disk.syncFolder();
  return file;
}
