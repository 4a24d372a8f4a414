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

/** What a node has shown of one log. */
interface Stretch {
  /** It goes on in the same name, with this behind it, where the node gave up its end. */
  readonly name: string;
  readonly shown: Map<number, LogEntry>;
  /** What it had shown before that; null: it may not, or did not. */
  readonly before: ReadonlyMap<number, LogEntry> | null;
}

/** Part of an entry. */
export interface Part {
  readonly index: number;
  readonly epoch?: number;
  readonly key?: string;
  readonly value?: string;
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
  readonly #stretches = new Map<string, Stretch>();
  readonly #farthest = new Map<string, { value: number; part: Part | null }>();
  /** Lives of masters that were overruled while they stood still, and in which epoch. */
  readonly #overruled = new Map<string, number>();
  /** What such masters have shown, and gave up. */
  readonly #lost = new Map<Part, string>();
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

  /** A master of this epoch is overruled while it stands still. It shows the end of its log for a
   * moment in the next epoch, and then gives up what nobody was promised (docs/guarantees.md). */
  overrule(node: string, life: number, epoch: number): void {
    this.#overruled.set(`${node} ${life}`, epoch);
  }

  /** What a node showed in one life and epoch does not change; see `overrule`. */
  show(what: string, look: Look, entries: readonly LogEntry[], lastIndex: number): void {
    if (look.epoch === null) return;
    const known = this.#stretch(look);
    const found = new Map(entries.map((entry) => [entry.index, entry]));
    const isGone = (entry: LogEntry): boolean =>
      entry.index > lastIndex || !isDeepStrictEqual(found.get(entry.index) ?? entry, entry);
    const isParted =
      entries.some(({ epoch }) => epoch === look.epoch) || [...known.shown.values()].some(isGone);
    const { shown, before } = isParted ? this.#part(look, known) : known;
    for (const entry of before?.values() ?? []) if (isGone(entry)) this.#lose(what, look, entry);
    for (const entry of entries) {
      this.#compare(what, entry, shown.get(entry.index) ?? entry);
      shown.set(entry.index, entry);
    }
  }

  /** The same of something that only grows along a log. `part`: what of it `value` tells. */
  grow(what: string, look: Look, value: number, part: Part | null = null): void {
    if (look.epoch === null) return;
    let stretch = this.#stretch(look);
    const last = this.#farthest.get(`${what} ${stretch.name}`);
    if (last !== undefined && value < last.value) {
      stretch = this.#part(look, stretch);
      if (stretch.before !== null && last.part !== null) this.#lose(what, look, last.part);
    }
    this.forward(what, stretch.name, value, part);
  }

  /** `value` of `what` does not go back while `within` stays the same. Of one reader after the
   * other: two that read at the same time may overtake each other. */
  forward(what: string, within: string, value: number, part: Part | null = null): void {
    const name = `${what} ${within}`;
    const before = this.#farthest.get(name)?.value ?? 0;
    if (value < before) this.complain(`${name} goes back from ${before} to ${value}`);
    this.#farthest.set(name, { value, part });
  }

  /** In the end all that was promised or acknowledged stands where it was, and nothing of what was
   * given up. */
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
    for (const [part, what] of this.#lost) {
      const there = final[part.index - 1];
      if (isDeepStrictEqual({ ...there, ...part }, there)) this.complain(`${what}, which stays`);
    }
  }

  #stretch({ node, life, epoch }: Look): Stretch {
    const name = `${node} ${life} ${epoch}`;
    const known = this.#stretches.get(name) ?? { name, shown: new Map(), before: null };
    this.#stretches.set(name, known);
    return known;
  }

  /** What follows when something has gone, or is of the epoch at hand: of what an overruled master
   * had shown, once in an epoch, only what is on a majority has to stay. Others go on. */
  #part(look: Look, known: Stretch): Stretch {
    const office = this.#overruled.get(`${look.node} ${look.life}`) ?? look.epoch!;
    if (known.before !== null || look.epoch! <= office) return known;
    const shown = new Map(
      [...known.shown].filter(([, entry]) =>
        isDeepStrictEqual(this.#promised.get(entry.index), entry),
      ),
    );
    const next = { name: `${known.name}, cut back`, shown, before: known.shown };
    this.#stretches.set(known.name, next);
    this.count('overruled');
    return next;
  }

  #lose(what: string, look: Look, part: Part): void {
    const text = `${what} has lost ${JSON.stringify(part)}`;
    if (part.epoch !== undefined && part.epoch >= look.epoch!) this.complain(`${text}, too late`);
    this.#lost.set(part, text);
  }

  #compare(what: string, found: LogEntry | undefined, known: LogEntry): void {
    if (isDeepStrictEqual(found, known)) return;
    this.complain(`${what}: ${JSON.stringify(found)}, and before ${JSON.stringify(known)}`);
  }
}
