// What a durable log does beside its work: writes summaries of closed segments, compacts them, and
// reads all of them once in a while to see that they are whole. The rule: one thing at a time, a
// little at a time, and nothing anybody waits for depends on it.

import type { OpenRequest } from '../../core/log/deduplication.ts';
import { MissingSegment } from '../damage/missing.ts';
import type { Disk } from '../disk/disk.ts';
import { failureOf } from '../disk/storage-failure.ts';
import type { Catalog } from '../log/catalog.ts';
import type { Holds } from '../log/holds.ts';
import type { Readers } from '../log/readers.ts';
import type { Turns } from '../log/turns.ts';
import { DamagedLog, StorageFailure } from '../persistence.ts';
import type { ReadingPace } from '../segment/outlined-reading.ts';
import type { Outliner } from '../segment/outliner.ts';
import type { Segment } from '../segment/segment.ts';
import { segmentName } from '../segment/segment-file.ts';
import { readSummary, type Summary, summaryName } from '../segment/summary.ts';
import { describeSegment, keepSummary, readClosed, WINDOWS } from './closed-segments.ts';
import { CompactionPass, GARBAGE_MIN } from './compaction-pass.ts';
import { Compactor, type Superseding } from './compactor.ts';
import { condemn } from './condemned.ts';
import type { Folded } from './folded.ts';
import { LastRemovals } from './last-removals.ts';
import type { Leftovers } from './leftovers.ts';

/** What upkeep is told by whoever runs the node. */
export interface UpkeepHost extends Folded, Superseding {
  /** Calls back once, after so many milliseconds; returns how to cancel. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** A closed segment is damaged: bytes that were once valid are not valid any more. */
  readonly damaged: (error: DamagedLog) => void;
  /** Something else is wrong with the program: an invariant is broken. */
  readonly broken: (error: unknown) => void;
}

export interface UpkeepParts {
  readonly disk: Disk;
  readonly catalog: Catalog;
  readonly readers: Readers;
  readonly holds: Holds;
  readonly turns: Turns;
  readonly leftovers: Leftovers;
  readonly outliner: Outliner;
  /** Whether all of a closed segment is on disk. */
  readonly durable: (segment: Segment) => boolean;
  /** Whether some of it is in memory, too. */
  readonly recent: (segment: Segment) => boolean;
  /** Segments are merged up to this size. */
  readonly segmentBytes: number;
}

/** All times in milliseconds. */
const PACE = {
  /** Between two looks for something to do. */
  idleMs: 500,
  /** The same, where nothing was written and nothing was to be done for a while: each look wakes a
   * process that does nothing else. */
  restMs: 4_000,
  /** After a failed call to the disk. */
  failedMs: 5_000,
  /** Between two windows of a segment that is read to be checked: at most 3 MB/s. */
  scrubMs: 40,
  /** Between two windows of one that is summarised or compacted. */
  workMs: 1,
};

/** If more segments wait for their summary, each of which would cost a start as much as a tenth of
 * a second, they are read in larger pieces. */
const WAITING_MAX = 2;

/** So many looks in vain, one after the other, are a while: ten seconds. */
const VAIN_LOOKS = 20;

/** A pass begins when so many more records on keys are there than the latest one has left. */
const GARBAGE_RECORDS_MIN = 8;

