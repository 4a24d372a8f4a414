// Watches a connection for signs of life. The rule: only the time in which something could have
// come counts, not that in which whoever reads it was busy with other things.

import { ConnectionFailure } from './link.ts';

export class Vigil {
  readonly #base: string;
  readonly #silenceMs: number;
  readonly #connection: AbortController;

  /** `connection` is aborted, with a ConnectionFailure, after `silenceMs` in which nothing came. */
  constructor(base: string, silenceMs: number, connection: AbortController) {
    this.#base = base;
    this.#silenceMs = silenceMs;
    this.#connection = connection;
  }

  /** What was begun, if it is done in time. */
  async over<T>(begun: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      const cause = new Error(`nothing came for ${this.#silenceMs} ms`);
      this.#connection.abort(new ConnectionFailure(this.#base, cause, true));
    }, this.#silenceMs);
    try {
      return await begun;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The same, each as it comes. */
  async *each<T>(some: AsyncIterable<T>): AsyncGenerator<T, void, void> {
    const iterator = some[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await this.over(iterator.next());
        if (done === true) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
