// The fake disk as one process sees it. The rule: when that process's life is over, its calls do
// nothing and are never answered, so that no dead process touches the disk of the next one.

import type { Disk, DiskFile, OpenMode } from '../../persistence/disk/disk.ts';
import type { FakeDisk } from './disk.ts';
import type { DiskCall, DiskFault } from './disk-fault.ts';
import { Inode, type UnderWay } from './inode.ts';

/** A call under way: `begin` happens at once and returns what happens when its time has come. */
type Begin<Result> = (fault: DiskFault | null) => () => Result;

interface Write extends UnderWay {
  /** Whether it is durable when it ends. */
  readonly durable: boolean;
}

type About = Partial<Pick<DiskCall, 'path' | 'mode' | 'bytes'>> & { readonly to?: string };

export class Mount implements Disk {
  readonly name = 'fake';
  private readonly disk: FakeDisk;
  private readonly life: number;

  constructor(disk: FakeDisk) {
    this.disk = disk;
    this.life = disk.life;
  }

  open(path: string, mode: OpenMode): Promise<DiskFile> {
    return this.simple('open', { path, mode }, () => {
      const { folder } = this.disk;
      if (mode === 'create' && folder.get(path) !== undefined) throw diskError('EEXIST', path);
      if (mode !== 'read' && folder.get(path) === undefined) folder.link(path, new Inode());
      return this.fileOf(this.inode(path), path, mode);
    });
  }

  readNow(path: string, into: Buffer, position: number): number {
    const fault = this.count('readNow', { path, bytes: into.length });
    if (fault?.kind === 'fail') throw diskError(fault.code, path);
    return this.inode(path).read(into, position);
  }

  makeFolder(): Promise<void> {
    return this.simple('makeFolder', {}, () => undefined);
  }

  list(): Promise<string[]> {
    return this.simple('list', {}, () => this.disk.folder.names());
  }

  rename(from: string, to: string): Promise<void> {
    return this.simple('rename', { path: from, to }, () => {
      this.disk.folder.rename(from, to, this.inode(from));
    });
  }

  remove(path: string): Promise<void> {
    return this.simple('remove', { path }, () => this.disk.folder.unlink(path));
  }

  syncFolder(): Promise<void> {
    return this.perform('syncFolder', {}, () => {
      const { folder } = this.disk;
      const changes = folder.unsynced();
      return () => folder.synced(changes);
    });
  }

  private fileOf(inode: Inode, path: string, mode: OpenMode): DiskFile {
    const writable = mode !== 'read';
    const durable = mode !== 'write';
    let open = true;
    const check = (forWriting: boolean): void => {
      if (!open || (forWriting && !writable)) throw diskError('EBADF', path);
    };
    return {
      write: (buffers, position) => this.write(inode, path, { buffers, position, durable }, check),
      read: (into, position) =>
        this.perform('read', { path, bytes: into.length }, (fault) => () => {
          check(false);
          return this.readInto(inode, into, position, fault);
        }),
      size: () =>
        this.simple('size', { path }, () => {
          check(false);
          return inode.length;
        }),
      truncate: (length) =>
        this.simple('truncate', { path }, () => {
          check(false);
          if (!writable) throw diskError('EINVAL', path);
          inode.cut(length);
          this.disk.untidy.delete(path);
        }),
      sync: () =>
        this.perform('sync', { path }, () => {
          check(false);
          const changes = inode.unsynced();
          return () => inode.synced(changes);
        }),
      close: () =>
        this.simple('close', { path }, () => {
          check(false);
          open = false;
        }),
    };
  }

  private async write(
    inode: Inode,
    path: string,
    write: Write,
    check: (forWriting: boolean) => void,
  ): Promise<number> {
    let bytes = 0;
    for (const buffer of write.buffers) bytes += buffer.length;
    return this.perform('write', { path, bytes }, (fault) => {
      check(true);
      inode.begin(write);
      return () => this.endWrite(inode, path, write, bytes, fault);
    });
  }

  private endWrite(
    inode: Inode,
    path: string,
    write: Write,
    bytes: number,
    fault: DiskFault | null,
  ): number {
    const { disk } = this;
    if (fault?.kind === 'fail' || fault?.kind === 'power') {
      inode.fail(write, fault.leftover ?? 'half', disk.random);
      disk.untidy.set(path, write.position);
      if (fault.kind === 'power') disk.cutPower();
      throw diskError(fault.kind === 'power' ? 'EPOWER' : fault.code, path);
    }
    let taken = fault?.kind === 'short' ? Math.ceil(bytes / 2) : bytes;
    const grows = Math.max(write.position + taken - inode.length, 0);
    const limited = grows > 0 && disk.capacityBytes < Number.POSITIVE_INFINITY;
    const lacking = limited ? grows - (disk.capacityBytes - disk.used()) : 0;
    if (lacking > 0) {
      disk.hit('full');
      // First a full disk takes less than it was given, and only then nothing.
      taken -= Math.min(lacking, grows);
      if (taken <= 0) {
        inode.fail(write, 'nothing', disk.random);
        throw diskError('ENOSPC', path);
      }
    }
    inode.end(write, taken, write.durable);
    disk.untidy.delete(path);
    if (write.durable && !disk.folder.holds(inode, path)) throw diskError('ENOENT', path);
    if (fault?.kind === 'flip' && taken > 0) inode.flip(write.position * 8 + this.anyBit(taken));
    return taken;
  }

