// What was shown by whom, and what of that cannot be. The model knows nothing of replication: it is
// one list of what was promised to stay, and one of what each life of a node has shown.

import { isDeepStrictEqual } from 'node:util';
import type { LogEntry } from '../../../src/client/answers.ts';

/** One answer of a node, asked for and given in one life of its process and in one epoch. */
export interface Look {
  readonly node: string;
  readonly life: number;
  /** null: it changed meanwhile. */
  readonly epoch: number | null;
}

/** A write that was acknowledged by a majority. */
export interface Acknowledged {
  readonly index: number;
  readonly idempotencyKey: string;
  readonly operation: object;
}

export class Witness {
  /** What cannot be; a run in which something is wrong is over. */
  readonly wrong: string[] = [];
  /** How often something was seen, by its name. */
  readonly seen = new Map<string, number>();
  readonly acknowledged: Acknowledged[] = [];
  /** Entries of which somebody was told that they are on a majority. */
  readonly #promised = new Map<number, LogEntry>();
  readonly #shown = new Map<string, Map<number, LogEntry>>();
  readonly #farthest = new Map<string, number>();
  /** Up to here writes are acknowledged, and reads proved current. */
  #current = 0;

  get current(): number {
    return this.#current;
  }

  count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  complain(what: string): void {
    this.wrong.push(what);
  }

  wrote(write: Acknowledged): void {
    this.acknowledged.push(write);
    this.#current = Math.max(this.#current, write.index);
  }

  /** A linearizable read that showed the log up to `lastIndex`; `before`: `current` when it was
   * asked for. */
  proved(what: string, lastIndex: number, before: number): void {
    if (lastIndex < before) this.complain(`${what} is stale: it ends at ${lastIndex} < ${before}`);
    this.#current = Math.max(this.#current, lastIndex);
  }

  /** These stand in one log, one behind the other, `from` an index on. */
  consecutive(what: string, entries: readonly LogEntry[], from: number): void {
    let epoch = 0;
    for (const [i, entry] of entries.entries()) {
      if (entry.index !== from + i) {
        this.complain(`${what} shows entry ${entry.index} in place of ${from + i}`);
      }
      if (entry.epoch < epoch) this.complain(`${what}: epochs fall at ${entry.index}`);
      epoch = entry.epoch;
    }
  }

  /** Entries that a read showed as being on a majority: they are so for ever. */
  promise(what: string, entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const known = this.#promised.get(entry.index);
      if (known === undefined) this.#promised.set(entry.index, entry);
      else this.#compare(`${what}, on a majority`, entry, known);
    }
  }

  /** What a node showed in one life and epoch does not change. */
  show(what: string, look: Look, entries: readonly LogEntry[]): void {
    if (look.epoch === null) return;
    const name = `${look.node} ${look.life} ${look.epoch}`;
    const shown = this.#shown.get(name) ?? new Map<number, LogEntry>();
    this.#shown.set(name, shown);
    for (const entry of entries) {
      this.#compare(what, entry, shown.get(entry.index) ?? entry);
      shown.set(entry.index, entry);
    }
  }

  /** `value` of `what` does not go back while `within` stays the same. Of one reader after the
   * other: two that read at the same time may overtake each other. */
  forward(what: string, within: string, value: number): void {
    const name = `${what} ${within}`;
    const before = this.#farthest.get(name) ?? 0;
    if (value < before) this.complain(`${name} goes back from ${before} to ${value}`);
    this.#farthest.set(name, value);
  }

  /** In the end all that was promised or acknowledged stands where it was. */
  judge(final: readonly LogEntry[]): void {
    for (const entry of this.#promised.values()) {
      this.#compare('in the end', final[entry.index - 1], entry);
    }
    for (const { index, operation } of this.acknowledged) {
      const { index: _, epoch: __, at: ___, ...found } = final[index - 1] ?? ({} as LogEntry);
      if (!isDeepStrictEqual(found, operation)) {
        this.complain(`${index} is ${JSON.stringify(found)}, not ${JSON.stringify(operation)}`);
      }
    }
  }

  #compare(what: string, found: LogEntry | undefined, known: LogEntry): void {
    if (isDeepStrictEqual(found, known)) return;
    this.complain(`${what}: ${JSON.stringify(found)}, and before ${JSON.stringify(known)}`);
  }
}
