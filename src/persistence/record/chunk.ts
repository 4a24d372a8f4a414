// Puts stored records together to what is sent: their JSON texts, separated by commas. The rule:
// the texts are copied, never parsed or encoded again, and the copy is the reader's own. Where all
// of them were read from disk for it, they move together in the memory that they were read into.

import { logIndex } from '../../core/ids.ts';
import { type LogPoint, UNKNOWN_HASH } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import type { Chunk } from '../persistence.ts';
import { HEADER_BYTES, payloadLength, recordHash, recordIndex, recordSize } from './record.ts';

const COMMA = 0x2c;

/** A record, or what stands for the one before the first. */
interface LogPointLike {
  readonly index: number;
  readonly hash: number;
}

/** Where records come from: their bytes in a segment, and what stands before the first of them. */
interface Source {
  readonly start: number;
  readonly end: number;
  readonly before: LogPointLike;
}

/** Takes records in log order and keeps those from `from` to `to`. */
export class ChunkBuilder {
  private readonly from: number;
  private readonly to: number;
  private json: Buffer | null;
  private used = 0;
  private readonly lengths: number[] = [];
  /** The last record before `from`: its index and its running hash. */
  private beforeIndex: number;
  private beforeHash: number;
  private last: number;
  private readonly holes: LogPoint[] = [];

  /** `sources` tell how much may come: each record's header leaves room for its comma. `inPlace`:
   * all records come in one buffer, which is given away with the first of them. */
  constructor(from: number, to: number, sources: readonly Source[], inPlace = false) {
    this.from = from;
    this.to = to;
    const before = sources[0]?.before;
    this.beforeIndex = before?.index ?? 0;
    this.beforeHash = before?.hash ?? 0;
    this.last = from - 1;
    let room = 0;
    for (const { start, end } of sources) room += end - start;
    this.json = inPlace ? null : Buffer.allocUnsafe(room);
  }

  add(bytes: Buffer, at: number): void {
    const index = recordIndex(bytes, at);
    if (index < this.from) {
      this.beforeIndex = index;
      this.beforeHash = recordHash(bytes, at);
    }
    if (index < this.from || index > this.to) return;
    if (index !== this.last + 1) {
      this.holes.push({ index: logIndex(index), hash: recordHash(bytes, at) });
    }
    this.last = index;
    this.json ??= bytes;
    const start = at + HEADER_BYTES;
    const length = payloadLength(bytes, at);
    if (this.lengths.length > 0) {
      this.json[this.used] = COMMA;
      this.used += 1;
    }
    if (bytes === this.json) bytes.copyWithin(this.used, start, start + length);
    else bytes.copy(this.json, this.used, start, start + length);
    this.used += length;
    this.lengths.push(length);
  }

  addSpan(span: Buffer): void {
    for (let at = 0; at < span.length; at += recordSize(span, at)) this.add(span, at);
  }

  chunk(): Chunk {
    const json = this.json?.subarray(0, this.used) ?? Buffer.alloc(0);
    const hash = this.beforeIndex === this.from - 1 ? this.beforeHash : UNKNOWN_HASH;
    return {
      from: logIndex(this.from),
      to: logIndex(this.to),
      count: this.lengths.length,
      json,
      lengths: this.lengths,
      prev: { index: logIndex(this.from - 1), hash },
      holes: this.holes,
      entries: () => JSON.parse(`[${json.toString('utf8')}]`) as Entry[],
    };
  }
}
