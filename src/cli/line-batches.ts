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
 * places. Throws UsageError if the input is not UTF-8: changing somebody's bytes unasked is no
 * service.
 */
export async function* lineBatches(
  chunks: AsyncIterable<Uint8Array>,
  full: boolean = false,
): AsyncGenerator<LineBatch, void, void> {
  const cutter = new Cutter();
  const packer = new Packer();
  let bytesRead = 0;
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

  /** The lines that this chunk ends. */
  add(chunk: Uint8Array): string[] {
    const end = chunk.lastIndexOf(LINE_END);
    const lines = end < 0 ? [] : this.#linesOf(chunk.subarray(0, end));
    this.#begun.push(chunk.subarray(end + 1));
    this.#begunBytes += chunk.length - end - 1;
    if (this.#begunBytes > LINE_MAX) throw this.#refusal(0, 'too long to be a message', TOO_LONG);
    return lines;
  }

  /** The line that has no end, if there is one. */
  rest(): string[] {
    return this.#begunBytes === 0 ? [] : this.#linesOf(new Uint8Array());
  }

  #linesOf(last: Uint8Array): string[] {
    const bytes = this.#begun.length === 0 ? last : Buffer.concat([...this.#begun, last]);
    this.#begun = [];
    this.#begunBytes = 0;
    const lines = this.#decoded(bytes).split('\n');
    this.#count += lines.length;
    return lines;
  }

  #decoded(bytes: Uint8Array): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (error) {
      if (error instanceof TypeError)
        throw this.#refusal(goodLines(bytes), 'not UTF-8 text', NOT_UTF8);
      throw error;
    }
  }

  #refusal(linesBefore: number, what: string, hint: string): UsageError {
    return new UsageError(`line ${this.#count + linesBefore + 1} of the input is ${what}`, hint);
  }
}

/** How many lines come before the first that is not UTF-8. */
function goodLines(bytes: Uint8Array): number {
  let count = 0;
  for (let begin = 0; ; count += 1) {
    const end = bytes.indexOf(LINE_END, begin);
    if (end < 0 || !isUtf8(bytes.subarray(begin, end))) return count;
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
