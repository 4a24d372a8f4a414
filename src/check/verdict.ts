// What the judges say of a history: legal, illegal with the few records that contradict each other,
// or undecided because the history does not tell enough.

/** The invariants, one file each. */
export type JudgeName =
  | 'durable'
  | 'exactly once'
  | 'total order'
  | 'never back'
  | 'write concern'
  | 'no ghost'
  | 'honest refusal'
  | 'one master per epoch'
  | 'converges'
  | 'quorum mode'
  | 'bounded'
  | 'no silent damage'
  | 'linearizable';

/** A contradiction. */
export interface Violation {
  readonly judge: JudgeName;
  /** What contradicts what, in one or two sentences. */
  readonly sentence: string;
  /** Places of the records that contradict each other in the history, from 1, rising. */
  readonly records: readonly number[];
}

/** What the history holds; a verdict on nothing would be worth nothing. */
export interface Counts {
  records: number;
  acknowledged: number;
  duplicates: number;
  refused: number;
  unknown: number;
  reads: number;
  gets: number;
  entries: number;
  faults: number;
  lives: number;
  epochs: number;
  /** Acknowledged, but every node that had to keep it has lost its memory since. */
  excused: number;
}

export interface Verdict {
  readonly verdict: 'OK' | 'ILLEGAL' | 'UNKNOWN';
  /** The first contradictions found, at most `VIOLATIONS_MAX`; the first explains the verdict. */
  readonly violations: readonly Violation[];
  /** Why the history cannot decide; empty unless UNKNOWN. */
  readonly reasons: readonly string[];
  readonly counts: Counts;
}

/** One wrong step leads to many; more than these help nobody. */
export const VIOLATIONS_MAX = 20;

/** A violation whose records are named once each, in the order of the history. */
export function violation(
  judge: JudgeName,
  sentence: string,
  ...records: readonly number[]
): Violation {
  const places = [...new Set(records)].filter((place) => place > 0).sort((a, b) => a - b);
  return { judge, sentence, records: places };
}
