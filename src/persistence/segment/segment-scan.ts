// Reads one segment when a node starts: with the help of its outline as far as that goes, record by
// record behind it; and tells a torn end from damage.

import { epoch, logIndex } from '../../core/ids.ts';
import type { EpochStart } from '../../core/log/log.ts';
import type { Entry } from '../../core/operation.ts';
import { type Disk, type DiskFile, readAll } from '../disk/disk.ts';
import type { EncodedLog } from '../log/encoded-log.ts';
import { DamagedLog } from '../persistence.ts';
import { plainMessage } from '../record/plain-append.ts';
import {
  HEADER_BYTES,
  isHeader,
  parseRecord,
  recordEpoch,
  recordHash,
  recordIndex,
  recordSize,
  writeLength,
} from '../record/record.ts';
import {
  damage,
  type Stretch,
  type Visit,
  type Walked,
  WINDOW_BYTES,
  walk,
} from '../record/walk.ts';
import type { Restore } from './brief.ts';
import type { Reached } from './outline.ts';
import { joined, readOutline } from './outline-file.ts';
import { checksumsOf, visitAt } from './outlined-reading.ts';
import type { Segment } from './segment.ts';
import {
  checkFileHeader,
  FILE_HEADER_BYTES,
  isZero,
  type SegmentKind,
  segmentName,
} from './segment-file.ts';

/** Bytes looked at together when the end of a file is searched for anything but zeros. */
const ZERO_WINDOW_BYTES = 1 << 16;

/** Bytes of the end of the log that a start leaves in memory, at most: copying more would be a
 * fifth of it, and who asks for them finds them on disk. */
const TAIL_BYTES = 1 << 20;

/** What is done with the entries found. */
export interface ScanUse {
  visit(entry: Entry): void;
  /** Takes over what folding closed segments came to, in place of their entries, and is not told of
   * plain appends that change nothing. Absent: every entry is visited. */
  readonly restore?: Restore;
  /** How many bytes of the end of the log may stay in memory. */
  readonly tailBytes: number;
}

/** Records that lie behind one another in a window of the file. */
interface Fresh {
  readonly bytes: Buffer;
  readonly start: number;
  end: number;
  /** Where the first of them begins in the file. */
  readonly offset: number;
}

/** One segment being read. */
export class SegmentScan {
  private readonly log: EncodedLog;
  private readonly first: number;
  private readonly name: string;
  /** Only the last segment's last write can be torn. */
  private readonly last: boolean;
  private readonly epochs: EpochStart[];
  private readonly use: ScanUse;
  private kind: SegmentKind = 'plain';
  private segment: Segment | null = null;
  /** Whole records of the window at hand that the log does not hold yet. */
  private fresh: Fresh | null = null;
  /** Bytes of the file. */
  private size = 0;
  /** Where the write that holds the current record ends, as its first record says. */
  private writeEnd = FILE_HEADER_BYTES;
  /** Where the last write begins of which anything is left; the first one has the file header. */
  lastWrite = 0;

  constructor(log: EncodedLog, first: number, last: boolean, epochs: EpochStart[], use: ScanUse) {
    this.log = log;
    this.first = first;
    this.name = segmentName(first);
    this.last = last;
    this.epochs = epochs;
    this.use = use;
  }

