// What others write to the terminal while the dashboard has it: Node's own warnings, above all. A
// line that is written there moves the picture up, and what was not changed since stays wrong. The
// rule: nothing is lost, it is written when the normal screen is back.

/** What is needed of a stream. */
export interface Writable {
  readonly isTTY?: boolean;
  write: (typeof process.stderr)['write'];
}

/** Writes that are kept; of more only the number is told. */
const KEPT_MAX = 200;

export class HeldOutput {
  readonly #stream: Writable;
  readonly #write: Writable['write'];
  #kept: (string | Uint8Array)[] = [];
  #missed = 0;

  /** Holds back what is written to the stream as long as `shown` says that the screen is taken. A
   * stream that is no terminal is left alone. */
  constructor(stream: Writable, shown: () => boolean) {
    this.#stream = stream;
    this.#write = stream.write;
    if (stream.isTTY !== true) return;
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      if (!shown()) return this.#pass(chunk, rest);
      if (this.#kept.length < KEPT_MAX) this.#kept.push(chunk);
      else this.#missed += 1;
      const done = rest.find((one) => typeof one === 'function') as (() => void) | undefined;
      if (done !== undefined) queueMicrotask(done);
      return true;
    };
  }

  /** Writes what was held back. */
  flush(): void {
    const kept = this.#kept.splice(0);
    for (const chunk of kept) this.#pass(chunk, []);
    if (this.#missed > 0) this.#pass(`and ${this.#missed} more that were not kept\n`, []);
    this.#missed = 0;
  }

  /** Gives the stream back, and writes what was held back. */
  release(): void {
    this.#stream.write = this.#write;
    this.flush();
  }

  #pass(chunk: string | Uint8Array, rest: unknown[]): boolean {
    return Reflect.apply(this.#write, this.#stream, [chunk, ...rest]) as boolean;
  }
}
