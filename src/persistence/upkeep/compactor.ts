// Rewrites closed segments without the `put` and `remove` records that a later one on the same key
// supersedes. The rule: the newest word on a key is never taken away, a removal no more than a
// value. The new file is durable before it takes the place of the old ones, under the name of the
// first of them; what a crash leaves behind is recognised and removed at the next start. Indexes,
// payloads and the running hash of what stays never change.

import type { LogIndex } from '../../core/ids.ts';
import type { RequestRun } from '../../core/log/known-requests.ts';
import type { Entry } from '../../core/operation.ts';
import { type Disk, type DiskFile, withFile, writeAll } from '../disk/disk.ts';
import { unfinishedName } from '../disk/unfinished.ts';
import type { Catalog } from '../log/catalog.ts';
import type { Holds } from '../log/holds.ts';
import type { Readers } from '../log/readers.ts';
import type { Turns } from '../log/turns.ts';
import { plainMessage } from '../record/plain-append.ts';
import {
  markWrite,
  parseRecord,
  recordEpoch,
  recordHash,
  recordIndex,
  recordSize,
} from '../record/record.ts';
import { Segment } from '../segment/segment.ts';
import { encodeFileHeader, FILE_HEADER_BYTES, segmentName } from '../segment/segment-file.ts';
import { CLOSED_INTERVAL_BYTES, summaryName } from '../segment/summary.ts';
import { type Pause, readClosed } from './closed-segments.ts';
import type { Leftovers } from './leftovers.ts';
import { lookAtName, type Naming, type Written } from './naming.ts';

/** Bytes gathered before they are written. */
const GATHER_BYTES = 256 << 10;

/** How often it is looked whether every member has what was judged by. */
const LOOKS = 10;

/** What is known of the log's present state. Answers at once. */
export interface Superseding {
  /** Everything up to here is committed and on every member. */
  compactTo(): LogIndex;
  /** Index of the newest committed operation on a key; null if that is a removal, and where it
   * stands is not remembered, or if there is none. */
  newest(key: string): LogIndex | null;
  /** No operation behind this index is known to `newest`. */
  settledTo(): LogIndex;
  /** Index of the first operation of the request that this idempotency key still stands for. */
  requestAt(idempotencyKey: string): LogIndex | null;
  /** The requests that are known and begin with one of the entries `from`…`to`. */
  requestsIn(from: number, to: number): RequestRun;
}

/** A closed segment that may be rewritten. */
export interface Candidate {
  readonly segment: Segment;
  /** Where it ended, in bytes, when it was judged. */
  readonly end: number;
  /** Indexes of the removals in it behind which nothing more comes on their key there, and nothing
   * elsewhere that is known; rising. */
  readonly removals: Float64Array;
}

export interface CompactorParts {
  readonly disk: Disk;
  readonly catalog: Catalog;
  readonly readers: Readers;
  readonly holds: Holds;
  readonly turns: Turns;
  readonly leftovers: Leftovers;
  /** Whether all of a closed segment is on disk, and the next write goes behind it. */
  readonly durable: (segment: Segment) => boolean;
  readonly state: Superseding;
  readonly pause: Pause;
  /** Until the members may have more. */
  readonly patience: Pause;
}

/**
 * Invariants:
 * 1. A record stays if it is an append, if its key's state is what it says, if its idempotency key
 *    is within the window, if it is part of a batch, or the first of its epoch, or the last of its
 *    file.
 * 2. The last removal in a segment on a key without a value stays, unless a later one is known: it
 *    is the newest word on the key, or nobody remembers where that stands.
 * 3. What supersedes a record is on every member, too, before the record goes: if the log were cut
 *    back to between the two, nothing would be left of the key's state there.
 * 4. Nothing goes while somebody reads the log as it was (`Holds`).
 */
export class Compactor {
  /** Something stayed because somebody read the log. */
  heldUp = false;
  private readonly parts: CompactorParts;
  private batchEnd = 0;

  constructor(parts: CompactorParts) {
    this.parts = parts;
  }

  /** Puts one segment in the place of these, which follow one another; returns whether that was
   * done: if they have changed meanwhile they stay. Segments are compacted in log order. */
  async compact(candidates: readonly Candidate[]): Promise<boolean> {
    const { disk, state, turns } = this.parts;
    const name = segmentName(candidates[0]!.segment.start.first);
    const unfinished = unfinishedName(name);
    await disk.remove(unfinished);
    const fresh = await withFile(disk, unfinished, 'create', async (file) => {
      const written = await this.rewrite(candidates, file);
      await file.sync();
      return written;
    });
    // A power cut leaves a pass as far as it had come: names become durable in log order.
    await disk.syncFolder();
    const judgedBy = state.settledTo();
    await this.awaitMembers(judgedBy);
    return turns.run(() => this.replace(candidates, fresh, unfinished, judgedBy));
  }

  /** Resolves when every member has the log up to there, or that takes too long. */
  private async awaitMembers(index: number): Promise<void> {
    const { patience, state } = this.parts;
    for (let looks = 0; looks < LOOKS && state.compactTo() < index; looks += 1) await patience();
  }

