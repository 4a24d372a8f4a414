// Puts stored records together to what is sent: their JSON texts, separated by commas. The rule:
// the texts are copied, never parsed or encoded again, and the copy is the reader's own.

import { logIndex } from '../core/ids.ts';
import type { Entry } from '../core/operation.ts';
import type { Chunk } from './persistence.ts';
import { HEADER_BYTES, payloadLength, recordHash, recordIndex, recordSize } from './record.ts';

const COMMA = 0x2c;

/** Where records come from: their bytes in a segment, and the hash before the first of them. */
interface Source {
  readonly start: number;
  readonly end: number;
  readonly before: { readonly hash: number };
}

/** Takes records in log order and keeps those from `from` to `to`. */
export class ChunkBuilder {
  private readonly from: number;
  private readonly to: number;
  private readonly json: Buffer;
  private used = 0;
  private count = 0;
  private hash: number;

  /** `sources` tell how much may come: each record's header leaves room for its comma. */
  constructor(from: number, to: number, sources: readonly Source[]) {
    this.from = from;
    this.to = to;
    this.hash = sources[0]?.before.hash ?? 0;
    let room = 0;
    for (const { start, end } of sources) room += end - start;
    this.json = Buffer.allocUnsafe(room);
  }

  add(bytes: Buffer, at: number): void {
    const index = recordIndex(bytes, at);
    if (index < this.from) this.hash = recordHash(bytes, at);
    if (index < this.from || index > this.to) return;
    if (this.count > 0) {
      this.json[this.used] = COMMA;
      this.used += 1;
    }
    const start = at + HEADER_BYTES;
    this.used += bytes.copy(this.json, this.used, start, start + payloadLength(bytes, at));
    this.count += 1;
  }

  addSpan(span: Buffer): void {
    for (let at = 0; at < span.length; at += recordSize(span, at)) this.add(span, at);
  }

  chunk(): Chunk {
    const json = this.json.subarray(0, this.used);
    return {
      from: logIndex(this.from),
      to: logIndex(this.to),
      count: this.count,
      json,
      prev: { index: logIndex(this.from - 1), hash: this.hash },
      entries: () => JSON.parse(`[${json.toString('utf8')}]`) as Entry[],
    };
  }
}
