// What a log has promised so far, and whether a start keeps it. The rule: what was acknowledged is
// there until it is cut off or superseded, and what is cut off is kept aside before it goes.

import type { Memory } from '../../src/core/effects.ts';
import type { Entry } from '../../src/core/operation.ts';

const textOf = (entry: Entry): string => JSON.stringify(entry);

/** An entry of a log, as it is written. */
interface Kept {
  readonly index: number;
  readonly text: string;
}

const keptOf = (entry: Entry): Kept => ({ index: entry.index, text: textOf(entry) });

/** What a start found. */
export interface Found {
  readonly entries: readonly Entry[];
  readonly memory: Memory | null;
  /** Texts of the entries in the files that keep what was cut off. */
  readonly aside: ReadonlySet<string>;
}

export class Ledger {
  /** The log as it is, and as it was before each cut that nobody was told of yet. */
  private versions: (readonly Kept[])[] = [[]];
  /** All entries up to this index are surely there. */
  private floor = 0;
  private readonly everAcknowledged = new Set<string>();
  /** What compaction may take away. */
  private readonly superseded = new Set<string>();
  /** The bookkeeping that was acknowledged last, and what was asked for since. */
  private memories: (string | null)[] = ['null'];

  appended(entries: readonly Entry[]): void {
    this.versions.push([...this.versions.pop()!, ...entries.map(keptOf)]);
  }

  /** Later ones on the same keys are there for good. */
  supersede(entries: readonly Entry[]): void {
    for (const entry of entries) this.superseded.add(textOf(entry));
  }

  cut(after: number): void {
    this.versions.push(this.versions.at(-1)!.filter(({ index }) => index <= after));
    this.floor = Math.min(this.floor, after);
  }

  /** Everything in the log has been acknowledged, and so has the last cut. */
  persisted(): void {
    const log = this.versions.at(-1)!;
    this.versions = [log];
    this.floor = log.at(-1)?.index ?? 0;
    for (const { text } of log) this.everAcknowledged.add(text);
  }

  /** A start found this: it is the log from now on, and as good as acknowledged. */
  restarted({ entries, memory }: Found): void {
    this.versions = [entries.map(keptOf)];
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
    for (const text of this.superseded) copy.superseded.add(text);
    copy.memories = [...this.memories];
    return copy;
  }

  /** What is wrong with what a start found; null: nothing. */
  judge({ entries, memory, aside }: Found): string | null {
    const texts = entries.map(textOf);
    const lacking = this.versions
      .map((log) => this.lacking(texts, log))
      .find((rest) => rest !== null);
    if (lacking === undefined) return 'entries that were never in the log like this';
    if (lacking.some(({ index }) => index <= this.floor)) {
      return `${texts.length} entries, and not all of the acknowledged ones up to ${this.floor}`;
    }
    const there = new Set(texts);
    for (const text of this.everAcknowledged) {
      if (there.has(text) || aside.has(text) || this.superseded.has(text)) continue;
      return `neither in the log nor kept aside: ${text}`;
    }
    if (!this.memories.includes(JSON.stringify(memory))) return `bookkeeping of another time`;
    return null;
  }

  /** What is wrong with what the log holds while it is in use; null: nothing. */
  judgeMemory(entries: readonly Entry[]): string | null {
    const lacking = this.lacking(entries.map(textOf), this.versions.at(-1)!);
    if (lacking === null) return 'in memory: entries that are not in the log like this';
    return lacking.length === 0 ? null : `in memory: without ${lacking[0]!.text}`;
  }

  /** What comes in a version of the log behind these, which it begins with but for superseded ones;
   * null: they never stood there like this. */
  private lacking(texts: readonly string[], log: readonly Kept[]): readonly Kept[] | null {
    let at = 0;
    const pass = (wanted?: string): void => {
      while (at < log.length && log[at]!.text !== wanted) {
        if (!this.superseded.has(log[at]!.text)) return;
        at += 1;
      }
    };
    for (const text of texts) {
      pass(text);
      if (log[at]?.text !== text) return null;
      at += 1;
    }
    pass();
    return log.slice(at);
  }
}
