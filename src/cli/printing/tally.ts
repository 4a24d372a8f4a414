// What has become of an input that is appended in batches.

import type { BatchAnswer } from '../../client/answers.ts';
import { formatDuration } from '../arguments/duration.ts';
import { counted } from './counted.ts';

export class Tally {
  readonly #startedAt: number;
  #batches = 0;
  #count = 0;
  #duplicates = 0;
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

  add(answer: Pick<BatchAnswer, 'first' | 'last' | 'count' | 'duplicate'>): void {
    const { first, last, count, duplicate } = answer;
    this.#batches += 1;
    this.#count += count;
    if (duplicate) this.#duplicates += count;
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
      `${counted(this.#count, 'message', 'messages')} ${this.#what()}, ${place}` +
      ` (${counted(this.#batches, 'batch', 'batches')}, ${formatDuration(ms)}${rate})`
    );
  }

  /** Of an input that could not be appended to its end: like `the first 2 lines are stored, the
   * last at index 5; it stopped at lines 3 to 9`. `asked`: lines of a batch without an answer. */
  stop(asked: number): string {
    const stored = this.#count;
    const place = asked < 2 ? `line ${stored + 1}` : `lines ${stored + 1} to ${stored + asked}`;
    if (stored === 0) return `it stopped at ${place}, and stored nothing before`;
    const lines = stored === 1 ? 'first line is' : `first ${stored} lines are`;
    return `the ${lines} stored, the last at index ${this.#last}; it stopped at ${place}`;
  }

  #what(): string {
    if (this.#duplicates === 0) return 'appended';
    if (this.#duplicates === this.#count) return 'stored earlier under this key, nothing appended';
    return `stored, ${this.#duplicates} of them earlier under this key`;
  }
}
