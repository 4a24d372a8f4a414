// The durable Persistence: segment files in one folder of a Disk. It joins the parts: the encoded
// log (what is where), the writer, the readers, the bookkeeping and the lock. The rule: what is in
// memory is answered at once, and memory holds the end of the log and an index, never all of it.

import type { Memory } from '../../core/effects.ts';
import { type LogIndex, logIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import type { Measured } from '../../core/log/log.ts';
import type { LogPoint } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import { Bookkeeping, loadMemory } from '../bookkeeping/bookkeeping.ts';
import { surveyRemains, wholeBytes } from '../damage/remains.ts';
import { setAside, withLoss } from '../damage/salvage.ts';
import type { Disk } from '../disk/disk.ts';
import { Lock } from '../disk/lock.ts';
import { type ProcessTable, realProcesses } from '../disk/process-table.ts';
import { failureOf } from '../disk/storage-failure.ts';
import { UNFINISHED } from '../disk/unfinished.ts';
import {
  type Chunk,
  DamagedLog,
  type Persistence,
  type Recovery,
  type Release,
} from '../persistence.ts';
import type { Restore } from '../segment/brief.ts';
import { Outliner } from '../segment/outliner.ts';
import type { Segment } from '../segment/segment.ts';
import { FILE_HEADER_BYTES } from '../segment/segment-file.ts';
import { condemn } from '../upkeep/condemned.ts';
import { Leftovers } from '../upkeep/leftovers.ts';
import { Upkeep, type UpkeepHost } from '../upkeep/upkeep.ts';
import { type Cut, EncodedLog } from './encoded-log.ts';
import { Holds } from './holds.ts';
import { Readers } from './readers.ts';
import { Reading } from './reading.ts';
import { recoverSegments } from './recovery.ts';
import { readNow } from './short-read.ts';
import { Turns } from './turns.ts';
import { Writer } from './writer.ts';

/** Sizes in bytes; everything has a default. */
export interface SegmentedLogOptions {
  /** A segment is closed before it grows beyond this: the unit of compaction and removal. */
  readonly segmentBytes?: number;
  /** Kept in memory of the durable end of the log: what secondaries ask for all the time. */
  readonly tailBytes?: number;
  /** The tail is held and let go in blocks of this size. */
  readonly blockBytes?: number;
  /** Distance of the index's points: what is read from disk to find one entry. */
  readonly intervalBytes?: number;
  /** A start looks at not much more than so many bytes record by record; the rest is outlined. */
  readonly outlineBytes?: number;
  /** Tells whether the holder of a lock still lives. */
  readonly processes?: ProcessTable;
  /** Whether a node with this bookkeeping has others to fetch from. Then damage does not end its
   * start: the log before it is kept, the rest set aside. Default: it does. */
  readonly salvage?: (memory: Memory | null) => boolean;
  /** Hears of damage that a read met in the log as it is, which also ends that read. */
  readonly damaged?: (error: DamagedLog) => void;
}

/** A write's length must fit into 32 bits. */
const SEGMENT_BYTES_MAX = 1 << 30;

/** A log that looks after its files while nobody asks for anything. */
export interface DurableLog extends Persistence {
  /** Begins to write summaries, to compact and to check, in the background, until `close`. Called
   * at most once, after `recover`. */
  startUpkeep(host: UpkeepHost): void;
}

/** A durable log in the folder of `disk`. Nothing is touched before `recover`. */
export function openSegmentedLog(disk: Disk, options: SegmentedLogOptions = {}): DurableLog {
  return new SegmentedLog(disk, {
    segmentBytes: options.segmentBytes ?? 8 << 20,
    tailBytes: options.tailBytes ?? 8 << 20,
    blockBytes: options.blockBytes ?? 1 << 20,
    intervalBytes: options.intervalBytes ?? 8 << 10,
    outlineBytes: options.outlineBytes ?? 256 << 10,
    processes: options.processes ?? realProcesses,
    salvage: options.salvage ?? (() => false),
    damaged: options.damaged ?? (() => undefined),
  });
}

class SegmentedLog implements DurableLog {
  readonly durable = true;
  private readonly disk: Disk;
  private readonly options: Required<SegmentedLogOptions>;
  private readonly log: EncodedLog;
  private readonly readers: Readers;
  private readonly reading: Reading;
  private readonly bookkeeping: Bookkeeping;
  private readonly turns = new Turns();
  private readonly holds = new Holds();
  private readonly leftovers: Leftovers;
  private readonly outliner: Outliner;
  private writer: Writer | null = null;
  private upkeep: Upkeep | null = null;
  private lock: Lock | null = null;
  /** What only `close` waits for, and fails with. */
  private condemning: Promise<void> | null = null;

  constructor(disk: Disk, options: Required<SegmentedLogOptions>) {
    invariant(options.segmentBytes <= SEGMENT_BYTES_MAX, 'a segment is at most 1 GiB');
    this.disk = disk;
    this.options = options;
    this.log = new EncodedLog({ ...options, dataStart: FILE_HEADER_BYTES, outlined: true });
    this.outliner = new Outliner(disk);
    this.leftovers = new Leftovers(disk);
    this.readers = new Readers(disk);
    const { log, readers, turns, leftovers } = this;
    this.reading = new Reading({ disk, log, readers, turns, leftovers, damaged: options.damaged });
    this.bookkeeping = new Bookkeeping(disk);
  }

  get lastIndex(): LogIndex {
    return logIndex(this.log.catalog.lastIndex);
  }

  get hash(): number {
    return this.log.catalog.hash;
  }

  async recover(visit: (entry: Entry) => void, restore?: Restore): Promise<Recovery> {
    invariant(this.lock === null && this.writer === null, 'recover is called once');
    try {
      await this.disk.makeFolder();
      this.lock = await Lock.take(this.disk, this.options.processes);
      // The process before may have ended between giving a file its name and making that durable.
      await this.disk.syncFolder();
      let memory = await loadMemory(this.disk);
      const { tailBytes, outlineBytes } = this.options;
      const salvage = async (damage: DamagedLog, lastEpoch: number): Promise<void> => {
        memory = await this.salvage(damage, memory, lastEpoch);
      };
      const use = {
        visit,
        tailBytes,
        ...(restore === undefined ? {} : { restore }),
        ...(this.options.salvage(memory) ? { salvage } : {}),
      };
      const found = await recoverSegments(this.disk, this.log, use);
      for (const name of await this.disk.list()) {
        if (name.endsWith(UNFINISHED)) await this.disk.remove(name);
      }
      const { disk, log, readers, turns, leftovers, outliner } = this;
      const parts = { disk, log, readers, turns, leftovers, tailBytes, outliner, outlineBytes };
      this.writer = new Writer(parts);
      return { lastIndex: this.lastIndex, memory, ...found };
    } catch (error) {
      await this.letGo();
      throw failureOf(error);
    }
  }

  startUpkeep(host: UpkeepHost): void {
    const writer = this.recovered();
    invariant(this.upkeep === null, 'upkeep is started once');
    const { disk, readers, holds, turns, leftovers, log, outliner } = this;
    const { catalog, tail } = log;
    const durable = (segment: Segment): boolean => writer.holds(segment);
    const recent = ({ start, end }: Segment): boolean => start.base + end.offset > tail.start;
    const tools = { disk, catalog, readers, holds, turns, leftovers, outliner };
    this.upkeep = new Upkeep({ ...tools, ...this.options, durable, recent }, host);
  }

  append(entries: readonly Entry[], holes: readonly LogPoint[] = []): void {
    this.log.appendAll(entries, holes);
  }

  /** Finding the place of the cut may take one short blocking read, if it is far back; a log that
   * cannot be read there throws DamagedLog or StorageFailure, and stays as it was. */
  truncate(after: LogIndex): void {
    let cut: Cut | null;
    try {
      cut = this.log.cut(after, (piece) => readNow(this.disk, piece));
    } catch (error) {
      const { disk, turns } = this;
      const seen = condemn({ disk, turns, catalog: this.log.catalog }, error);
      this.condemning = both(this.condemning, seen);
      this.condemning.catch(() => undefined);
      if (error instanceof DamagedLog) this.options.damaged(error);
      throw failureOf(error);
    }
    if (cut !== null) this.recovered().cut(cut);
  }

  /** What is cut off while a request waits is not waited for. */
  persist(id: number, upTo: LogIndex): Promise<void> {
    return this.recovered().persist(id, Math.min(upTo, this.lastIndex));
  }

  async remember(memory: Memory): Promise<void> {
    try {
      await this.bookkeeping.save(memory);
    } catch (error) {
      throw failureOf(error);
    }
  }

  measure(from: LogIndex, entriesMax: number, bytesMax: number): Measured {
    return this.log.catalog.measure(from, entriesMax, bytesMax);
  }

  read(from: LogIndex, to: LogIndex): Chunk | Promise<Chunk> {
    return this.reading.read(from, to);
  }

  hold(): Release {
    return this.holds.open();
  }

  /** Rejects with StorageFailure if the disk fails at it; the folder is let go of all the same. */
  async close(): Promise<void> {
    try {
      await this.upkeep?.stop();
      await this.bookkeeping.idle();
      await this.writer?.close();
      await this.readers.close();
      // The last to be waited for: where it fails, nothing else must be under way any more.
      await this.condemning;
    } catch (error) {
      throw failureOf(error);
    } finally {
      await this.letGo();
    }
  }

  /** Returns the bookkeeping with what was lost, which is durable before anything is moved. */
  private async salvage(
    damage: DamagedLog,
    memory: Memory | null,
    lastEpoch: number,
  ): Promise<Memory> {
    const { catalog } = this.log;
    const { file, offset } = damage;
    const keepBytes = wholeBytes(catalog, file);
    if (catalog.last !== undefined) catalog.last.sealed = true;
    const remains = await surveyRemains(this.disk, damage, keepBytes, catalog.lastIndex);
    const marked = withLoss(memory, remains, lastEpoch, { file, offset });
    await this.bookkeeping.save(marked);
    await setAside(this.disk, file, keepBytes);
    return marked;
  }

  private async letGo(): Promise<void> {
    const { lock } = this;
    this.lock = null;
    try {
      await lock?.release();
    } catch (error) {
      throw failureOf(error);
    }
  }

  private recovered(): Writer {
    invariant(this.writer !== null, 'recover comes before anything else');
    return this.writer;
  }
}

/** Resolves when both are over, and rejects if one of them has failed. */
async function both(one: Promise<void> | null, other: Promise<void>): Promise<void> {
  const ends = await Promise.allSettled([one, other]);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
