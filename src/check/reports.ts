// What a node says of its own log: where it ends, and what is on a majority. Neither falls while
// the log stays the one that pages of the same life have shown; a later epoch may cut it.
//
// A report (`health`) does not tell when it was asked for: not before the one that came before it.

import type { Evidence } from './evidence.ts';
import type { HealthRecord, LogRecord } from './history/history.ts';
import type { Reached, Shown } from './log/shown.ts';
import { type Violation, violation } from './verdict.ts';

export class Reports {
  private readonly evidence: Evidence;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  /** A page tells what is on a majority. (Where its log ends is judged with what it shows.) */
  page({ call, commitIndex, node, return: moment }: LogRecord, shown: Shown): Violation | null {
    const { cluster, inFirstEpoch, place } = this.evidence;
    // What was said of an earlier epoch's log, while the next one began, may be taken back.
    const began = inFirstEpoch ? Number.NEGATIVE_INFINITY : shown.epochSince;
    if (call <= began || shown.isOver(cluster)) return null;
    const before = shown.commits.at(call);
    shown.commits.reach(moment, commitIndex, place);
    return commitIndex < before.index ? this.fewer(node, before, commitIndex) : null;
  }

  /** A report is of the node's present life, which may not be the one that has shown this. */
  health({ at, commitIndex, lastIndex, node }: HealthRecord, shown: Shown): Violation | null {
    const { cluster, place } = this.evidence;
    if (cluster.nodes.get(node)?.life !== shown.life) return null;
    const before = shown.reported;
    shown.reported = { ...before, at };
    if (!shown.stays(before.at, cluster)) return null;
    const end = higher(before.end, shown.ends.at(before.at));
    if (lastIndex < end.index) return this.shorter(node, end, lastIndex);
    const committed = higher(before.committed, shown.commits.at(before.at));
    if (commitIndex < committed.index) return this.fewer(node, committed, commitIndex);
    shown.ends.reach(at, lastIndex, place);
    shown.commits.reach(at, commitIndex, place);
    const said = { end: { index: lastIndex, place }, committed: { index: commitIndex, place } };
    shown.reported = { at, ...said };
    return null;
  }

  private shorter(node: string, before: Reached, lastIndex: number): Violation {
    const { place } = this.evidence;
    return violation(
      'never back',
      `${node} had a log up to ${before.index} (record ${before.place}), and then said that it ` +
        `ends at ${lastIndex} (record ${place}), in one life and with no later epoch.`,
      before.place,
      place,
    );
  }

  private fewer(node: string, before: Reached, commitIndex: number): Violation {
    const { place } = this.evidence;
    return violation(
      'never back',
      `${node} said that what is up to ${before.index} is on a majority (record ${before.place}), ` +
        `and then only what is up to ${commitIndex} (record ${place}), in one life and with no ` +
        `later epoch.`,
      before.place,
      place,
    );
  }
}

function higher(one: Reached, other: Reached): Reached {
  return other.index > one.index ? other : one;
}
