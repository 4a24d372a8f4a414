// A Disk that changes nothing: what would be written, cut or renamed is not. The rule: a folder is
// looked at through this with the very code that reads it when a node starts, and stays as it is.

import type { Disk, DiskFile, OpenMode } from './disk.ts';

export class ReadOnlyDisk implements Disk {
  readonly name: string;
  private readonly disk: Disk;
  private readonly onRead: (bytes: number) => void;

  /** `onRead` hears of every read that has succeeded: so many bytes. */
  constructor(disk: Disk, onRead: (bytes: number) => void = () => undefined) {
    this.name = disk.name;
    this.disk = disk;
    this.onRead = onRead;
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    if (mode === 'create') return NOWHERE;
    const file = await this.disk.open(path, 'read');
    return {
      ...NOWHERE,
      size: () => file.size(),
      close: () => file.close(),
      read: async (into, position) => {
        const got = await file.read(into, position);
        this.onRead(got);
        return got;
      },
    };
  }

  readNow(path: string, into: Buffer, position: number): number {
    return this.disk.readNow(path, into, position);
  }

  async makeFolder(): Promise<void> {}

  list(): Promise<string[]> {
    return this.disk.list();
  }

  async rename(): Promise<void> {}

  async remove(): Promise<void> {}

  async syncFolder(): Promise<void> {}
}

/** Takes everything and keeps nothing. */
const NOWHERE: DiskFile = {
  write: async (buffers) => buffers.reduce((sum, buffer) => sum + buffer.length, 0),
  read: async () => 0,
  size: async () => 0,
  truncate: async () => undefined,
  sync: async () => undefined,
  close: async () => undefined,
};
