// Output of a process as lines: complete ones, of bounded length, and the last few kept for whoever
// asks why it died.

/** Longest line passed on, in UTF-16 units; a longer one ends with a mark. */
const LINE_MAX = 8_192;

/** Cuts a stream of text into lines. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  #rest = '';
  /** Units of the same line that there was no room for. */
  #dropped = 0;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const parts = (this.#rest + text).split('\n');
    const rest = parts.pop()!;
    for (const part of parts) this.#pass(part.replace(/\r$/, ''));
    this.#dropped += Math.max(0, rest.length - LINE_MAX);
    this.#rest = rest.slice(0, LINE_MAX);
  }

  /** The stream is over: what is left is the last line. */
  end(): void {
    if (this.#rest !== '') this.#pass(this.#rest);
    this.#rest = '';
  }

  #pass(line: string): void {
    const dropped = this.#dropped + Math.max(0, line.length - LINE_MAX);
    this.#dropped = 0;
    this.#onLine(dropped === 0 ? line : `${line.slice(0, LINE_MAX)}… (${dropped} more)`);
  }
}

/** Lines with their numbers, which count everything that ever was said. */
export interface NumberedLines {
  /** Number of the first of `lines`; 1 is the first line of all. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** The last lines, oldest first. */
export class TailOfLines {
  readonly #max: number;
  #lines: string[] = [];
  /** Lines that were added and are no longer kept. */
  #dropped = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length <= this.#max) return;
    this.#lines.shift();
    this.#dropped += 1;
  }

  /** The last `count` of them at most. */
  last(count: number): NumberedLines {
    const lines = count <= 0 ? [] : this.#lines.slice(-count);
    return { first: this.#dropped + this.#lines.length - lines.length + 1, lines };
  }

  clear(): void {
    this.#dropped += this.#lines.length;
    this.#lines = [];
  }
}
