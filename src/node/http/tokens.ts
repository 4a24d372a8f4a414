// The tokens of a cluster: those that callers may have, and the one that this process sends. The
// rule: they can be exchanged while everything goes on, so whoever needs one asks for it each time
// and keeps none.

import { createHash, timingSafeEqual } from 'node:crypto';

/** One that comes and one that goes are two. Each is compared with what every caller sends. */
export const TOKENS_MAX = 10;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

export class Tokens {
  #all: readonly string[] = [];
  #digests: readonly Buffer[] = [];
  readonly #listeners = new Set<() => void>();

  /** All of `all` are accepted, the first is sent. Throws RangeError for none or too many. */
  constructor(all: readonly string[]) {
    this.exchange(all);
  }

  /** Of all, the first is what this process sends. */
  get all(): readonly string[] {
    return this.#all;
  }

  /** What goes with a request of this process. */
  get authorization(): string {
    return `Bearer ${this.#all[0]}`;
  }

  /** Whether it is one of them. Takes as long whichever it is, or if it is none: each is compared,
   * and digests have one length, so that nothing is told of those of the tokens. */
  accepts(token: string): boolean {
    const given = digest(token);
    let found = 0;
    for (const known of this.#digests) found |= Number(timingSafeEqual(given, known));
    return found === 1;
  }

  /** From now on these count, and no others. Throws RangeError for none or too many. */
  exchange(all: readonly string[]): void {
    if (all.length === 0 || all.length > TOKENS_MAX) {
      throw new RangeError(`there must be 1 to ${TOKENS_MAX} tokens, not ${all.length}`);
    }
    this.#all = [...all];
    this.#digests = all.map(digest);
    for (const listener of [...this.#listeners]) listener();
  }

  /** `listener` is called after each exchange, until what this returns is called. */
  onExchange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
