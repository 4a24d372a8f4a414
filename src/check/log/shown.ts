// What one life of a node has shown: the judge of what may not go back holds later answers against
// it.

import type { ClusterFacts } from '../cluster-facts.ts';
import type { LogRecord } from '../history/history.ts';
import type { Content } from '../operations.ts';
import { ByIndex } from './by-index.ts';
import { Frontier } from './frontier.ts';

/** Epoch of what is missing where a page says that it covers it. */
export const HOLE = -1;

/** What was last seen at an index, and when. */
export interface Look {
  /** Of the entry, or `HOLE`. */
  readonly epoch: number;
  /** Of the log up to here; 0: not known. */
  readonly of: number;
  readonly moment: number;
  readonly place: number;
}

/** Nothing was seen there. */
export const NOTHING: Look = { epoch: 0, of: 0, moment: 0, place: 0 };

/** The highest index at which pages showed an operation on a key, and since when. */
export interface KeyLook {
  readonly index: number;
  readonly moment: number;
  readonly place: number;
}

/** A value that was given, as the operation that gave it. */
export interface Given {
  readonly content: Content;
  readonly moment: number;
  readonly place: number;
}

/** How far, and the record that says so. */
export interface Reached {
  readonly index: number;
  readonly place: number;
}

/** What a node said of its own log. */
export interface Report {
  readonly at: number;
  readonly end: Reached;
  readonly committed: Reached;
}

const NOWHERE: Reached = { index: 0, place: 0 };
const NO_REPORT: Report = { at: Number.NEGATIVE_INFINITY, end: NOWHERE, committed: NOWHERE };

/** What one life of a node has shown. */
export class Shown {
  readonly life: string;
  readonly entries = new ByIndex<Look>();
  /** By the index that was named. */
  readonly values = new ByIndex<Given>();
  readonly ends = new Frontier();
  /** The same of reads that show only what is on a majority. */
  readonly settled = new Frontier();
  /** What it said is on a majority, since its latest epoch began. */
  commits = new Frontier();
  /** What it last reported on itself, since then. */
  reported = NO_REPORT;
  readonly keys = new Map<string, KeyLook>();
  readonly settledKeys = new Map<string, KeyLook>();
  /** When an entry of its latest epoch was first shown: what was shown before may have gone. */
  epochSince = Number.NEGATIVE_INFINITY;
  /** The latest epoch of which an entry was shown, though it may have gone since. */
  private highestEpoch = 0;

  constructor(life: string) {
    this.life = life;
  }

  get lastEpoch(): number {
    return this.entries.last?.of ?? 0;
  }

  /** Whether a master of a later epoch may have another log by now. */
  isOver({ opened, opening }: ClusterFacts): boolean {
    return opening || opened > this.lastEpoch;
  }

  /** Whether what was shown then is of the log that the node has still. */
  stays(moment: number, cluster: ClusterFacts): boolean {
    return moment >= this.epochSince && !this.isOver(cluster);
  }

  set(index: number, epoch: number, moment: number, place: number): void {
    if (epoch > this.lastEpoch) {
      this.epochSince = moment;
      this.commits = new Frontier();
      this.reported = NO_REPORT;
    }
    this.highestEpoch = Math.max(this.highestEpoch, epoch);
    const of = epoch === HOLE ? (this.entries.at(index - 1)?.of ?? 0) : epoch;
    this.entries.set(index, { epoch, of, moment, place });
  }

  /** A page that was asked for before its latest epoch began there may show what has gone by the
   * time it is heard. */
  isOutdated({ call, entries }: LogRecord): boolean {
    return call <= this.epochSince && (entries.at(-1)?.epoch ?? 0) < this.highestEpoch;
  }

  /** A page shows an operation on this key. */
  look(keys: Map<string, KeyLook>, key: string, look: KeyLook): void {
    const before = keys.get(key);
    // What was shown before its latest epoch may have gone; it says nothing until it is shown anew.
    const stands = before !== undefined && before.moment >= this.epochSince;
    if (!stands || look.index > before.index) keys.set(key, look);
  }

  cut(after: number): void {
    this.entries.cut(after);
    this.values.cut(after);
    this.ends.cap(after);
    this.settled.cap(after);
  }
}
