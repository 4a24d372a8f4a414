// One pass of compaction over the closed segments, oldest first: which of them are worth being
// rewritten, and which are put together. The rule: what would stay is reckoned as the compactor
// does, or a segment would be rewritten again and again for nothing.

import { HOLE_MAX } from '../../core/log/log.ts';
import type { Disk } from '../disk/disk.ts';
import type { Segment } from '../segment/segment.ts';
import { segmentName } from '../segment/segment-file.ts';
import { readFolds, type Summary, summaryName } from '../segment/summary.ts';
import type { Candidate, Compactor, Superseding } from './compactor.ts';
import type { LastRemovals } from './last-removals.ts';

/** A segment is rewritten if so many of its records are superseded, as a share of all. */
export const GARBAGE_MIN = 0.2;

/** Put together at most. */
const GROUP_MAX = 64;

/** What a look at a segment says. */
interface Look {
  /** Records on keys that stay: the newest word on their key, as far as is known, or a request that
   * may be repeated. */
  readonly stays: number;
  readonly removals: Float64Array;
  readonly garbage: boolean;
  /** Small enough to be put together with its neighbour. */
  readonly small: boolean;
  /** What it will have when it is rewritten, roughly. */
  readonly bytes: number;
}

export interface PassParts {
  readonly disk: Disk;
  /** Segments are put together up to this size. */
  readonly segmentBytes: number;
  readonly lastRemovals: LastRemovals;
}

export class CompactionPass {
  private readonly disk: Disk;
  private readonly compactor: Compactor;
  private readonly state: Superseding;
  private readonly segmentBytes: number;
  private readonly lastRemovals: LastRemovals;
  private group: Candidate[] = [];
  private groupBytes = 0;
  private worth = false;

  constructor(
    { disk, segmentBytes, lastRemovals }: PassParts,
    compactor: Compactor,
    state: Superseding,
  ) {
    this.disk = disk;
    this.compactor = compactor;
    this.state = state;
    this.segmentBytes = segmentBytes;
    this.lastRemovals = lastRemovals;
  }

  /** Returns how many records on keys stay: what a later pass is measured against. Ends early where
   * segments have changed meanwhile. */
  async run(segments: readonly Segment[], summaries: readonly Summary[]): Promise<number> {
    await this.gatherRemovals(summaries);
    let left = 0;
    for (const [i, segment] of segments.entries()) {
      const look = await this.look(segment, summaries[i]!);
      if (look === null) return left;
      left += look.stays;
      const joins = look.garbage || look.small;
      const full = this.groupBytes + look.bytes > this.segmentBytes || !this.isNear(segment);
      if ((!joins || full || this.group.length === GROUP_MAX) && !(await this.finish()))
        return left;
      if (!joins) continue;
      this.group.push({ segment, end: summaries[i]!.fileBytes, removals: look.removals });
      this.groupBytes += look.bytes;
      this.worth ||= look.garbage;
    }
    await this.finish();
    return left;
  }

  /** What a segment knows of its records' places has 32 bits. */
  private isNear({ end }: Segment): boolean {
    const first = this.group[0]?.segment.start.first ?? end.index;
    return end.index - first <= HOLE_MAX;
  }

  private gatherRemovals(summaries: readonly Summary[]): Promise<void> {
    const settledTo = this.state.settledTo();
    const segments = summaries.map((summary) => ({
      first: summary.first,
      bytes: summary.sections[1]!.bytes,
      folds: () => readFolds(this.disk, summaryName(segmentName(summary.first)), summary, false),
    }));
    return this.lastRemovals.gather(
      segments,
      (key, index) => index <= settledTo && this.state.newest(key) === null,
    );
  }

  /** Rewrites what has gathered. Returns whether to go on: where something stays that was to go,
   * nothing behind it can be judged. */
  private async finish(): Promise<boolean> {
    const { group, worth } = this;
    this.group = [];
    this.groupBytes = 0;
    this.worth = false;
    if (!worth && group.length < 2) return true;
    return this.compactor.compact(group);
  }

  /** null: its summary cannot be read, and is made anew. */
  private async look(segment: Segment, summary: Summary): Promise<Look | null> {
    const name = summaryName(segmentName(segment.start.first));
    const folds = await readFolds(this.disk, name, summary, false);
    if (folds === null) {
      segment.summarised = false;
      return null;
    }
    const live = new Set<number>();
    const removals: number[] = [];
    folds.eachKey((key, index, present) => {
      const newest = this.state.newest(key);
      const last = !present && !this.lastRemovals.comeAfter(key, index);
      if (newest === index || (newest === null && last)) live.add(index);
      if (last) removals.push(index);
    });
    const stays = live.size + this.requestsBeside(live, summary);
    const dead = summary.keyed - stays;
    const garbage = dead > GARBAGE_MIN * segment.count;
    const size = segment.end.offset;
    const small = size < this.segmentBytes / 2 && summary.keyed > 0;
    const bytes = size * (1 - dead / Math.max(segment.count, 1));
    return { stays, removals: Float64Array.from(removals).sort(), garbage, small, bytes };
  }

  /** How many records on keys stay only because their idempotency key is known. Of requests that
   * are known it is not told which are messages: as many of them as of all that the segment has. */
  private requestsBeside(live: ReadonlySet<number>, summary: Summary): number {
    const { first, last, keyed, requestCount } = summary;
    if (live.size === keyed || requestCount === 0) return 0;
    const known = this.state.requestsIn(first, last);
    const share = (summary.keyedRequests ?? Math.min(keyed, requestCount)) / requestCount;
    let beside = Math.ceil(known.length * share);
    for (const request of known) if (live.has(request.first)) beside -= 1;
    return Math.min(Math.max(beside, 0), keyed - live.size);
  }
}