/** Nothing more is to be done: the log closes. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

export class Upkeep {
  private readonly parts: UpkeepParts;
  private readonly host: UpkeepHost;
  private readonly openAfter = new WeakMap<Segment, OpenRequest | null>();
  /** Records on keys in segments that have not changed since they were counted. */
  private readonly keyedIn = new WeakMap<Segment, number>();
  /** Where the latest pass of compaction ended; what it left is not looked at again before more has
   * come. */
  private passedTo = 0;
  private passedKeyed = 0;
  private readonly lastRemovals = new LastRemovals();
  /** Where the log ended at the latest look, and how many have been in vain since then. */
  private lookedAt = 0;
  private vainLooks = 0;
  private stopped = false;
  private cancel: () => void = () => {};
  private wake: () => void = () => {};
  private readonly running: Promise<void>;

  constructor(parts: UpkeepParts, host: UpkeepHost) {
    this.parts = parts;
    this.host = host;
    this.running = this.run();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    this.wake();
    await this.running;
  }

  private async run(): Promise<void> {
    await this.wait(PACE.idleMs);
    while (!this.stopped) {
      let waitMs = PACE.failedMs;
      try {
        waitMs = this.waitAfter(await this.work().catch((error) => this.condemned(error)));
      } catch (error) {
        if (!this.explain(failureOf(error))) return;
      }
      await this.wait(waitMs);
    }
  }

  /** How long until the next look. `found`: whether this one found something to do. */
  private waitAfter(found: boolean): number {
    const { lastIndex } = this.parts.catalog;
    const vain = !found && lastIndex === this.lookedAt;
    this.lookedAt = lastIndex;
    this.vainLooks = vain ? this.vainLooks + 1 : 0;
    if (found) return PACE.workMs;
    return this.vainLooks < VAIN_LOOKS ? PACE.idleMs : PACE.restMs;
  }

  /** Whoever meets damage sees to it that the next start does, too. A segment that was cut off
   * while it was read is none, and there is something else to do. */
  private async condemned(error: unknown): Promise<boolean> {
    await condemn(this.parts, error);
    if (error instanceof MissingSegment && !this.holds(error.file)) return true;
    throw error;
  }

  private holds(name: string): boolean {
    return this.parts.catalog.closed.some(({ start }) => segmentName(start.first) === name);
  }

  /** Returns whether to go on. */
  private explain(error: unknown): boolean {
    if (error instanceof Stopped) return false;
    // The disk's failures show where somebody waits for it; this comes again.
    if (error instanceof StorageFailure) return true;
    if (error instanceof DamagedLog) this.host.damaged(error);
    else this.host.broken(error);
    return false;
  }

  /** Does one thing; returns whether there was one. */
  private async work(): Promise<boolean> {
    const { leftovers, turns } = this.parts;
    await turns.run(() => leftovers.finish());
    const segments = this.parts.catalog.closed.filter((segment) => this.parts.durable(segment));
    const next = segments.findIndex(({ summarised }) => !summarised);
    if (next >= 0) {
      const waiting = segments.reduce((sum, { summarised }) => sum + (summarised ? 0 : 1), 0);
      const window = waiting > WAITING_MAX ? WINDOWS.behind : WINDOWS.brisk;
      const pace = { ...window, pause: () => this.pause(PACE.workMs) };
      await this.summarise(segments[next]!, segments[next - 1], pace);
      return true;
    }
    if (await this.compact(segments.filter((segment) => !this.parts.recent(segment)))) return true;
    const unchecked = segments.find((segment) => !segment.checked);
    if (unchecked === undefined) return false;
    await this.check(unchecked);
    return true;
  }

  private async summarise(
    segment: Segment,
    before: Segment | undefined,
    pace: ReadingPace,
  ): Promise<void> {
    const { catalog, disk, turns } = this.parts;
    let open = before === undefined ? null : this.openAfter.get(before);
    if (before !== undefined && open === undefined) {
      open = (await this.summaryOf(before))?.open ?? null;
    }
    const { offset: end } = segment.end;
    segment.condemned = false;
    // The summary takes the place of the outline, which must not come later.
    await this.parts.outliner.release(segment);
    const { requestsOf } = this.host;
    const found = await describeSegment(disk, segment, { open: open ?? null, requestsOf }, pace);
    this.openAfter.set(segment, found.digest.open);
    segment.checked = true;
    await turns.run(async () => {
      // Cut back meanwhile, it is described when it is closed anew. Cut off, never: its summary
      // would tell of a segment that is gone.
      if (segment.end.offset !== end || !catalog.closed.includes(segment)) return;
      // Somebody has met damage in it meanwhile: it is read again.
      if (segment.condemned) return;
      await keepSummary(disk, segment, found);
      segment.summarised = true;
      segment.outline = null;
    });
  }

  private summaryOf(segment: Segment): Promise<Summary | null> {
    return readSummary(this.parts.disk, summaryName(segmentName(segment.start.first)));
  }

  /** Reads a segment that the start took by its summary. */
  private async check(segment: Segment): Promise<void> {
    await readClosed(
      this.parts.disk,
      segment,
      () => undefined,
      () => this.pause(PACE.scrubMs),
    );
    segment.checked = true;
  }

  /** One pass over everything that may be compacted, if that is worth it. */
  private async compact(segments: readonly Segment[]): Promise<boolean> {
    const { disk, catalog, readers, holds, turns, leftovers, durable, segmentBytes } = this.parts;
    // Nothing could be put in place.
    if (holds.any) return false;
    const limit = this.host.compactTo();
    const eligible = segments.filter(({ end }) => end.index <= limit);
    const reached = eligible.at(-1)?.end.index ?? 0;
    if (reached <= this.passedTo) return false;
    let keyed = 0;
    for (const segment of eligible) {
      const count = this.keyedIn.get(segment) ?? (await this.summaryOf(segment))?.keyed;
      if (count === undefined) {
        segment.summarised = false;
        return true;
      }
      this.keyedIn.set(segment, count);
      keyed += count;
    }
    const more = keyed - this.passedKeyed;
    if (more < GARBAGE_RECORDS_MIN || more < this.passedKeyed * GARBAGE_MIN) {
      this.passedTo = reached;
      return false;
    }
    const summaries: Summary[] = [];
    for (const segment of eligible) {
      const summary = await this.summaryOf(segment);
      if (summary === null) {
        segment.summarised = false;
        return true;
      }
      summaries.push(summary);
    }
    const pause = () => this.pause(PACE.workMs);
    const patience = () => this.pause(PACE.idleMs);
    const tools = { disk, catalog, readers, holds, turns, leftovers, durable };
    const compactor = new Compactor({ ...tools, state: this.host, pause, patience });
    const { lastRemovals } = this;
    const pass = new CompactionPass({ disk, segmentBytes, lastRemovals }, compactor, this.host);
    try {
      this.passedKeyed = await pass.run(eligible, summaries);
    } finally {
      lastRemovals.clear();
    }
    // Only now: what the disk did not allow it may allow later. So may a reader.
    if (compactor.heldUp) return false;
    this.passedTo = reached;
    return true;
  }

  private async pause(ms: number): Promise<void> {
    await this.wait(ms);
    if (this.stopped) throw new Stopped('the log closes');
  }

  private wait(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
      this.cancel = this.host.after(ms, resolve);
    });
  }
}
