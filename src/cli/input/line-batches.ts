// Lines of a stream, gathered into batches that a cluster takes in one request. Nothing is read
// while a batch is being sent.

import { UsageError } from '../exit.ts';
import { type CutInput, LineCutter } from './line-cutter.ts';

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

/** A longer line could not be sent anyway. */
const INPUT: CutInput = {
  name: 'the input',
  lineMax: 16 << 20,
  tooLong: 'too long to be a message',
  tooLongHint: 'a message is at most 16 MiB as JSON; cut it into several',
};

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
  const cutter = new LineCutter(INPUT);
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