  /** Returns where the file must be cut; null if it is whole. */
  async run(file: DiskFile, disk: Disk): Promise<{ offset: number; bytes: number } | null> {
    const { index, hash } = { index: this.log.catalog.lastIndex, hash: this.log.catalog.hash };
    this.checkPlace(index);
    const size = await file.size();
    this.size = size;
    const head = Buffer.alloc(Math.min(size, FILE_HEADER_BYTES));
    await readAll(file, head, 0);
    const kind = checkFileHeader(head, this.first, hash);
    if (kind === 'torn') {
      if (!this.last || !(await zeroFrom(file, FILE_HEADER_BYTES, size))) {
        throw new DamagedLog(this.name, 0, 'a file header that is not whole');
      }
      return { offset: 0, bytes: size };
    }
    this.kind = kind;
    const holes = kind !== 'plain';
    const covered = this.use.restore === undefined ? null : await this.takeOutlined(disk, file);
    const before = covered?.end ?? { index: holes ? this.first - 1 : index, hash };
    const start = covered?.end.offset ?? FILE_HEADER_BYTES;
    const walked = await this.walk(file, { start, end: size, before, holes });
    if (walked.verdict !== 'whole' && !(await this.torn(file, walked, size))) {
      throw damage(this.name, walked);
    }
    // A first write of which no record is left: the file goes, and is made again when needed.
    if (this.segment === null && !this.last) {
      throw new DamagedLog(this.name, FILE_HEADER_BYTES, 'no record');
    }
    // The write's length reaches beyond what is left of it: what comes next is a new segment.
    if (this.segment !== null && walked.offset < this.writeEnd) {
      this.segment.sealed = true;
      this.segment.outline = null;
    }
    if (this.segment !== null && walked.verdict === 'whole') return null;
    const kept = this.segment === null ? 0 : walked.offset;
    return { offset: kept, bytes: size - kept };
  }

  /** Takes over what the segment's outline covers, as far as the file is what it says. It ends with
   * a whole write. */
  private async takeOutlined(disk: Disk, file: DiskFile): Promise<Reached | null> {
    const { first, kind } = this;
    const place = { first, kind, hashBefore: this.log.catalog.hash, dataStart: FILE_HEADER_BYTES };
    const parts = await readOutline(disk, place);
    const ends = parts.map(({ reached }) => reached.end.offset).filter((end) => end <= this.size);
    const checksums = await checksumsOf(file, FILE_HEADER_BYTES, ends);
    const wrong = checksums.findIndex((found, i) => found !== parts[i]!.reached.checksum);
    const outline = joined(parts.slice(0, wrong < 0 ? checksums.length : wrong));
    const reachedEpoch = this.epochs.at(-1)?.epoch ?? 0;
    // What does not fit is for the walk to judge.
    if (outline === null || (outline.epochs[0]?.epoch ?? 0) < reachedEpoch) return null;
    const { epochs, notable, reached } = outline;
    this.segment = this.log.adopt(this.first, this.kind, outline);
    for (const start of epochs) this.noteEpoch(start.first, start.epoch, FILE_HEADER_BYTES);
    const { offset: end } = reached.end;
    await visitAt({ file, name: this.name, places: notable, end }, (bytes, at, offset) => {
      const entry = this.parse(bytes, at, offset);
      this.log.notability.of(entry);
      this.use.visit(entry);
    });
    this.writeEnd = end;
    this.lastWrite = reached.writeStart === FILE_HEADER_BYTES ? 0 : reached.writeStart;
    return reached;
  }

  private async walk(file: DiskFile, stretch: Stretch): Promise<Walked> {
    const pace = { windowBytes: WINDOW_BYTES, pause: () => this.adopt() };
    try {
      const take: Visit = (bytes, at, offset) => this.take(bytes, at, offset);
      const { start, end, before, holes = false } = stretch;
      return await walk(file, { start, end, before, holes, pace }, take);
    } finally {
      this.adopt();
    }
  }

  private checkPlace(lastIndex: number): void {
    const begins = lastIndex === 0 ? this.first === 1 : this.first > lastIndex;
    if (begins) return;
    throw new DamagedLog(this.name, 0, `a segment that cannot stand behind entry ${lastIndex}`);
  }

