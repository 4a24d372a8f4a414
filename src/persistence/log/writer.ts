// The one writer of a log's segment files. The rule: one call after the other, and a write begins
// only when the one before it is durable; whatever has gathered meanwhile goes out in one write.
// After a failure nothing is written behind what the failed call may have left: it is cut off
// first.

import { invariant } from '../../core/invariant.ts';
import { saveAside } from '../damage/aside.ts';
import { type Disk, type DiskFile, withFile, writeAll } from '../disk/disk.ts';
import { failureOf, isFull } from '../disk/storage-failure.ts';
import { markWrite } from '../record/record.ts';
import type { Outliner } from '../segment/outliner.ts';
import type { Segment } from '../segment/segment.ts';
import { encodeFileHeader, FILE_HEADER_BYTES, segmentName } from '../segment/segment-file.ts';
import { summaryName } from '../segment/summary.ts';
import type { Leftovers } from '../upkeep/leftovers.ts';
import { Deferred } from './deferred.ts';
import { checkLength, type Durable, verify } from './durable.ts';
import type { Cut, EncodedLog } from './encoded-log.ts';
import type { Readers } from './readers.ts';
import type { Turns } from './turns.ts';

/** When a segment or the log is closed, the outline is written for a smaller part of what it is
 * written for else: there will not be another. */
const CLOSING_PART = 16;

interface Request {
  upTo: number;
  readonly done: Deferred<void>;
}

interface QueuedCut extends Cut {
  /** Whether the copy of what goes is durable. */
  saved: boolean;
  /** Damaged segments of which a copy is durable. */
  readonly copied: Set<string>;
}

interface OpenFile {
  readonly segment: Segment;
  readonly file: DiskFile;
}

/** What a failed write may have left behind. */
interface Suspect {
  readonly segment: Segment;
  /** Room was lacking: nothing is wrong with what was written before. */
  readonly full: boolean;
}

export interface WriterParts {
  readonly disk: Disk;
  readonly log: EncodedLog;
  readonly readers: Readers;
  readonly turns: Turns;
  readonly leftovers: Leftovers;
  readonly tailBytes: number;
  readonly outliner: Outliner;
  /** After so many bytes the outline of a segment is written again. */
  readonly outlineBytes: number;
}

/**
 * Invariants:
 * 1. All that is durable in the files is a prefix of the log up to `durable`, or, while a cut waits
 *    in the queue, of the log as it was before the cut.
 * 2. A request is answered only when no cut waits and `durable` has reached it.
 */
export class Writer {
  private readonly disk: Disk;
  private readonly log: EncodedLog;
  private readonly readers: Readers;
  private readonly turns: Turns;
  private readonly leftovers: Leftovers;
  private readonly tailBytes: number;
  private readonly outliner: Outliner;
  private readonly outlineBytes: number;
  private durable: Durable | null;
  private readonly requests = new Map<number, Request>();
  private readonly cuts: QueuedCut[] = [];
  private open: OpenFile | null = null;
  private suspect: Suspect | null = null;
  private running: Promise<void> | null = null;

  /** All that `log` holds so far is durable. */
  constructor(parts: WriterParts) {
    this.turns = parts.turns;
    this.leftovers = parts.leftovers;
    this.disk = parts.disk;
    this.log = parts.log;
    this.readers = parts.readers;
    this.tailBytes = parts.tailBytes;
    this.outliner = parts.outliner;
    this.outlineBytes = parts.outlineBytes;
    const segment = this.log.catalog.last;
    this.durable = segment === undefined ? null : { segment, end: segment.end };
  }

  /** Resolves when everything up to `upTo` is durable and no cut waits. */
  persist(id: number, upTo: number): Promise<void> {
    const known = this.requests.get(id);
    if (known !== undefined) return known.done.promise;
    const request = { upTo, done: new Deferred<void>() };
    this.requests.set(id, request);
    this.start();
    return request.done.promise;
  }

  /** Carries a cut out on disk, before anything that was appended after it is written. */
  cut(cut: Cut): void {
    for (const request of this.requests.values()) {
      request.upTo = Math.min(request.upTo, cut.from - 1);
    }
    this.cuts.push({ ...cut, saved: false, copied: new Set() });
    this.start();
  }

  /** Whether all of a segment that takes no more records is on disk. */
  holds(segment: Segment): boolean {
    const { durable } = this;
    if (durable === null || this.cuts.length > 0) return false;
    return durable.segment.start.first > segment.start.first;
  }

  /** Finishes what is under way. */
  async close(): Promise<void> {
    await this.running;
    this.outlineLast();
    await this.outliner.close();
    await this.closeFile();
  }

  /** So that the next start finds nothing to look at or to write again. */
  private outlineLast(): void {
    const { durable } = this;
    const outline = durable?.segment.outline ?? null;
    if (durable === null || outline?.covered.end.offset !== durable.end.offset) return;
    const { end, writeStart } = outline.covered;
    outline.settled();
    const said = end.offset - writeStart < this.outlineBytes / CLOSING_PART;
    this.outliner.due(durable.segment, said ? this.outlineBytes / CLOSING_PART : 0);
  }

  private start(): void {
    this.running ??= this.run();
  }

  private async run(): Promise<void> {
    // Whatever else this turn of the event loop asks for or appends goes with the first write.
    await undefined;
    try {
      // Answers first: a request may ask for what is durable already.
      while (this.settle()) await this.work();
    } catch (error) {
      this.fail(error);
    }
    this.running = null;
  }