  private async rewrite(group: readonly Candidate[], file: DiskFile): Promise<Segment> {
    const { disk, pause } = this.parts;
    const { first, hashBefore, base } = group[0]!.segment.start;
    const dataStart = FILE_HEADER_BYTES;
    const kind = 'compacted';
    const fresh = new Segment({ first, hashBefore, base, dataStart, kind }, CLOSED_INTERVAL_BYTES);
    const output = new Output(file, fresh);
    await writeAll(file, [encodeFileHeader(first, hashBefore, kind)], 0);
    const { index: last } = group.at(-1)!.segment.end;
    let epoch = -1;
    for (const { segment, removals } of group) {
      const isLast = risingLookup(removals);
      const visit = (bytes: Buffer, at: number): void => {
        const firstOfEpoch = recordEpoch(bytes, at) !== epoch;
        epoch = recordEpoch(bytes, at);
        const anyway = firstOfEpoch || recordIndex(bytes, at) === last;
        if (this.stays(bytes, at, isLast) || anyway) output.add(bytes, at);
      };
      await readClosed(disk, segment, visit, async () => {
        await output.flush(GATHER_BYTES);
        await pause();
      });
    }
    await output.flush(1);
    return fresh;
  }

  /** `isLast`: whether nothing later on its key is known than the removal with this index. */
  private stays(bytes: Buffer, at: number, isLast: (index: number) => boolean): boolean {
    if (plainMessage(bytes, at) >= 0) return true;
    const entry = parseRecord(bytes, at);
    if (entry?.batch !== undefined) this.batchEnd = entry.index + entry.batch - 1;
    if (entry === null || entry.op === 'append') return true;
    const { state } = this.parts;
    const newest = state.newest(entry.key);
    if (newest === entry.index) return true;
    const last = entry.op === 'remove' && newest === null && isLast(entry.index);
    const known = entry.idempotencyKey !== undefined && this.isKnown(entry);
    return last || known || entry.index <= this.batchEnd;
  }

  private isKnown({ idempotencyKey, index }: Entry): boolean {
    return idempotencyKey !== undefined && this.parts.state.requestAt(idempotencyKey) === index;
  }

  private async replace(
    candidates: readonly Candidate[],
    fresh: Segment,
    unfinished: string,
    judgedBy: number,
  ): Promise<boolean> {
    const { disk, catalog, leftovers, holds, state, durable } = this.parts;
    const group = candidates.map(({ segment }) => segment);
    const reached = Math.max(fresh.end.index, judgedBy);
    this.heldUp ||= holds.any;
    // Where all behind it was cut off, the writer goes on from the last one as it is.
    const closed = catalog.holds(group) && group.every(durable);
    const same = closed && candidates.every(({ segment, end }) => segment.offset === end);
    if (holds.any || reached > state.compactTo() || !same) {
      await disk.remove(unfinished);
      return false;
    }
    // From now on nobody begins to read the old files, and the new one is read when it is there.
    let naming = 'unknown' as Naming;
    const written = { segment: fresh, end: fresh.end, unfinished };
    const changed = this.exchange(group, written).catch(async (error) => {
      naming = await lookAtName(disk, written);
      throw error;
    });
    fresh.changing = changed.catch(() => undefined);
    catalog.replace(group, fresh);
    try {
      await changed;
    } catch (error) {
      if (naming === 'unnamed' && durable(fresh)) {
        catalog.replace([fresh], ...group);
        fresh.changing = null;
      } else {
        // A cut waits that knows the new one, or it may have its name: it is what the log has, and
        // whoever wants to read or to cut it needs it in its place.
        fresh.changing = changed;
        leftovers.postpone(() => this.exchange(group, written));
      }
      throw error;
    }
    await leftovers.finish();
    return true;
  }

  /** The name leads to the old file or to the new one, and either is the log: that need not be
   * durable before the next file is put in place. */
  private async exchange(group: readonly Segment[], written: Written): Promise<void> {
    const { disk, readers, leftovers } = this.parts;
    const [name, ...others] = group.map(({ start }) => segmentName(start.first));
    await readers.idle();
    for (const old of [name!, ...others]) await readers.forget(old);
    await disk.remove(summaryName(name!));
    try {
      await disk.rename(written.unfinished, name!);
    } catch (error) {
      if ((await lookAtName(disk, written)) !== 'named') throw error;
    }
    written.segment.changing = null;
    leftovers.add(others);
  }
}

/** Whether an index is one of these, where both rise. */
function risingLookup(indexes: Float64Array): (index: number) => boolean {
  let next = 0;
  return (index) => {
    while (next < indexes.length && indexes[next]! < index) next += 1;
    return indexes[next] === index;
  };
}

/** Gathers records and writes them behind one another. */
class Output {
  private readonly file: DiskFile;
  private readonly segment: Segment;
  private gathered: Buffer[] = [];
  private bytes = 0;
  private position = FILE_HEADER_BYTES;

  constructor(file: DiskFile, segment: Segment) {
    this.file = file;
    this.segment = segment;
  }

  add(bytes: Buffer, at: number): void {
    const size = recordSize(bytes, at);
    const record = Buffer.from(bytes.subarray(at, at + size));
    // Each run that is flushed is one write.
    markWrite(record, 0, 0);
    this.segment.add(recordIndex(record, 0), size, recordHash(record, 0));
    this.gathered.push(record);
    this.bytes += size;
  }

  /** Writes what has gathered, if it is at least so many bytes. */
  async flush(leastBytes: number): Promise<void> {
    if (this.bytes < leastBytes) return;
    markWrite(this.gathered[0]!, 0, this.bytes);
    await writeAll(this.file, [Buffer.concat(this.gathered)], this.position);
    this.position += this.bytes;
    this.gathered = [];
    this.bytes = 0;
  }
}