  private take(bytes: Buffer, at: number, offset: number): void {
    const length = writeLength(bytes, at);
    const begins = offset === this.writeEnd;
    if (begins) {
      this.lastWrite = offset === FILE_HEADER_BYTES ? 0 : offset;
      this.writeEnd = offset + length;
    }
    if (begins !== length > 0 || offset + recordSize(bytes, at) > this.writeEnd) {
      throw new DamagedLog(this.name, offset, 'a record that does not fit its write');
    }
    const index = recordIndex(bytes, at);
    if (this.segment === null) {
      if (this.kind === 'plain' && index !== this.first) {
        throw new DamagedLog(this.name, offset, `entry ${index} instead of ${this.first}`);
      }
      this.segment = this.log.begin(this.first, this.kind);
    }
    // Plain appends are most of a log; parsing them would be most of a start.
    const passed = this.use.restore?.indifferent === true && plainMessage(bytes, at) >= 0;
    const entry = passed ? null : this.parse(bytes, at, offset);
    const of = recordEpoch(bytes, at);
    this.noteEpoch(index, of, offset);
    const { notability } = this.log;
    const change = entry === null ? notability.ofPlain(index) : notability.of(entry);
    this.segment.outline?.add(index, of, offset, change);
    const size = recordSize(bytes, at);
    this.segment.add(index, size, recordHash(bytes, at));
    this.fresh ??= { bytes, start: at, end: at, offset };
    this.fresh.end = at + size;
    if (entry !== null) this.use.visit(entry);
  }

  /** Before the window is read into again. Only the end of the file is kept in memory. */
  private adopt(): void {
    const { fresh } = this;
    if (fresh === null || this.segment === null) return;
    const { tail } = this.log;
    const { outline, end, count } = this.segment;
    // Nothing is appended before all of it is durable.
    outline?.cover(end, count, [fresh.bytes.subarray(fresh.start, fresh.end)], end.offset);
    const keep = Math.min(this.use.tailBytes, TAIL_BYTES);
    const length = fresh.end - fresh.start;
    if (this.size - (fresh.offset + length) > keep) {
      tail.skip(length);
    } else {
      tail.adopt(fresh.bytes, fresh.start, fresh.end);
      tail.trim(keep, tail.end);
    }
    this.fresh = null;
  }

  private parse(bytes: Buffer, at: number, offset: number): Entry {
    const entry = parseRecord(bytes, at);
    if (entry === null) throw new DamagedLog(this.name, offset, 'an entry that is not JSON');
    if (entry.index === recordIndex(bytes, at) && entry.epoch === recordEpoch(bytes, at)) {
      return entry;
    }
    throw new DamagedLog(this.name, offset, 'an entry whose index or epoch is wrong');
  }

  private noteEpoch(index: number, of: number, offset: number): void {
    const before = this.epochs.at(-1)?.epoch ?? 0;
    if (of < before) {
      throw new DamagedLog(this.name, offset, 'an entry whose index or epoch is wrong');
    }
    if (of > before) this.epochs.push({ epoch: epoch(of), first: logIndex(index) });
  }

  /** Whether what is wrong is the end of an interrupted write. */
  private async torn(file: DiskFile, walked: Walked, size: number): Promise<boolean> {
    const { verdict, offset } = walked;
    // Behind the write there is another one: this one was durable once.
    if (!this.last || (offset < this.writeEnd && this.writeEnd < size)) return false;
    switch (verdict) {
      case 'incomplete':
        return true;
      case 'bad-header':
        // No JSON text follows: a header of a record that was written is never the end of a file.
        return zeroFrom(file, offset + HEADER_BYTES, size);
      case 'bad-payload': {
        // A JSON text never ends in a zero byte: if this one does, its end was not written.
        const header = Buffer.alloc(HEADER_BYTES);
        await readAll(file, header, offset);
        // The header was whole when the payload was not: now it is read wrongly, and so was the
        // payload, as likely as not. What a length says that nobody wrote proves nothing.
        if (!isHeader(header, 0)) return false;
        return zeroFrom(file, offset + recordSize(header, 0) - 1, size);
      }
      default:
        return false;
    }
  }
}

async function zeroFrom(file: DiskFile, start: number, end: number): Promise<boolean> {
  const window = Buffer.allocUnsafe(Math.min(Math.max(end - start, 0), ZERO_WINDOW_BYTES));
  for (let at = start; at < end; at += window.length) {
    const got = await readAll(file, window.subarray(0, Math.min(window.length, end - at)), at);
    if (!isZero(window.subarray(0, got))) return false;
  }
  return true;
}
