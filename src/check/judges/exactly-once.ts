// Exactly once: requests with the same idempotency key, and every request without one, are in a log
// at most once; every answer to them names the same index; a key stands for one request only; a
// batch is there as a whole or not at all.
//
// A key counts as new when as many others have come behind it as the cluster remembers. Each of
// them takes at least one index, and all of them are in the history: so where the indexes are
// closer to each other, or the whole history has no more keys, the key was known.

import type { Evidence, Invariant } from '../evidence.ts';
import type { WriteRecord } from '../history/history.ts';
import { sameContents } from '../log/by-contents.ts';
import type { FinalLog } from '../log/final-logs.ts';
import type { Content, KeyFacts } from '../operations.ts';
import { isOutdated } from '../promises.ts';
import { type Violation, violation } from '../verdict.ts';

export class ExactlyOnce implements Invariant {
  private readonly evidence: Evidence;
  /** Keys that came to another index so far away that they may have been forgotten. */
  private readonly suspects: Violation[] = [];

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  write(record: WriteRecord, contents: readonly Content[]): Violation | null {
    const { first, idempotencyKey: key } = record;
    if (first === undefined || key === null) return null;
    const { cluster, operations, place, promises } = this.evidence;
    if (record.outcome !== 'ok' && isOutdated(record, cluster)) return null;
    const facts = operations.request(key);
    if (this.isLost(facts, record))
      Object.assign(facts, { first: 0, stored: false, heardAt: NEVER });
    const before = { ...facts };
    const same = sameContents(before.contents, contents);
    const stores = record.outcome === 'ok' && record.duplicate !== true;
    facts.askedAt = Math.max(facts.askedAt, record.call);
    if (before.first === first && same) {
      facts.stored ||= stores;
      facts.heardAt = Math.min(facts.heardAt, record.return ?? facts.heardAt);
      return stores ? this.again(record, before) : null;
    }
    const heardAt = record.return ?? NEVER;
    Object.assign(facts, { first, contents, place, stored: stores, heardAt });
    // The earlier index may have been lost with its holders, or cut off before it was promised.
    if (before.first === 0 || record.call <= promises.riskAt) return null;
    if (!this.stands(before)) return null;
    const found = violation(
      'exactly once',
      `The request with key ${key} was answered with index ${before.first} (record ` +
        `${before.place}) and ${same ? 'again' : 'another one'} with index ${first} (record ${place}).`,
      before.place,
      place,
    );
    if (!operations.isFar(before.first, first)) return found;
    this.suspects.push(found);
    return null;
  }

  /** Whoever is not told that it was a repeat has stored it: only one can have, and only before
   * anybody was told where it is. */
  private again({ call, idempotencyKey }: WriteRecord, before: KeyFacts): Violation | null {
    const { place, promises } = this.evidence;
    if (!before.stored && before.heardAt >= call) return null;
    if (call <= promises.riskAt || !this.stands(before)) return null;
    if (promises.isPast(before.askedAt) && this.isNew(before)) return null;
    return violation(
      'exactly once',
      `The request with key ${idempotencyKey} was said to be at index ${before.first} (record ` +
        `${before.place}), and then to have been stored there by a repeat of it, which was not ` +
        `called a duplicate (record ${place}).`,
      before.place,
      place,
    );
  }

  /** What is there now was stored in the present epoch: what was there before, and not promised,
   * has gone with its own. */
  private isNew({ contents: [content], first }: KeyFacts): boolean {
    const { cluster, entries } = this.evidence;
    return entries.find(first, cluster.masterEpoch)?.content === content;
  }

  /** What was said to be there is promised. What came to be promised there later may be the like of
   * another request: a removal says no more than its key. */
  private stands({ contents: [content], first, place }: KeyFacts): boolean {
    const { operations, promises } = this.evidence;
    const promised = promises.at(first);
    if (promised === null || promised.content !== content) return false;
    return promised.place <= place || operations.requests(content) === 1;
  }

  /** All that is known of the key was said before something was lost, and is not promised since
   * then: a repeat that was asked for later may store it anew, where it was or elsewhere. */
  private isLost({ askedAt, first, place }: KeyFacts, { call }: WriteRecord): boolean {
    const { promises } = this.evidence;
    if (call <= promises.riskAt || askedAt > promises.riskAt) return false;
    if (!promises.mayHaveLost(first)) return false;
    return (promises.at(first)?.place ?? Number.POSITIVE_INFINITY) > place;
  }

  finish(): Violation | null {
    const [suspect] = this.suspects;
    if (suspect !== undefined && !this.evidence.operations.forgetsKeys) return suspect;
    for (const log of this.evidence.finals.values()) {
      const found = this.doubled(log) ?? this.torn(log);
      if (found !== null) return found;
    }
    return null;
  }

  private doubled({ contents, node, place }: FinalLog): Violation | null {
    const { operations } = this.evidence;
    const times = new Uint32Array(operations.size);
    const firsts = new Uint32Array(operations.size);
    for (const [index, content] of contents.entries()) {
      times[content]! += 1;
      if (times[content] === 1) {
        firsts[content] = index;
        continue;
      }
      const requests = operations.requests(content);
      if (requests === 0 || times[content]! <= requests) continue;
      const most = requests + operations.repetitions(content);
      if (times[content]! <= most && operations.isFar(firsts[content]!, index)) continue;
      return violation(
        'exactly once',
        `${operations.name(content)} was asked for ${often(requests)}, but the log of ${node} ` +
          `has it at index ${firsts[content]} and again at index ${index} (record ${place}).`,
        this.evidence.promises.at(firsts[content]!)?.place ?? 0,
        this.evidence.promises.at(index)?.place ?? 0,
        place,
      );
    }
    return null;
  }

  /** A batch of which the final log holds a part. */
  private torn({ contents, node, place, whole }: FinalLog): Violation | null {
    const { operations } = this.evidence;
    if (!whole || operations.openBatches.length === 0) return null;
    const places = new Map<number, number>();
    for (const [index, content] of contents.entries()) {
      places.set(content, index);
    }
    for (const batch of operations.openBatches) {
      const unique = batch.contents.every((content) => operations.requests(content) <= 1);
      const first = places.get(batch.contents[0]!);
      const isThere = batch.contents.map((content) => places.has(content));
      const inRow = batch.contents.every((content, i) => places.get(content) === first! + i);
      const messages = batch.contents.every((content) => operations.key(content) === null);
      if (!unique || !messages || !isThere.includes(true) || inRow) continue;
      return violation(
        'exactly once',
        `A batch of ${batch.contents.length} that begins with ` +
          `${operations.name(batch.contents[0])} (record ${batch.place}) is only partly, or not ` +
          `in one piece, in the log of ${node} (record ${place}).`,
        batch.place,
        place,
      );
    }
    return null;
  }
}

const NEVER = Number.POSITIVE_INFINITY;

function often(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
