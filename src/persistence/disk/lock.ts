// Keeps two processes off one folder: a file `lock-<pid>-<start time>`, whose name says it all, so
// that it is never seen half written. The rule: make one's own first, then look for others; of two
// that start at the same moment at most one goes on, and the lock of a killed process binds nobody.

import { FolderInUse } from '../persistence.ts';
import { codeOf, type Disk } from './disk.ts';
import type { Owner, ProcessTable } from './process-table.ts';

const NAME_PATTERN = /^lock-(\d+)-(\w*)$/;

export class Lock {
  private readonly disk: Disk;
  private readonly name: string;

  private constructor(disk: Disk, name: string) {
    this.disk = disk;
    this.name = name;
  }

  /** Rejects with FolderInUse. */
  static async take(disk: Disk, processes: ProcessTable): Promise<Lock> {
    const self = processes.self();
    const name = `lock-${self.pid}-${self.started}`;
    // Looked at first as well, so that a late comer does not disturb who is just starting.
    await refuseIfHeld(disk, processes, name);
    await createOwn(disk, name, self);
    const lock = new Lock(disk, name);
    try {
      const stale = await refuseIfHeld(disk, processes, name);
      for (const left of stale) await disk.remove(left);
    } catch (error) {
      await lock.release();
      throw error;
    }
    return lock;
  }

  async release(): Promise<void> {
    await this.disk.remove(this.name);
  }
}

/** Rejects with FolderInUse if a process works on the folder; leaves no trace there. */
export async function refuseIfInUse(disk: Disk, processes: ProcessTable): Promise<void> {
  await refuseIfHeld(disk, processes, '');
}

/** Where it exists already, this very process holds the folder. */
async function createOwn(disk: Disk, name: string, self: Owner): Promise<void> {
  try {
    await (await disk.open(name, 'create')).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw new FolderInUse(disk.name, self.pid);
    throw error;
  }
}

/** Returns the lock files that dead processes left. */
async function refuseIfHeld(disk: Disk, processes: ProcessTable, own: string): Promise<string[]> {
  const stale: string[] = [];
  for (const name of await disk.list()) {
    const [, pid, started] = NAME_PATTERN.exec(name) ?? [];
    if (pid === undefined || started === undefined || name === own) continue;
    const owner = { pid: Number(pid), started };
    if (processes.lives(owner)) throw new FolderInUse(disk.name, owner.pid);
    stale.push(name);
  }
  return stale;
}
