// Output of a process as lines: complete ones, of bounded length, and the last few kept for whoever
// asks why it died.

/** Longest line passed on, in UTF-16 units; the rest of a longer one is dropped. */
const LINE_MAX = 8_192;

/** Cuts a stream of text into lines. */
export class LineReader {
  readonly #onLine: (line: string) => void;
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(text: string): void {
    const parts = (this.#rest + text).split('\n');
    this.#rest = (parts.pop() ?? '').slice(0, LINE_MAX);
    for (const part of parts) this.#onLine(part.slice(0, LINE_MAX).replace(/\r$/, ''));
  }

  /** The stream is over: what is left is the last line. */
  end(): void {
    if (this.#rest !== '') this.#onLine(this.#rest);
    this.#rest = '';
  }
}

/** The last lines, oldest first. */
export class TailOfLines {
  readonly #max: number;
  #lines: string[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#max) this.#lines.shift();
  }

  clear(): void {
    this.#lines = [];
  }
}
