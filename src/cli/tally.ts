// What has become of an input that is appended in batches.

import type { BatchAnswer } from '../client/answers.ts';
import { counted } from './counted.ts';
import { formatDuration } from './duration.ts';

export class Tally {
  readonly #startedAt: number;
  #batches = 0;
  #count = 0;
  #first: number | null = null;
  #last: number | null = null;

  /** `startedAt`: on the clock that `summary` is given. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt;
  }

  get batches(): number {
    return this.#batches;
  }

  /** Messages stored. */
  get count(): number {
    return this.#count;
  }

  add({ first, last, count }: Pick<BatchAnswer, 'first' | 'last' | 'count'>): void {
    this.#batches += 1;
    this.#count += count;
    this.#first ??= first;
    this.#last = last;
  }

  /** Like `25000 messages appended, from 4 to 25003 (3 batches, 1.2 s, 20833 per second)`. */
  summary(now: number): string {
    const ms = now - this.#startedAt;
    const rate = ms > 0 ? `, ${Math.round((this.#count * 1_000) / ms)} per second` : '';
    const place =
      this.#first === this.#last ? `at ${this.#first}` : `from ${this.#first} to ${this.#last}`;
    return (
      `${counted(this.#count, 'message', 'messages')} appended, ${place}` +
      ` (${counted(this.#batches, 'batch', 'batches')}, ${formatDuration(ms)}${rate})`
    );
  }
}
