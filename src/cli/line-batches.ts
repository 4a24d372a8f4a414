// Lines of a stream, gathered into batches that a cluster takes in one request. Nothing is read
// while a batch is being sent.

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

/** Characters of one line. A longer one could not be sent anyway. */
const LINE_MAX = 16 << 20;

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
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const packer = new Packer();
  let bytesRead = 0;
  let rest = '';
  for await (const chunk of chunks) {
    bytesRead += chunk.byteLength;
    const lines = (rest + decoded(decoder, chunk)).split('\n');
    rest = lines.pop()!;
    if (rest.length > LINE_MAX) throw new UsageError('a line is too long to be a message');
    for (const line of lines) {
      const filled = packer.add(line);
      if (filled !== null) yield { lines: filled, bytesRead };
    }
    if (!full && packer.size > 0) yield { lines: packer.take(), bytesRead };
  }
  rest += decoded(decoder);
  const filled = rest === '' ? null : packer.add(rest);
  if (filled !== null) yield { lines: filled, bytesRead };
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

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError('the input is not UTF-8 text');
    throw error;
  }
}
