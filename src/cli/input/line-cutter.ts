// Bytes of an input, cut into lines of text. Bytes that are not UTF-8 are refused, not replaced:
// two texts that differ must never become one.

import { isUtf8 } from 'node:buffer';
import { UsageError } from '../exit.ts';

/** What is cut, and how it is put where it is refused. */
export interface CutInput {
  /** Like `the input`. */
  readonly name: string;
  /** Bytes of one line. */
  readonly lineMax: number;
  /** What is said of a longer one, and the hint. */
  readonly tooLong: string;
  readonly tooLongHint: string;
}

const LINE_END = 0x0a;

const NOT_UTF8 = 'convert it first, e.g. with `iconv -f latin1 -t utf-8`';

/** Cuts bytes into lines. A long line is looked at once, when its end is there, however many chunks
 * it comes in. No letter of UTF-8 has a line end within. */
export class LineCutter {
  readonly #input: CutInput;
  /** What has come of a line without its end. */
  #begun: Uint8Array[] = [];
  #begunBytes = 0;
  /** Lines handed out. */
  #count = 0;

  constructor(input: CutInput) {
    this.#input = input;
  }

  /** The lines that this chunk ends. Throws UsageError behind the last good one. */
  *add(chunk: Uint8Array): Generator<string, void, void> {
    const end = chunk.lastIndexOf(LINE_END);
    if (end >= 0) yield* this.#linesOf(chunk.subarray(0, end));
    this.#begun.push(chunk.subarray(end + 1));
    this.#begunBytes += chunk.length - end - 1;
    const { lineMax, tooLong, tooLongHint } = this.#input;
    if (this.#begunBytes > lineMax) throw this.#refusal(tooLong, tooLongHint);
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
    return new UsageError(`line ${this.#count + 1} of ${this.#input.name} is ${what}`, hint);
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
