// Judges a history: every invariant looks at every record once, so the time is linear in its
// length.

import { Evidence, type Invariant } from './evidence.ts';
import { Ends } from './history/ends.ts';
import type { HistoryRecord } from './history/history.ts';
import { Bounded } from './judges/bounded.ts';
import { Converges } from './judges/converges.ts';
import { Durable } from './judges/durable.ts';
import { ExactlyOnce } from './judges/exactly-once.ts';
import { HonestRefusal } from './judges/honest-refusal.ts';
import { Linearizable } from './judges/linearizable.ts';
import { NeverBack } from './judges/never-back.ts';
import { NoGhost } from './judges/no-ghost.ts';
import { NoSilentDamage } from './judges/no-silent-damage.ts';
import { OneMaster } from './judges/one-master.ts';
import { QuorumMode } from './judges/quorum-mode.ts';
import { TotalOrder } from './judges/total-order.ts';
import { WriteConcernHonoured } from './judges/write-concern.ts';
import { type Counts, type Verdict, VIOLATIONS_MAX, type Violation } from './verdict.ts';

/** A reason to judge nothing: whatever was to be shown, it was not. */
export const NOTHING_ACKNOWLEDGED = 'no write was acknowledged';

/**
 * Takes records one by one, in the order in which they ended.
 *
 * Invariants:
 * 1. A violation that is told stays told: later records never excuse it.
 * 2. `finish` may be called once.
 */
export class Judge {
  private readonly evidence = new Evidence();
  private readonly ends = new Ends();
  private readonly invariants: readonly Invariant[];
  private readonly violations: Violation[] = [];

  constructor() {
    const { evidence } = this;
    // Total order comes first among those who look at writes and logs: it keeps the promises and
    // the table of entries that the others look at; damage is told from it by what was asked for.
    this.invariants = [
      new Bounded(evidence),
      new WriteConcernHonoured(evidence),
      new ExactlyOnce(evidence),
      new TotalOrder(evidence),
      new NoSilentDamage(evidence),
      new NeverBack(evidence),
      new Durable(evidence),
      new OneMaster(evidence),
      new QuorumMode(evidence),
      new Linearizable(evidence),
      new NoGhost(evidence),
      new HonestRefusal(evidence),
      new Converges(evidence),
    ];
  }

  /** What the history holds so far. */
  get counts(): Readonly<Counts> {
    return { ...this.evidence.counts, excused: this.evidence.promises.excused };
  }

  /** The history has something here that is no record: the next one's place is one further. */
  skip(): void {
    this.evidence.place += 1;
  }

  /** Judges one more record; returns what it contradicts, if anything. Throws UnsortedHistory if it
   * ended before one that was judged. */
  record(record: HistoryRecord): Violation | null {
    this.ends.take(record, this.evidence.place + 1);
    const contents = this.evidence.take(record);
    let first: Violation | null = null;
    for (const invariant of this.invariants) {
      const found = this.ask(invariant, record, contents);
      if (found === null) continue;
      first ??= found;
      this.keep(found);
      // What a broken record says is not evidence for anything else.
      break;
    }
    return first;
  }

  /** The history is over: what it comes to. */
  finish(): Verdict {
    for (const invariant of this.invariants) {
      const found = invariant.finish?.() ?? null;
      if (found !== null) this.keep(found);
    }
    const reasons = this.violations.length > 0 ? [] : this.undecided();
    const illegal = this.violations.length > 0;
    const verdict = illegal ? 'ILLEGAL' : reasons.length > 0 ? 'UNKNOWN' : 'OK';
    return { verdict, violations: this.violations, reasons, counts: this.counts };
  }

  private ask(
    invariant: Invariant,
    record: HistoryRecord,
    contents: readonly number[],
  ): Violation | null {
    switch (record.type) {
      case 'write':
        return invariant.write?.(record, contents) ?? null;
      case 'log':
        return invariant.log?.(record, contents) ?? null;
      case 'get':
        return invariant.get?.(record) ?? null;
      case 'node':
        return invariant.node?.(record) ?? null;
      case 'health':
        return invariant.health?.(record) ?? null;
      case 'phase':
        return invariant.phase?.(record) ?? null;
      case 'fault':
        return null;
    }
  }

  private keep(found: Violation): void {
    if (this.violations.length >= VIOLATIONS_MAX) return;
    // What a record shows and what is left at the end may contradict the same thing.
    if (this.violations.some(({ sentence }) => sentence === found.sentence)) return;
    this.violations.push(found);
  }

  /** What is missing for a verdict. */
  private undecided(): string[] {
    const { cluster, counts, finals } = this.evidence;
    const reasons: string[] = [];
    if (counts.acknowledged === 0) reasons.push(NOTHING_ACKNOWLEDGED);
    if (finals.size === 0) {
      reasons.push('no node was read after everything was quiet (`final`)');
      return reasons;
    }
    for (const { node, up } of cluster.members) {
      const log = finals.get(node);
      if (log === undefined && up) reasons.push(`${node} is up, but was not read at the end`);
    }
    for (const { covered, lastIndex, moved, node, whole } of finals.values()) {
      if (whole) continue;
      reasons.push(
        moved
          ? `the log of ${node} grew while it was read at the end`
          : `the log of ${node} was read up to ${covered} of ${lastIndex} at the end`,
      );
    }
    return reasons;
  }
}

/** Judges a whole history. Throws UnsortedHistory. */
export function judge(records: Iterable<HistoryRecord>): Verdict {
  const judges = new Judge();
  for (const record of records) judges.record(record);
  return judges.finish();
}
