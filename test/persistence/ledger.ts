// What a log has promised so far, and whether a start keeps it. The rule: what was acknowledged is
// there until it is cut off, and what is cut off is kept aside before it goes.

import type { Memory } from '../../src/core/effects.ts';
import type { Entry } from '../../src/core/operation.ts';

const textOf = (entry: Entry): string => JSON.stringify(entry);

/** What a start found. */
export interface Found {
  readonly entries: readonly Entry[];
  readonly memory: Memory | null;
  /** Texts of the entries in the files that keep what was cut off. */
  readonly aside: ReadonlySet<string>;
}

export class Ledger {
  /** The log as it is, and as it was before each cut that nobody was told of yet. */
  private versions: (readonly string[])[] = [[]];
  /** So many entries of the log are surely there. */
  private floor = 0;
  private readonly everAcknowledged = new Set<string>();
  /** The bookkeeping that was acknowledged last, and what was asked for since. */
  private memories: (string | null)[] = ['null'];

  appended(entries: readonly Entry[]): void {
    this.versions.push([...this.versions.pop()!, ...entries.map(textOf)]);
  }

  cut(after: number): void {
    this.versions.push(this.versions.at(-1)!.slice(0, after));
    this.floor = Math.min(this.floor, after);
  }

  /** Everything in the log has been acknowledged, and so has the last cut. */
  persisted(): void {
    const log = this.versions.at(-1)!;
    this.versions = [log];
    this.floor = log.length;
    for (const text of log) this.everAcknowledged.add(text);
  }

  /** A start found this: it is the log from now on, and as good as acknowledged. */
  restarted({ entries, memory }: Found): void {
    this.versions = [entries.map(textOf)];
    this.persisted();
    this.memories = [JSON.stringify(memory)];
  }

  remembering(memory: Memory): void {
    this.memories.push(JSON.stringify(memory));
  }

  remembered(): void {
    this.memories = this.memories.slice(-1);
  }

  /** The ledger as it stands now. */
  copy(): Ledger {
    const copy = new Ledger();
    copy.versions = [...this.versions];
    copy.floor = this.floor;
    for (const text of this.everAcknowledged) copy.everAcknowledged.add(text);
    copy.memories = [...this.memories];
    return copy;
  }

  /** What is wrong with what a start found; null: nothing. */
  judge({ entries, memory, aside }: Found): string | null {
    const texts = entries.map(textOf);
    if (texts.length < this.floor) return `${texts.length} entries of ${this.floor} acknowledged`;
    const fits = this.versions.some((log) => texts.every((text, i) => text === log[i]));
    if (!fits) return 'entries that were never in the log like this';
    const there = new Set(texts);
    for (const text of this.everAcknowledged) {
      if (!there.has(text) && !aside.has(text)) return `neither in the log nor kept aside: ${text}`;
    }
    if (!this.memories.includes(JSON.stringify(memory))) return `bookkeeping of another time`;
    return null;
  }
}
