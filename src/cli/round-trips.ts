// How long round trips took. The rule: of a million of them no more is kept than of one.

/** All times are in milliseconds. */
export class RoundTrips {
  #count = 0;
  #sumMs = 0;
  #minMs = Number.POSITIVE_INFINITY;
  #maxMs = 0;

  add(ms: number): void {
    this.#count += 1;
    this.#sumMs += ms;
    this.#minMs = Math.min(this.#minMs, ms);
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  get count(): number {
    return this.#count;
  }

  /** Of one or more. */
  get spans(): { readonly minMs: number; readonly avgMs: number; readonly maxMs: number } {
    return { minMs: this.#minMs, avgMs: this.#sumMs / this.#count, maxMs: this.#maxMs };
  }
}
