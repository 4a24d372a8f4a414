// Lines of a stream, gathered into batches that a cluster takes in one request. Nothing is read
// while a batch is being sent.

import { isUtf8 } from 'node:buffer';
import { UsageError } from './exit.ts';

/** Lines that go out together. */
export interface LineBatch {
  readonly lines: readonly string[];
  /** Bytes of input read so far. */
  readonly bytesRead: number;
}

/** Messages in one request (contract, section 3). */
export const BATCH_LINES_MAX = 10_000;

/** Bytes of JSON in one request: well below the 16 MiB that a node accepts. */
const BATCH_BYTES_MAX = 8 << 20;

/** Bytes of one line. A longer one could not be sent anyway. */
const LINE_MAX = 16 << 20;

const LINE_END = 0x0a;

const TOO_LONG = 'a message is at most 16 MiB as JSON; cut it into several';

const NOT_UTF8 = 'convert it first, e.g. with `iconv -f latin1 -t utf-8`';

/**
 * Without the line ends; what follows the last one is a line if it is not empty. `full`: batches
 * are filled whatever the pace of the input, so that the same input is always cut in the same
 * places. Throws UsageError at a line that is not UTF-8, or too long: changing somebody's bytes
 * unasked is no service. The lines before it go out first, so that what is stored is the same
 * however the input arrives.
 */
export async function* lineBatches(
  chunks: AsyncIterable<Uint8Array>,
  full: boolean = false,
): AsyncGenerator<LineBatch, void, void> {
  const cutter = new Cutter();
  const packer = new Packer();
  let bytesRead = 0;
  try {
    for await (const chunk of chunks) {
      bytesRead += chunk.byteLength;
      for (const line of cutter.add(chunk)) {
        const filled = packer.add(line);
        if (filled !== null) yield { lines: filled, bytesRead };
      }
      if (!full && packer.size > 0) yield { lines: packer.take(), bytesRead };
    }
    for (const line of cutter.rest()) {
      const filled = packer.add(line);
      if (filled !== null) yield { lines: filled, bytesRead };
    }
  } catch (error) {
    // Whoever broke off the input means also what has come of it.
    if (!(error instanceof UsageError)) throw error;
    if (packer.size > 0) yield { lines: packer.take(), bytesRead };
    throw error;
  }
  if (packer.size > 0) yield { lines: packer.take(), bytesRead };
}

/** Cuts bytes into lines. A long line is looked at once, when its end is there, however many chunks
 * it comes in. No letter of UTF-8 has a line end within. */
class Cutter {
  /** What has come of a line without its end. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  /** Lines handed out. */
  #count = 0;

  /** The lines that this chunk ends. Throws UsageError behind the last good one. */
  *add(chunk: Uint8Array): Generator<string, void, void> {
    const end = chunk.lastIndexOf(LINE_END);
    if (end >= 0) yield* this.#linesOf(chunk.subarray(0, end));
    this.#begun.push(chunk.subarray(end + 1));
    this.#begunBytes += chunk.length - end - 1;
    if (this.#begunBytes > LINE_MAX) throw this.#refusal('too long to be a message', TOO_LONG);
  }

  /** The line that has no end, if there is one. Throws UsageError. */
  *rest(): Generator<string, void, void> {
    if (this.#begunBytes > 0) yield* this.#linesOf(new Uint8Array());
  }

  *#linesOf(last: Uint8Array): Generator<string, void, void> {
    const bytes = this.#begun.length === 0 ? last : Buffer.concat([...this.#begun, last]);
    this.#begun = [];
    this.#begunBytes = 0;
    const good = isUtf8(bytes) ? bytes : goodLines(bytes);
    if (good !== null) {
      const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(good).split('\n');
      this.#count += lines.length;
      yield* lines;
    }
    if (good !== bytes) throw this.#refusal('not UTF-8 text', NOT_UTF8);
  }

  /** Of the line after those that were handed out. */
  #refusal(what: string, hint: string): UsageError {
    return new UsageError(`line ${this.#count + 1} of the input is ${what}`, hint);
  }
}

/** The lines before the first that is not UTF-8; null: it is the first of all. */
function goodLines(bytes: Uint8Array): Uint8Array | null {
  let good: Uint8Array | null = null;
  for (let begin = 0; ; ) {
    const end = bytes.indexOf(LINE_END, begin);
    if (end < 0 || !isUtf8(bytes.subarray(begin, end))) return good;
    good = bytes.subarray(0, end);
    begin = end + 1;
  }
}

/** Gathers lines up to the limits of one request. */
class Packer {
  #lines: string[] = [];
  #bytes = 0;

  get size(): number {
    return this.#lines.length;
  }

  /** The batch that had no room for this line; null while there is room. */
  add(text: string): readonly string[] | null {
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    const bytes = Buffer.byteLength(JSON.stringify(line)) + 1;
    const isFull = this.size === BATCH_LINES_MAX || this.#bytes + bytes > BATCH_BYTES_MAX;
    const filled = this.size > 0 && isFull ? this.take() : null;
    this.#lines.push(line);
    this.#bytes += bytes;
    return filled;
  }

  take(): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return lines;
  }
}
