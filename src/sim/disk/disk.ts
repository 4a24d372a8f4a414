// The simulator's disk, in memory and as bad as a real one may be: it loses what was not synced,
// tears writes, turns bits over, fills up, and fails, delays or swallows calls. The rule: what a
// correct program was promised (a write to a `durable-write` file that returned, a name after
// `syncFolder`, a cut after `sync`) always survives, unless a fault says otherwise.

import type { Disk } from '../../persistence/disk/disk.ts';
import { type DiskCall, type DiskPlan, type FaultSource, planned } from './disk-fault.ts';
import { Folder } from './folder.ts';
import { type Fate, Inode, type Unsynced } from './inode.ts';
import type { Leftover } from './leftover.ts';
import { diskError, Mount } from './mount.ts';

export interface FakeDiskOptions {
  /** Uniform in [0, 1); needed only where chance decides. */
  readonly random?: () => number;
  /** Calls back after so many milliseconds of virtual time. Without it every call ends at once, and
   * nothing can be slow. */
  readonly later?: (ms: number, run: () => void) => void;
  /** How long a call takes without a fault; 0 if not said. */
  readonly latencyMs?: (call: DiskCall) => number;
  /** How many bytes all files together may have. */
  readonly capacityBytes?: number;
}

/** What befell calls, by kind; `full`: the capacity was reached. */
export type Hit = 'fail' | 'power' | 'short' | 'flip' | 'slow' | 'hang' | 'full';

/** Something that may be lost when the power goes. */
export interface AtStake {
  /** null: a name in the folder. Empty: a file that has no name any more. */
  readonly path: string | null;
  readonly what: Unsynced | null;
}

/** Says what is left of each thing at stake when the power goes. */
export type Survival = (stake: AtStake) => Leftover;

/** Calls remembered in `trace`. */
const TRACE_MAX = 2_000;

/** A call, and what of it is not in its description. */
interface Noted {
  readonly call: DiskCall;
  readonly to: string;
}

export class FakeDisk {
  readonly options: FakeDiskOptions;
  /** May be changed at any time; less than is used means that nothing more can be added. */
  capacityBytes: number;
  /** Decides what befalls the next calls. */
  faults: FaultSource | null = null;
  /** Calls so far. */
  calls = 0;
  readonly hits = new Map<Hit, number>();
  /** The files; for the mount. */
  folder = new Folder();
  off = false;
  /** Files in which a write has failed, and nothing was cut off or written since: from where on
   * there is whatever that left. */
  readonly untidy = new Map<string, number>();
  /** Counts the machine's starts: what was mounted in an earlier life does nothing any more. */
  life = 0;
  readonly random: () => number;
  private readonly held = new Map<string, Promise<void>>();
  private readonly noted: Noted[] = [];

  constructor(options: FakeDiskOptions = {}) {
    this.options = options;
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.random = options.random ?? (() => 0.5);
  }

  /** The disk as a process of the present life sees it. */
  mount(): Disk {
    return new Mount(this);
  }

  /** Makes one call, or a few in a row, fail; calls are counted and traced from 1 again. */
  failAt(plan: DiskPlan | null): void {
    this.faults = plan === null ? null : planned(plan);
    this.calls = 0;
    this.noted.length = 0;
  }

  /** Lets the next call of a kind begin but not end, until the returned function is called. */
  hold(kind: DiskCall['kind']): () => void {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.held.set(kind, held);
    return () => release();
  }

  /** What a call that begins now has to wait for. */
  takeHold(kind: DiskCall['kind']): Promise<void> | undefined {
    const held = this.held.get(kind);
    this.held.delete(kind);
    return held;
  }

  /** Ends the power: all calls fail until the machine starts again. */
  cutPower(): void {
    this.off = true;
  }

  /** Starts the machine again, without faults. After a power cut there is what was durable, and of
   * the rest what `survival` says (nothing if it is not given). After the end of the process alone
   * (`power` false) all finished calls count; `survival` tells how far unfinished writes got. */
  restart(power: boolean, survival: Survival = () => 'nothing'): void {
    for (const [path, inode] of this.inodes()) {
      const fate: Fate = (what) => survival({ path, what });
      if (power) inode.cutPower(fate, this.random);
      else inode.abandon(fate, this.random);
    }
    if (power) this.folder.cutPower(() => survival({ path: null, what: null }) !== 'nothing');
    this.life += 1;
    this.off = false;
    this.untidy.clear();
    this.held.clear();
    this.failAt(null);
  }

  /** What `restart` would ask `survival` about after a power cut, in that order. */
  atStake(): AtStake[] {
    const found: AtStake[] = [];
    for (const [path, inode] of this.inodes()) {
      for (const what of inode.atStake()) found.push({ path, what });
    }
    for (const _ of this.folder.unsynced()) found.push({ path: null, what: null });
    return found;
  }

  /** A second disk in the same state, unsynced and unfinished writes included; without faults. */
  copy(options: FakeDiskOptions = {}): FakeDisk {
    const copy = new FakeDisk(options);
    copy.folder = this.folder.copy();
    copy.capacityBytes = this.capacityBytes;
    return copy;
  }

  names(): string[] {
    return this.folder.names();
  }

  /** Of a file's content, what no power cut takes; nothing, if it takes the name. */
  durableContent(path: string): Buffer {
    return this.folder.durable(path)?.durable() ?? Buffer.alloc(0);
  }

  /** The content of a file, to look at. */
  content(path: string): Buffer {
    const inode = this.folder.get(path);
    if (inode === undefined) throw diskError('ENOENT', path);
    return inode.toBuffer();
  }

  /** Puts a file there as if it had always been. */
  place(path: string, bytes: Buffer): void {
    this.folder.place(path, new Inode(Buffer.from(bytes)));
  }

  /** All files by name. */
  contents(): Map<string, Buffer> {
    return new Map(this.folder.entries().map(([name, inode]) => [name, inode.toBuffer()]));
  }

  /** Turns over one bit of a file, durably. */
  flip(path: string, bit: number): void {
    this.folder.get(path)?.flip(bit);
  }

  /** Other bytes stand in a file, durably. */
  overwrite(path: string, bytes: Buffer, position: number): void {
    this.folder.get(path)?.overwrite(bytes, position);
  }

  /** A file ends earlier, durably. */
  shorten(path: string, length: number): void {
    this.folder.get(path)?.shorten(length);
  }

  /** A file is gone, durably. */
  lose(path: string): void {
    this.folder.lose(path);
  }

  /** Bytes of all files together. */
  used(): number {
    let bytes = 0;
    for (const [, inode] of this.folder.entries()) bytes += inode.length;
    return bytes;
  }

  /** Every file, with its name if it has one. */
  private inodes(): [string, Inode][] {
    const names = new Map(this.folder.entries().map(([path, inode]) => [inode, path]));
    return [...this.folder.all()].map((inode) => [names.get(inode) ?? '', inode]);
  }

  note(call: DiskCall, to: string): void {
    this.noted.push({ call, to });
    if (this.noted.length >= 2 * TRACE_MAX) this.noted.splice(0, TRACE_MAX);
  }

  /** The latest calls, in words. */
  get trace(): readonly string[] {
    return this.noted.map(inWords);
  }

  /** The latest call of all, in words; empty: there was none. */
  get latest(): string {
    return this.noted.slice(-1).map(inWords).join('');
  }

  hit(what: Hit): void {
    this.hits.set(what, (this.hits.get(what) ?? 0) + 1);
  }
}

function inWords({ call, to }: Noted): string {
  return [call.kind, call.path, call.mode ?? to].filter((word) => word !== '').join(' ');
}
