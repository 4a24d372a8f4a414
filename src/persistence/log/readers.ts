// Open segment files for reading, so that a read costs one call and not three. The rule: a file is
// closed only when nobody reads it, and at most a few are kept open.

import type { Disk, DiskFile } from '../disk/disk.ts';

/** Catch-up reads go through one file at a time; reads of single values may touch a few more. */
const OPEN_MAX = 16;

interface Reader {
  readonly file: Promise<DiskFile>;
  users: number;
  /** Closed by its last user. */
  retired: boolean;
}

export class Readers {
  private readonly disk: Disk;
  /** In the order of their last use. */
  private readonly open = new Map<string, Reader>();
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Lends the file for the time of `use`. */
  with<Result>(name: string, use: (file: DiskFile) => Promise<Result>): Promise<Result> {
    const reading = this.lend(name, use);
    this.underWay.add(reading);
    const over = (): void => {
      this.underWay.delete(reading);
    };
    reading.then(over, over);
    return reading;
  }

  /** Resolves when every read that is under way now has ended. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.underWay);
  }

  /** Forgets a file, because it goes or changes. */
  async forget(name: string): Promise<void> {
    const reader = this.open.get(name);
    if (reader === undefined) return;
    this.open.delete(name);
    await retire(reader);
  }

  async close(): Promise<void> {
    await this.idle();
    for (const name of [...this.open.keys()]) await this.forget(name);
  }

  private async lend<Result>(
    name: string,
    use: (file: DiskFile) => Promise<Result>,
  ): Promise<Result> {
    const reader = this.open.get(name) ?? this.opened(name);
    this.open.delete(name);
    this.open.set(name, reader);
    reader.users += 1;
    try {
      return await use(await reader.file);
    } catch (error) {
      // A file that could not be opened or read is opened anew the next time.
      if (this.open.get(name) === reader) this.open.delete(name);
      reader.retired = true;
      throw error;
    } finally {
      reader.users -= 1;
      if (reader.retired) await retire(reader);
      await this.closeOldest();
    }
  }

  private opened(name: string): Reader {
    return { file: this.disk.open(name, 'read'), users: 0, retired: false };
  }

  private async closeOldest(): Promise<void> {
    for (const [name, reader] of this.open) {
      if (this.open.size <= OPEN_MAX) return;
      if (reader.users === 0) await this.forget(name);
    }
  }
}

/** A file open for reading has nothing to lose: that closing it failed concerns nobody. */
async function retire(reader: Reader): Promise<void> {
  reader.retired = true;
  if (reader.users > 0) return;
  await reader.file.then((file) => file.close()).catch(() => undefined);
}
