// One file of the fake disk: what calls see of it, and what is left of it when the power goes. The
// rule: a change survives surely once it is durable, and until then by itself, whatever becomes of
// the changes before and after it.

import { Content } from './content.ts';
import { type Leftover, leave } from './leftover.ts';

/** A change that the power may take back. */
type Change =
  | { readonly kind: 'write'; readonly bytes: Buffer; readonly position: number; durable: boolean }
  | { readonly kind: 'cut'; readonly length: number; durable: boolean };

/** A write that has begun. What the buffers hold when it ends is what is written. */
export interface UnderWay {
  readonly buffers: readonly Buffer[];
  readonly position: number;
}

/** What may be lost of one file, for whoever decides about it. */
export interface Unsynced {
  readonly kind: 'write' | 'cut';
  /** Of a write. */
  readonly bytes: number;
}

/** Says what is left of something unsynced. A cut is carried out unless the answer is `nothing`. */
export type Fate = (what: Unsynced) => Leftover;

export class Inode {
  private live: Content;
  /** What is surely left when the power goes, before `changes`; null: all of `live`. */
  private base: Content | null = null;
  private changes: Change[] = [];
  /** Some of `live` will never be durable, though a later sync succeeds. */
  private lost = false;
  private readonly underWay = new Set<UnderWay>();

  constructor(bytes?: Buffer) {
    this.live = new Content(bytes);
  }

  get length(): number {
    return this.live.length;
  }

  read(into: Buffer, position: number): number {
    return this.live.read(into, position);
  }

  toBuffer(): Buffer {
    return this.live.toBuffer();
  }

  /** What is there, and no power cut takes. */
  durable(): Buffer {
    const { base, live } = this;
    return (base !== null && base.length < live.length ? base : live).toBuffer();
  }

  /** Turns one bit over, on the disk and for all readers. */
  flip(bit: number): void {
    this.live.flip(bit);
    this.base?.flip(bit);
  }

  /** The same for other bytes in the place of some. */
  overwrite(bytes: Buffer, position: number): void {
    this.live.put(bytes, position);
    this.base?.put(bytes, position);
  }

  /** The same for its end. */
  shorten(length: number): void {
    this.live.cut(length);
    if (this.base !== null && this.base.length > length) this.base.cut(length);
  }

  begin(write: UnderWay): void {
    this.underWay.add(write);
  }

  /** Ends a write: its first `taken` bytes are durable, or will be with the next sync. */
  end(write: UnderWay, taken: number, durable: boolean): void {
    this.underWay.delete(write);
    if (durable && this.base === null) {
      this.put(write, taken);
      return;
    }
    const bytes = joined(write).subarray(0, taken);
    if (durable) {
      this.durableWrite(bytes, write.position);
    } else {
      this.fork();
      this.live.put(bytes, write.position);
      this.changes.push({ kind: 'write', bytes, position: write.position, durable: false });
    }
  }

  /** Ends a write that failed. What it leaves is durable all the same, or can be read until the
   * power goes: `cached` until it is synced, `lost` even if it is. */
  fail(write: UnderWay, leftover: Leftover | 'cached' | 'lost', random: () => number): void {
    this.underWay.delete(write);
    const bytes = joined(write);
    if (leftover === 'cached' || leftover === 'lost') {
      this.fork();
      this.live.put(bytes, write.position);
      if (leftover === 'lost') this.lost = true;
      else this.changes.push(changeOf(write));
      return;
    }
    const left = new Content(this.live.toBuffer());
    leave(left, bytes, write.position, leftover, random);
    const end = Math.min(write.position + bytes.length, left.length);
    if (end <= write.position || leftover === 'nothing') return;
    this.durableWrite(left.toBuffer().subarray(write.position, end), write.position);
  }

  cut(length: number): void {
    this.fork();
    this.live.cut(length);
    this.changes.push({ kind: 'cut', length, durable: false });
  }

  /** The changes that a sync which begins now makes durable when it ends. */
  unsynced(): readonly Change[] {
    return this.changes.filter((change) => !change.durable);
  }

  synced(changes: readonly Change[]): void {
    for (const change of changes) change.durable = true;
    while (this.base !== null && this.changes[0]?.durable === true) {
      carryOut(this.base, this.changes.shift()!);
    }
    if (this.changes.length === 0 && !this.lost) this.base = null;
  }

  /** How much the power could take back, in the order in which `cutPower` asks. */
  atStake(): Unsynced[] {
    const waiting = this.unsynced().map(describe);
    return [...waiting, ...[...this.underWay].map((write) => describe(changeOf(write)))];
  }

  /** The power goes: what is not durable meets its fate. */
  cutPower(fate: Fate, random: () => number): void {
    const content = this.base ?? this.live;
    for (const change of [...this.changes, ...[...this.underWay].map(changeOf)]) {
      if (change.durable) carryOut(content, change);
      else suffer(content, change, fate(describe(change)), random);
    }
    this.live = content;
    this.base = null;
    this.changes = [];
    this.lost = false;
    this.underWay.clear();
  }

  /** The process is killed: a write that was under way goes on by itself, as far as it gets. */
  abandon(fate: Fate, random: () => number): void {
    const writes = [...this.underWay].map(changeOf);
    this.underWay.clear();
    for (const change of writes) {
      const left = this.live.copy();
      suffer(left, change, fate(describe(change)), random);
      const from = change.kind === 'write' ? change.position : 0;
      if (left.length <= from) continue;
      this.fork();
      const bytes = left.toBuffer().subarray(from);
      this.live.put(bytes, from);
      this.changes.push({ kind: 'write', bytes, position: from, durable: false });
    }
  }

  copy(): Inode {
    const copy = new Inode(this.live.toBuffer());
    copy.base = this.base?.copy() ?? null;
    copy.changes = this.changes.map((change) => ({ ...change }));
    copy.lost = this.lost;
    for (const write of this.underWay) {
      copy.underWay.add({ buffers: [joined(write)], position: write.position });
    }
    return copy;
  }

  /** Writes the first `taken` bytes. */
  private put({ buffers, position }: UnderWay, taken: number): void {
    let at = 0;
    for (const buffer of buffers) {
      const part = Math.min(buffer.length, taken - at);
      if (part > 0)
        this.live.put(part < buffer.length ? buffer.subarray(0, part) : buffer, position + at);
      at += buffer.length;
    }
  }

  private durableWrite(bytes: Buffer, position: number): void {
    if (bytes.length === 0) return;
    this.live.put(bytes, position);
    if (this.base === null) return;
    this.changes.push({ kind: 'write', bytes: Buffer.from(bytes), position, durable: true });
    this.synced([]);
  }

  /** From now on what calls see and what is surely left are two things. */
  private fork(): void {
    this.base ??= this.live.copy();
  }
}

function joined({ buffers }: UnderWay): Buffer {
  return Buffer.concat(buffers);
}

function changeOf(write: UnderWay): Change {
  return { kind: 'write', bytes: joined(write), position: write.position, durable: false };
}

function describe(change: Change): Unsynced {
  return { kind: change.kind, bytes: change.kind === 'write' ? change.bytes.length : 0 };
}

function carryOut(content: Content, change: Change): void {
  if (change.kind === 'cut') content.cut(change.length);
  else content.put(change.bytes, change.position);
}

function suffer(content: Content, change: Change, left: Leftover, random: () => number): void {
  if (change.kind === 'write') leave(content, change.bytes, change.position, left, random);
  else if (left !== 'nothing') content.cut(change.length);
}
