// A disk in memory that is as bad as a real one may be: it loses what was not synced, takes only
// part of a write, and fails the call it is told to. The rule: what a correct program was promised
// (a durable write that returned, a name after syncFolder) always survives.

import type { Disk, DiskFile, OpenMode } from '../../src/persistence/disk.ts';

/** How a call fails. `power` ends the power in the middle of it; all later calls fail too. */
export type DiskFault = 'EIO' | 'ENOSPC' | 'short' | 'power';

/** What a write leaves behind that did not succeed; `cached`: all of it, until the power goes. */
export type Leftover = 'nothing' | 'half' | 'zeros' | 'cached' | 'all';

export interface DiskPlan {
  /** The call that fails, counted from 1. */
  readonly at: number;
  readonly fault: DiskFault;
  readonly leftover?: Leftover;
  /** How many calls fail, this one included; 1 if not said. */
  readonly times?: number;
}

const CODES = { EIO: 'EIO', ENOSPC: 'ENOSPC', short: 'EIO', power: 'EPOWER' } as const;

/** The calls that a full disk refuses. */
const NEEDS_ROOM = /^(write|rename|open .* (create|durable-write))/;

interface Inode {
  bytes: Buffer;
  /** What is left of it when the power goes. */
  durable: Buffer;
}

export class FakeDisk implements Disk {
  readonly name = 'fake';
  /** Calls so far. */
  calls = 0;
  /** Names of the calls so far, for messages. */
  readonly trace: string[] = [];
  private names = new Map<string, Inode>();
  private durableNames = new Map<string, Inode>();
  private plan: DiskPlan | null = null;
  private off = false;
  /** Files opened in an earlier life of the machine are gone. */
  private life = 0;
  private readonly held = new Map<string, Promise<void>>();

  failAt(plan: DiskPlan | null): void {
    this.plan = plan;
    this.calls = 0;
    this.trace.length = 0;
  }

  /** Starts the machine again. After a power cut only what is durable is there; after the end of
   * the process alone (`power` false) everything is. */
  restart(power: boolean): void {
    if (power) {
      this.names = new Map(this.durableNames);
      for (const inode of this.names.values()) inode.bytes = Buffer.from(inode.durable);
    }
    this.life += 1;
    this.off = false;
    this.failAt(null);
  }

  /** Lets the next read or write begin but not happen, until the returned function is called. */
  hold(what: 'read' | 'write'): () => void {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.held.set(what, held);
    return () => release();
  }

  private async holdUp(what: 'read' | 'write'): Promise<void> {
    const held = this.held.get(what);
    this.held.delete(what);
    await held;
  }

  /** The content of a file, to look at. */
  content(path: string): Buffer {
    return Buffer.from(this.inode(path).bytes);
  }

  /** Puts a file there as if it had always been. */
  place(path: string, bytes: Buffer): void {
    const inode = { bytes: Buffer.from(bytes), durable: Buffer.from(bytes) };
    this.names.set(path, inode);
    this.durableNames.set(path, inode);
  }

  /** All files by name. */
  contents(): Map<string, Buffer> {
    return new Map([...this.names].map(([name, inode]) => [name, Buffer.from(inode.bytes)]));
  }

  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    this.call(`open ${path} ${mode}`);
    if (mode === 'create' && this.names.has(path)) throw failure('EEXIST', path);
    if (mode !== 'read' && !this.names.has(path)) {
      this.names.set(path, { bytes: Buffer.alloc(0), durable: Buffer.alloc(0) });
    }
    return this.fileOf(this.inode(path), path, mode !== 'read');
  }

  readNow(path: string, into: Buffer, position: number): number {
    this.call(`readNow ${path}`);
    return this.inode(path).bytes.copy(into, 0, position);
  }

  async makeFolder(): Promise<void> {
    this.call('makeFolder');
  }

  async list(): Promise<string[]> {
    this.call('list');
    return [...this.names.keys()];
  }

  async rename(from: string, to: string): Promise<void> {
    this.call(`rename ${from} ${to}`);
    this.names.set(to, this.inode(from));
    this.names.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.call(`remove ${path}`);
    this.names.delete(path);
  }

  async syncFolder(): Promise<void> {
    this.call('syncFolder');
    this.durableNames = new Map(this.names);
  }

  private fileOf(inode: Inode, path: string, writable: boolean): DiskFile {
    const life = this.life;
    const call = (what: string): DiskPlan | null => {
      if (life !== this.life) throw failure('EBADF', path);
      return this.call(`${what} ${path}`, what === 'write');
    };
    return {
      write: async (buffers, position) => {
        const plan = call('write');
        if (!writable) throw failure('EBADF', path);
        // What the buffers hold later counts, as with a real disk.
        await this.holdUp('write');
        const bytes = Buffer.concat(buffers);
        if (plan === null) return put(inode, bytes, position);
        if (plan.fault === 'short') {
          return put(inode, bytes.subarray(0, Math.ceil(bytes.length / 2)), position);
        }
        const { durable } = inode;
        put(inode, leftoverOf(bytes, plan.leftover ?? 'half'), position);
        if (plan.leftover === 'cached') inode.durable = durable;
        throw failure(CODES[plan.fault], path);
      },
      read: async (into, position) => {
        call('read');
        await this.holdUp('read');
        return inode.bytes.copy(into, 0, position);
      },
      size: async () => {
        call('size');
        return inode.bytes.length;
      },
      truncate: async (length) => {
        call('truncate');
        const kept = Buffer.alloc(length);
        inode.bytes.copy(kept);
        inode.bytes = kept;
      },
      sync: async () => {
        call('sync');
        inode.durable = Buffer.from(inode.bytes);
      },
      close: async () => {
        call('close');
      },
    };
  }

  /** Counts a call and fails it if that is planned; a write decides itself what it leaves. */
  private call(what: string, write = false): DiskPlan | null {
    if (this.off) throw failure('EPOWER', what);
    this.calls += 1;
    this.trace.push(what);
    const { plan } = this;
    if (plan === null || this.calls < plan.at) return null;
    if (this.calls >= plan.at + (plan.times ?? 1)) return null;
    if (plan.fault === 'ENOSPC' && !NEEDS_ROOM.test(what)) return null;
    if (plan.fault === 'power') this.off = true;
    if (write) return plan;
    // A call that cannot be short simply works.
    if (plan.fault !== 'short') throw failure(CODES[plan.fault], what);
    return null;
  }

  private inode(path: string): Inode {
    const inode = this.names.get(path);
    if (inode === undefined) throw failure('ENOENT', path);
    return inode;
  }
}

/** A durable write: also the file's length is durable. */
function put(inode: Inode, bytes: Buffer, position: number): number {
  if (bytes.length === 0) return 0;
  const grown = Buffer.alloc(Math.max(inode.bytes.length, position + bytes.length));
  inode.bytes.copy(grown);
  bytes.copy(grown, position);
  inode.bytes = grown;
  inode.durable = Buffer.from(grown);
  return bytes.length;
}

function leftoverOf(bytes: Buffer, leftover: Leftover): Buffer {
  if (leftover === 'nothing') return Buffer.alloc(0);
  if (leftover === 'all' || leftover === 'cached') return bytes;
  const half = Math.floor(bytes.length / 2);
  if (leftover === 'half') return bytes.subarray(0, half);
  return Buffer.concat([bytes.subarray(0, half), Buffer.alloc(bytes.length - half)]);
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
