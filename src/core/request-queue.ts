// Requests in the order of the log, the latest so many of them. The rule: it is a ring. A Map alone
// has an order too, but keeps the places of what was deleted for a while, and must be gone through
// from its beginning to find any place in it.

import { invariant } from './invariant.ts';

/** What the queue must know of a request. */
interface Placed {
  /** Index of its first entry. */
  readonly first: number;
}

/** Invariant: from the oldest to the newest, `first` rises. */
export class RequestQueue<T extends Placed> {
  private readonly ring: T[] = [];
  /** Where the oldest one is. */
  private start = 0;
  private count = 0;
  private readonly max: number;

  /** `max`: how many it holds at most, 1 or more. */
  constructor(max: number) {
    this.max = max;
  }

  get newest(): T | undefined {
    return this.count === 0 ? undefined : this.at(this.count - 1);
  }

  /** Puts one behind all others; returns the oldest one where it has to go for that. */
  push(request: T): T | null {
    if (this.count < this.max) {
      this.ring[this.place(this.count)] = request;
      this.count += 1;
      return null;
    }
    const oldest = this.ring[this.start]!;
    this.ring[this.start] = request;
    this.start = this.place(1);
    return oldest;
  }

  /** Puts another one in the place of the newest. */
  replaceNewest(request: T): void {
    invariant(this.count > 0, 'there is a newest request');
    this.ring[this.place(this.count - 1)] = request;
  }

  /** Takes the newest one away. */
  pop(): void {
    invariant(this.count > 0, 'there is a newest request');
    this.count -= 1;
  }

  /** Those that begin with one of the entries `from`…`to`, the oldest first. */
  beginningIn(from: number, to: number): T[] {
    const low = this.countBefore(from);
    const high = this.countBefore(to + 1);
    if (low >= high) return [];
    const begin = this.place(low);
    const end = this.place(high - 1) + 1;
    if (begin < end) return this.ring.slice(begin, end);
    return this.ring.slice(begin).concat(this.ring.slice(0, end));
  }

  /** How many begin before this index. */
  private countBefore(index: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle).first < index) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The one with so many before it. */
  private at(number: number): T {
    return this.ring[this.place(number)]!;
  }

  private place(number: number): number {
    const place = this.start + number;
    return place < this.max ? place : place - this.max;
  }
}