  private readInto(inode: Inode, into: Buffer, position: number, fault: DiskFault | null): number {
    const wanted = fault?.kind === 'short' ? Math.ceil(into.length / 2) : into.length;
    const room = wanted === into.length ? into : into.subarray(0, wanted);
    const got = inode.read(room, position);
    if (fault?.kind === 'flip' && got > 0) {
      const bit = this.anyBit(got);
      into[bit >> 3]! ^= 1 << (bit & 7);
    }
    return got;
  }

  private anyBit(bytes: number): number {
    return Math.floor(this.disk.random() * bytes * 8);
  }

  /** A call that takes effect when it begins; whether it is answered in time is another matter. */
  private simple<Result>(kind: DiskCall['kind'], about: About, act: () => Result): Promise<Result> {
    return this.perform(kind, about, () => {
      const result = act();
      return () => result;
    });
  }

  private perform<Result>(
    kind: DiskCall['kind'],
    about: About,
    begin: Begin<Result>,
  ): Promise<Result> {
    const { disk } = this;
    return new Promise((resolve, reject) => {
      if (this.life !== disk.life) return;
      const call = this.describe(kind, about);
      const fault = this.judge(call, about);
      // A write decides itself what it leaves; all other calls do nothing when they fail, or all.
      if (kind !== 'write' && fault?.kind === 'power') disk.cutPower();
      const refused = kind !== 'write' && (fault?.kind === 'fail' || fault?.kind === 'power');
      const done = fault?.kind === 'fail' && fault.leftover === 'all';
      const begun = refused && !done ? null : begin(fault);
      const end = refused ? refuse(fault, call.path, begun) : begun!;
      if (fault?.kind === 'hang') return;
      const over = (): void => {
        if (this.life !== disk.life) return;
        try {
          if (disk.off && !refused) throw diskError('EPOWER', call.path);
          resolve(end());
        } catch (error) {
          reject(error);
        }
      };
      const held = disk.takeHold(kind);
      if (held === undefined) this.pass(call, fault, over);
      else void held.then(() => this.pass(call, fault, over));
    });
  }

  /** Lets the time go by that the call takes. */
  private pass(call: DiskCall, fault: DiskFault | null, over: () => void): void {
    const { later, latencyMs } = this.disk.options;
    if (later === undefined) {
      over();
      return;
    }
    later((latencyMs?.(call) ?? 0) + (fault?.kind === 'slow' ? fault.ms : 0), over);
  }

  /** For the one call that blocks. */
  private count(kind: DiskCall['kind'], about: About): DiskFault | null {
    const call = this.describe(kind, about);
    const fault = this.life === this.disk.life ? this.judge(call, about) : null;
    if (fault?.kind === 'power') this.disk.cutPower();
    if (this.life !== this.disk.life || this.disk.off) throw diskError('EPOWER', call.path);
    return fault;
  }

  private describe(kind: DiskCall['kind'], { path = '', mode = null, bytes = 0 }: About): DiskCall {
    return { number: this.disk.calls + 1, kind, path, mode, bytes };
  }

  private judge(call: DiskCall, { to = '' }: About): DiskFault | null {
    const { disk } = this;
    if (disk.off) throw diskError('EPOWER', call.path);
    disk.calls += 1;
    disk.note(call, to);
    const fault = disk.faults?.(call) ?? null;
    if (fault !== null) disk.hit(fault.kind);
    return fault;
  }

  private inode(path: string): Inode {
    const inode = this.disk.folder.get(path);
    if (inode === undefined) throw diskError('ENOENT', path);
    return inode;
  }
}

/** An error as the system makes them. `EPOWER` is our own: the machine is off. It has no stack, to
 * make which takes longer than most calls: an open that finds nothing is an ordinary answer. */
export function diskError(code: string, what: string): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(`${code}: ${what}`);
  Error.stackTraceLimit = stackTraceLimit;
  return Object.assign(error, { code });
}

/** The end of a call that fails. `begun`: of what it has done all the same; null: nothing. */
function refuse(fault: DiskFault | null, path: string, begun: (() => unknown) | null): () => never {
  const code = fault?.kind === 'fail' ? fault.code : 'EPOWER';
  return () => {
    begun?.();
    throw diskError(code, path);
  };
}