  /** Answers what can be answered; returns whether there is work. */
  private settle(): boolean {
    if (this.cuts.length > 0) return true;
    const reached = this.durable?.end.index ?? 0;
    for (const [id, request] of this.requests) {
      if (request.upTo > reached) continue;
      this.requests.delete(id);
      request.done.resolve();
    }
    return this.requests.size > 0;
  }

  private fail(error: unknown): void {
    const failure = failureOf(error);
    for (const request of this.requests.values()) request.done.reject(failure);
    // A cut that failed waits in the queue: the next request meets it again, and its failure.
    this.requests.clear();
  }

  private async work(): Promise<void> {
    if (this.suspect !== null) await this.repair(this.suspect);
    const cut = this.cuts[0];
    if (cut === undefined) await this.write();
    else await this.turns.run(() => this.carryOut(cut));
  }

  /** Writes what has gathered in the segment that comes next. */
  private async write(): Promise<void> {
    const { durable, log } = this;
    const more = durable !== null && durable.end.offset < durable.segment.end.offset;
    const segment = more ? durable.segment : log.catalog.after(durable?.segment);
    invariant(segment !== undefined, 'nobody asks for more than the log holds');
    const end = segment.end;
    const from = more ? durable.end.offset : FILE_HEADER_BYTES;
    const { base } = segment.start;
    const records = log.tail.spans(base + from, base + end.offset);
    markWrite(records[0]!, 0, end.offset - from);
    // One that is closed is outlined to its end: its summary may come late.
    if (!more && durable !== null) {
      this.outliner.due(durable.segment, this.outlineBytes / CLOSING_PART);
    }
    segment.outline?.cover(end, segment.count, records, from);
    // It is written at the time of the records, and says which of them need not be durable yet.
    this.outliner.due(segment, this.outlineBytes);
    try {
      if (more) await writeAll((await this.fileOf(segment)).file, records, from);
      else await this.writeFirst(segment, records);
    } catch (error) {
      segment.outline = null;
      this.suspect = { segment, full: isFull(error) };
      throw error;
    }
    this.durable = { segment, end };
    // While a cut waits, positions of the tail belong to another log than `durable`.
    if (this.cuts.length === 0) log.tail.trim(this.tailBytes, base + end.offset);
  }

  /** The first write of a segment makes its file; its name must be durable too. */
  private async writeFirst(segment: Segment, records: readonly Buffer[]): Promise<void> {
    const { first, hashBefore, kind } = segment.start;
    const header = encodeFileHeader(first, hashBefore, kind);
    await writeAll((await this.fileOf(segment)).file, [header, ...records], 0);
    await this.disk.syncFolder();
  }

  /**
   * Brings the file back to what is known to be durable. After a failure that is not about room,
   * what the system holds in its cache need not be what is on disk: the file is opened anew and
   * read; where that meets damage the file stays as it is, since what the failed write has left
   * behind it may be all that tells it from an end.
   */
  private async repair({ segment, full }: Suspect): Promise<void> {
    const { durable } = this;
    const name = segmentName(segment.start.first);
    if (!full) await this.closeFile();
    if (durable?.segment !== segment) {
      await this.closeFile();
      await this.disk.remove(name);
      await this.disk.syncFolder();
    } else {
      const { file } = await this.fileOf(segment);
      if (!full) await verify(file, name, durable);
      await file.truncate(durable.end.offset);
      await file.sync();
    }
    this.suspect = null;
  }

  private async carryOut(cut: QueuedCut): Promise<void> {
    // Whoever reads what is cut off has asked before: let them have it.
    await this.readers.idle();
    await this.outliner.halt();
    await this.closeFile();
    await this.leftovers.finish();
    if (cut.keep !== null) await checkLength(this.disk, cut.keep, this.durable);
    if (!cut.saved) {
      await saveAside(this.disk, cut, cut.copied);
      cut.saved = true;
    }
    const dropped = cut.dropped.map(({ start }) => segmentName(start.first)).reverse();
    for (const name of dropped) await this.disk.remove(summaryName(name));
    // One that a power cut brought back, alone, would tell of a segment that is gone.
    if (dropped.length > 0) await this.disk.syncFolder();
    for (const name of dropped) {
      await this.readers.forget(name);
      await this.disk.remove(name);
      // One at a time, from the end: a power cut in between leaves a log without a gap.
      await this.disk.syncFolder();
    }
    const reached = this.durable?.end.index ?? 0;
    if (cut.keep !== null && reached > cut.keep.end.index) {
      const { segment, end } = cut.keep;
      const name = segmentName(segment.start.first);
      await this.disk.remove(summaryName(name));
      // One that a power cut brought back would tell that the end of the file is gone.
      await this.disk.syncFolder();
      await withFile(this.disk, name, 'durable-write', async (file) => {
        await file.truncate(end.offset);
        await file.sync();
      });
    }
    if (reached > (cut.keep?.end.index ?? 0)) this.durable = cut.keep;
    this.cuts.shift();
  }

  private async fileOf(segment: Segment): Promise<OpenFile> {
    if (this.open?.segment === segment) return this.open;
    await this.closeFile();
    const file = await this.disk.open(segmentName(segment.start.first), 'durable-write');
    this.open = { segment, file };
    return this.open;
  }

  private async closeFile(): Promise<void> {
    const { open } = this;
    this.open = null;
    await open?.file.close();
  }
}
