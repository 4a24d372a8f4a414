// A backup: a whole log in one portable file of text. The rule: nobody takes a part of it, or a
// changed one, for the whole: it ends with a line that says how much there is, and its SHA-256.
//
//   line 1       {"replog":"backup","format":1,"at":…,"node":…,"lastIndex":…}
//   lines 2…     one entry each, the JSON text that the log holds, in order
//   last line    {"end":true,"entries":…,"first":…,"last":…,"sha256":…}   of all bytes before it

import { createHash, type Hash } from 'node:crypto';
import { type Epoch, epoch, type LogIndex } from '../../core/ids.ts';
import type { Entry } from '../../core/operation.ts';
import { UnknownFormat } from '../persistence.ts';
import { PAYLOAD_BYTES_MAX } from '../record/record.ts';

/** Raised whenever a program that knows only the older format would misread a file. */
const FORMAT = 1;

/** Where a backup comes from. */
export interface BackupOrigin {
  /** Wall clock, ISO 8601. */
  readonly at: string;
  /** The node whose log it is; null: nobody knows. */
  readonly node: string | null;
  /** Where that log ended. */
  readonly lastIndex: number;
}

/** How much a backup holds. */
interface Counted {
  readonly entries: number;
  /** null: it holds no entry. */
  readonly first: number | null;
  readonly last: number | null;
}

/** What a backup holds. */
export interface BackupSummary extends BackupOrigin, Counted {
  /** Epoch of the last entry; 0 without one. */
  readonly lastEpoch: Epoch;
}

/** The file is no backup, or not a whole one. */
export class InvalidBackup extends Error {
  override readonly name = 'InvalidBackup';
  readonly retriable = false;
}

/** Makes the text of a backup, a line at a time; each ends with a newline. */
export class BackupWriter {
  private readonly hash: Hash = createHash('sha256');
  private entries = 0;
  private first: LogIndex | null = null;
  private last: LogIndex | null = null;

  head(origin: BackupOrigin): string {
    return this.line(JSON.stringify({ replog: 'backup', format: FORMAT, ...origin }));
  }

  entry(entry: Entry): string {
    this.entries += 1;
    this.first ??= entry.index;
    this.last = entry.index;
    return this.line(JSON.stringify(entry));
  }

  end(): string {
    const { entries, first, last, hash } = this;
    return this.line(lastLine({ entries, first, last }, hash));
  }

  private line(text: string): string {
    const line = `${text}\n`;
    this.hash.update(line);
    return line;
  }
}

/** Without its newline. `hash` has seen all lines before it. */
function lastLine({ entries, first, last }: Counted, hash: Hash): string {
  const sha256 = hash.copy().digest('hex');
  return JSON.stringify({ end: true, entries, first, last, sha256 });
}

/** No line is longer than an entry can be, with room for the other two. */
const LINE_BYTES_MAX = PAYLOAD_BYTES_MAX + (64 << 10);

const NEWLINE = 0x0a;

/** Checks a backup as its bytes go by, and hands out its entries. Give it all bytes in any
 * portions, then call `end`. Both throw InvalidBackup or UnknownFormat. */
export class BackupReader {
  private readonly visit: (entry: Entry) => void;
  private readonly hash: Hash = createHash('sha256');
  private rest: Buffer[] = [];
  private restBytes = 0;
  private offset = 0;
  private origin: BackupOrigin | null = null;
  private entries = 0;
  private first: number | null = null;
  private last: number | null = null;
  private lastEpoch = epoch(0);
  private over = false;

  /** `visit` sees each entry, in order. What it is told counts only when `end` has returned. */
  constructor(visit: (entry: Entry) => void = () => undefined) {
    this.visit = visit;
  }

  write(bytes: Buffer): void {
    let start = 0;
    for (;;) {
      const at = bytes.indexOf(NEWLINE, start);
      if (at === -1) break;
      this.rest.push(bytes.subarray(start, at + 1));
      const line = this.rest.length === 1 ? this.rest[0]! : Buffer.concat(this.rest);
      this.rest = [];
      this.restBytes = 0;
      this.line(line);
      this.offset += line.length;
      start = at + 1;
    }
    if (start === bytes.length) return;
    // A copy: whoever reads files uses its buffers again.
    this.rest.push(Buffer.from(bytes.subarray(start)));
    this.restBytes += bytes.length - start;
    if (this.restBytes > LINE_BYTES_MAX) throw this.invalid('a line that is too long');
  }

  /** What the whole file holds. */
  end(): BackupSummary {
    const { origin, entries, first, last, lastEpoch } = this;
    if (origin === null) throw new InvalidBackup('this is no backup of replog');
    if (!this.over || this.restBytes > 0) throw this.invalid('the end of the backup is missing');
    return { ...origin, entries, first, last, lastEpoch };
  }

  private line(bytes: Buffer): void {
    if (this.over) throw this.invalid('something follows the end of the backup');
    const value = this.parse(bytes);
    if (this.origin === null) this.begin(value);
    else if (value.end === true) this.finish(value, bytes);
    else this.take(value as unknown as Entry);
    this.hash.update(bytes);
  }

  private parse(bytes: Buffer): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(bytes.toString('utf8'));
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch {
      // Said below, like any other line that is none.
    }
    if (this.origin === null) throw new InvalidBackup('this is no backup of replog');
    throw this.invalid('a line that is not valid');
  }

  private begin({ replog, format, at, node, lastIndex }: Readonly<Record<string, unknown>>): void {
    if (replog !== 'backup') throw new InvalidBackup('this is no backup of replog');
    if (typeof format === 'number' && format > FORMAT) {
      throw new UnknownFormat(`the backup has format ${format}; this program knows ${FORMAT}`);
    }
    if (format !== FORMAT) throw this.invalid('a format that does not exist');
    this.origin = {
      at: String(at),
      node: typeof node === 'string' ? node : null,
      lastIndex: Number(lastIndex),
    };
  }

  private take(entry: Entry): void {
    const { index, epoch: of } = entry;
    const follows = Number.isSafeInteger(index) && index > (this.last ?? 0);
    if (!follows || !Number.isSafeInteger(of) || of < this.lastEpoch) {
      throw this.invalid('an entry that does not follow the one before it');
    }
    this.entries += 1;
    this.first ??= index;
    this.last = index;
    this.lastEpoch = of;
    this.visit(entry);
  }

  /** No checksum covers this line itself: it must be the very bytes that are written. */
  private finish(said: Readonly<Record<string, unknown>>, line: Buffer): void {
    const { entries, first, last, hash } = this;
    const counted = said.entries === entries && said.first === first && said.last === last;
    if (!counted) throw this.invalid('another number of entries than its end says');
    if (!line.equals(Buffer.from(`${lastLine({ entries, first, last }, hash)}\n`))) {
      throw new InvalidBackup('the backup was changed: its checksum is wrong');
    }
    this.over = true;
  }

  private invalid(what: string): InvalidBackup {
    return new InvalidBackup(`${what}, at byte ${this.offset}`);
  }
}
