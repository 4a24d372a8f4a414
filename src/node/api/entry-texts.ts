// Answers made of the log's own bytes: most entries are stored exactly as a client is to see them,
// so they are copied, and only the others are parsed. The rule: what comes out is what parsing all
// of them and writing them again would give.

import type { Entry } from '../../core/operation.ts';
import type { Chunk } from '../../persistence/persistence.ts';
import { plainIndex, plainText } from '../../persistence/record/plain-append.ts';
import { visible } from '../reading/log-reader.ts';

const COMMA = 0x2c;

/** What is shown of an entry: null, nothing. */
type Shown = (entry: Entry) => string | null;

/** Gathers what is shown of entries, up to a limit. */
export class EntryTexts {
  /** Entries shown so far. */
  count = 0;
  /** Index of the first entry that was left out because of the limit; null: none was. */
  next: number | null = null;
  private readonly limit: number;
  private readonly what: 'messages' | 'entries';

  constructor(what: 'messages' | 'entries', limit: number) {
    this.what = what;
    this.limit = limit;
  }

  /** The texts of a chunk's entries, each after a comma but the very first. */
  of(chunk: Chunk): Buffer {
    const out = Buffer.allocUnsafe(chunk.json.length + 1);
    let used = 0;
    eachText(chunk, (json, start, end, message) => {
      if (this.next !== null) return;
      const text = message < 0 ? this.shown(json, start, end) : null;
      if (message < 0 && text === null) return;
      if (this.count === this.limit) {
        this.next = indexOf(json, start, end, message);
        return;
      }
      if (this.count > 0) {
        out[used] = COMMA;
        used += 1;
      }
      if (text !== null) used += out.write(text, used);
      else if (this.what === 'entries') used += json.copy(out, used, start, end);
      else used += json.copy(out, used, message - 1, end - 1);
      this.count += 1;
    });
    return out.subarray(0, used);
  }

  private shown(json: Buffer, start: number, end: number): string | null {
    const show = this.what === 'messages' ? messageText : entryText;
    return show(parse(json, start, end));
  }
}

/** The entries of a chunk as events of a stream. */
export function eventsOf(chunk: Chunk): Buffer {
  const parts: Buffer[] = [];
  eachText(chunk, (json, start, end, message) => {
    if (message < 0) {
      const entry = parse(json, start, end);
      parts.push(Buffer.from(`id: ${entry.index}\ndata: ${JSON.stringify(visible(entry))}\n\n`));
    } else {
      parts.push(
        Buffer.from(`id: ${plainIndex(json, start)}\ndata: `),
        json.subarray(start, end),
        END,
      );
    }
  });
  return Buffer.concat(parts);
}

const END = Buffer.from('\n\n');

/** Sees each entry's text; `message` is where the message of a plain append begins, or -1. */
function eachText(
  { json, lengths }: Chunk,
  see: (json: Buffer, start: number, end: number, message: number) => void,
): void {
  let start = 0;
  for (const length of lengths) {
    see(json, start, start + length, plainText(json, start, start + length));
    start += length + 1;
  }
}

const messageText: Shown = (entry) =>
  entry.op === 'append' ? JSON.stringify(entry.message) : null;

const entryText: Shown = (entry) => JSON.stringify(visible(entry));

function indexOf(json: Buffer, start: number, end: number, message: number): number {
  return message < 0 ? parse(json, start, end).index : plainIndex(json, start);
}

function parse(json: Buffer, start: number, end: number): Entry {
  return JSON.parse(json.toString('utf8', start, end)) as Entry;
}
