// Requests with an idempotency key, in the order of the log, the latest so many of them. The rule:
// they are columns of numbers, a ring of them, and none is an object of its own: a hundred thousand
// objects that come and go by the thousand would be most of what the collector has to look at.

import { type LogIndex, logIndex } from '../ids.ts';
import { invariant } from '../invariant.ts';
import { mayMoveUp } from '../tables/probing.ts';

/** The request that a key stands for. */
export interface KnownRequest {
  readonly key: string;
  readonly first: LogIndex;
  readonly count: number;
  /** Fold of `fingerprint` over its operations. */
  readonly fingerprint: number;
}

const ROOM_MIN = 64;

/** 32 bits, the upper ones of which differ between keys. */
export function hashOf(key: string): number {
  let hash = key.length;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x9e3779b1);
  return hash;
}

/** What is known of some requests, one beside the other. */
class Columns {
  readonly keys: string[];
  readonly hashes: Int32Array;
  readonly firsts: Float64Array;
  readonly counts: Float64Array;
  readonly fingerprints: Float64Array;

  constructor(room: number) {
    this.keys = new Array(room).fill('');
    this.hashes = new Int32Array(room);
    this.firsts = new Float64Array(room);
    this.counts = new Float64Array(room);
    this.fingerprints = new Float64Array(room);
  }

  copy(from: Columns, slot: number, to: number): void {
    this.keys[to] = from.keys[slot]!;
    this.hashes[to] = from.hashes[slot]!;
    this.firsts[to] = from.firsts[slot]!;
    this.counts[to] = from.counts[slot]!;
    this.fingerprints[to] = from.fingerprints[slot]!;
  }

  at(slot: number): KnownRequest {
    return {
      key: this.keys[slot]!,
      first: logIndex(this.firsts[slot]!),
      count: this.counts[slot]!,
      fingerprint: this.fingerprints[slot]!,
    };
  }
}

/** Some of the requests, as they were when they were asked for. */
export class RequestRun implements Iterable<KnownRequest> {
  readonly length: number;
  private readonly columns: Columns;

  constructor(columns: Columns, length: number) {
    this.columns = columns;
    this.length = length;
  }

  get last(): KnownRequest | undefined {
    return this.length === 0 ? undefined : this.columns.at(this.length - 1);
  }

  *[Symbol.iterator](): Iterator<KnownRequest> {
    for (let n = 0; n < this.length; n += 1) yield this.columns.at(n);
  }
}

/**
 * Invariants:
 * 1. From the oldest to the newest, `first` rises.
 * 2. A key leads to its newest request, as long as that is here.
 * 3. The rule of probing.ts holds for `places`.
 * 4. As long as there is room for more, none was forgotten: `start` is 0.
 */
export class KnownRequests {
  private columns = new Columns(ROOM_MIN);
  private room = ROOM_MIN;
  /** For each key its slot, and one more; 0: free. Twice the room, by the upper bits of hashes. */
  private places = new Int32Array(2 * ROOM_MIN);
  private shift = 31 - Math.log2(ROOM_MIN);
  /** The slot of the oldest one. */
  private start = 0;
  private count = 0;
  private distinct = 0;
  private readonly max: number;

  /** `max`: how many it holds at most, 1 or more. */
  constructor(max: number) {
    this.max = max;
  }

  /** How many keys lead to a request. */
  get size(): number {
    return this.distinct;
  }

  /** Where the newest one begins; undefined: there is none. */
  get newestFirst(): number | undefined {
    return this.count === 0 ? undefined : this.columns.firsts[this.slot(this.count - 1)];
  }

  find(key: string): KnownRequest | undefined {
    const slot = this.places[this.placeOf(key, hashOf(key))]! - 1;
    return slot === -1 ? undefined : this.columns.at(slot);
  }

  /** Puts one behind all others; returns where the oldest one began if it had to go for that. */
  push({ key, first, count, fingerprint }: KnownRequest): number | null {
    const oldest = this.count === this.max ? this.columns.firsts[this.start]! : null;
    if (oldest !== null) {
      this.unlink(this.start);
      this.start = this.slot(1);
      this.count -= 1;
    }
    if (this.count === this.room) this.grow();
    const slot = this.slot(this.count);
    const { columns } = this;
    columns.keys[slot] = key;
    columns.hashes[slot] = hashOf(key);
    columns.firsts[slot] = first;
    columns.counts[slot] = count;
    columns.fingerprints[slot] = fingerprint;
    this.count += 1;
    this.link(slot);
    return oldest;
  }

  /** The newest one is longer than was known. */
  continueNewest(fingerprint: number): void {
    invariant(this.count > 0, 'there is a newest request');
    this.columns.fingerprints[this.slot(this.count - 1)] = fingerprint;
  }

  /** Takes the newest one away. */
  pop(): void {
    invariant(this.count > 0, 'there is a newest request');
    this.unlink(this.slot(this.count - 1));
    this.count -= 1;
  }

  /** Those that begin with one of the entries `from`…`to`, the oldest first. */
  beginningIn(from: number, to: number): RequestRun {
    const low = this.countBefore(from);
    const length = Math.max(0, this.countBefore(to + 1) - low);
    const found = new Columns(length);
    for (let n = 0; n < length; n += 1) found.copy(this.columns, this.slot(low + n), n);
    return new RequestRun(found, length);
  }

  /** How many begin before this index. */
  private countBefore(index: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.columns.firsts[this.slot(middle)]! < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The slot of the one with so many before it. */
  private slot(number: number): number {
    const slot = this.start + number;
    return slot < this.room ? slot : slot - this.room;
  }

  /** Where a key is, or where it would be put. */
  private placeOf(key: string, hash: number): number {
    const { places } = this;
    const { hashes, keys } = this.columns;
    const mask = places.length - 1;
    let place = hash >>> this.shift;
    for (let slot = places[place]! - 1; slot !== -1; slot = places[place]! - 1) {
      if (hashes[slot] === hash && keys[slot] === key) break;
      place = (place + 1) & mask;
    }
    return place;
  }

  private link(slot: number): void {
    const { columns, places } = this;
    const place = this.placeOf(columns.keys[slot]!, columns.hashes[slot]!);
    if (places[place] === 0) this.distinct += 1;
    places[place] = slot + 1;
  }

  /** The key of this slot leads to it no more. It may lead to a later one, and is left alone then:
   * a key that was forgotten may have come again. */
  private unlink(slot: number): void {
    const { places } = this;
    const { hashes } = this.columns;
    const mask = places.length - 1;
    let free = hashes[slot]! >>> this.shift;
    while (places[free] !== slot + 1) {
      if (places[free] === 0) return;
      free = (free + 1) & mask;
    }
    this.distinct -= 1;
    for (let place = (free + 1) & mask; places[place] !== 0; place = (place + 1) & mask) {
      const home = hashes[places[place]! - 1]! >>> this.shift;
      if (!mayMoveUp(home, place, free, mask)) continue;
      places[free] = places[place]!;
      free = place;
    }
    places[free] = 0;
  }

  private grow(): void {
    invariant(this.start === 0, 'what was forgotten left room');
    const { columns, places } = this;
    this.room *= 2;
    this.columns = new Columns(this.room);
    for (let slot = 0; slot < this.count; slot += 1) this.columns.copy(columns, slot, slot);
    this.places = new Int32Array(2 * this.room);
    this.shift -= 1;
    this.distinct = 0;
    for (const place of places) if (place !== 0) this.link(place - 1);
  }
}
