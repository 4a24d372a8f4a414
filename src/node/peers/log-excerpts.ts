// What a node's messages to others say of its log: the updates of a Snapshot, and of the answer to
// a Fetch. The rule: a message says what stands there when it was ordered, or it is not sent.

import type { Fetch, Fetched, FetchedOrder, LogPoint, SnapshotOrder } from '../../core/messages.ts';
import type { Options } from '../../core/options.ts';
import type { LeftBehind } from '../../persistence/damage/left-behind.ts';
import type { Chunk, Persistence } from '../../persistence/persistence.ts';
import { type Excerpt, excerpt, fetchedExcerpt } from '../../persistence/record/excerpt.ts';
import type { Encoded } from '../runtime/engine.ts';
import { fetchedBody } from './snapshot-body.ts';

/** How much one message says. */
type Limits = Pick<Options, 'snapshotBytesMax' | 'snapshotEntriesMax'>;

export class LogExcerpts {
  private readonly persistence: Persistence;
  private readonly limits: Limits;
  private readonly leftBehind: LeftBehind | undefined;
  /** What was read last for a Snapshot: the next secondary is often sent the same. */
  private latest: Chunk | null = null;

  /** `leftBehind`: what damage left readable beside the log; undefined: nothing. */
  constructor(persistence: Persistence, limits: Limits, leftBehind: LeftBehind | undefined) {
    this.persistence = persistence;
    this.limits = limits;
    this.leftBehind = leftBehind;
  }

  /** The log is cut back: what was read may not be in it any more. */
  forget(): void {
    this.latest = null;
  }

  /** What a Snapshot says, at once if it is in memory. Throws, or rejects, if the log was cut back
   * after it was ordered, or cannot be read. */
  snapshot(order: SnapshotOrder): Excerpt | Promise<Excerpt> {
    const { latest } = this;
    if (latest?.from === order.from && latest.to === order.to && this.stands(latest)) {
      return { chunk: latest, prev: latest.prev };
    }
    const found = excerpt(this.persistence, order);
    if (!(found instanceof Promise) && found.chunk !== null) this.latest = found.chunk;
    return found;
  }

  /** Whether the log still has all of it. What no member needs any more may have been compacted
   * away, and a new member's Snapshots are counted without that. */
  private stands({ from, to, count }: Chunk): boolean {
    const there = this.persistence.measure(from, count, Number.POSITIVE_INFINITY);
    return there.to === to && there.count === count;
  }

  /** The answer to another node's Fetch. Rejects with DamagedLog or StorageFailure where the log
   * cannot be read. */
  async fetched(order: FetchedOrder): Promise<Encoded> {
    const { chunk, prev } = await fetchedExcerpt(this.persistence, order, this.limits);
    return { json: fetchedBody(chunk, prev, order.lastIndex) };
  }

  /** The answer to this node's own Fetch from what damage left behind. */
  async aside({ from }: Fetch): Promise<Fetched> {
    const { leftBehind, limits } = this;
    const { lastIndex, hash } = this.persistence;
    const prev: LogPoint = { index: lastIndex, hash };
    const known = leftBehind === undefined || from !== lastIndex + 1;
    const { snapshotEntriesMax, snapshotBytesMax } = limits;
    const updates = known ? [] : await leftBehind.after(prev, snapshotEntriesMax, snapshotBytesMax);
    return { type: 'Fetched', updates, lastIndex, prev };
  }
}
