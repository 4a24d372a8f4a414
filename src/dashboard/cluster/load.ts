// A little load: appends at a steady pace, so that there is something to see.

import { setMaxListeners } from 'node:events';
import type { ReplogClient } from '../../client/client.ts';

/** Twenty a second: visible, and no work for anybody. */
const EVERY_MS = 50;

/** Appends that may wait at once; beyond that the load holds its breath. */
const OPEN_MAX = 50;

export class Load {
  readonly #client: () => ReplogClient | null;
  #timer: NodeJS.Timeout | null = null;
  #open = 0;
  #sent = 0;
  #end = new AbortController();

  /** `client`: one that reaches the master; null while there is none. */
  constructor(client: () => ReplogClient | null) {
    this.#client = client;
  }

  get on(): boolean {
    return this.#timer !== null;
  }

  start(): void {
    if (this.#timer !== null) return;
    this.#end = new AbortController();
    // All that wait listen to it, which are no more than OPEN_MAX: that is no leak.
    setMaxListeners(0, this.#end.signal);
    this.#timer = setInterval(() => void this.#append(), EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.#end.abort();
  }

  async #append(): Promise<void> {
    const client = this.#client();
    if (client === null || this.#open >= OPEN_MAX) return;
    this.#open += 1;
    this.#sent += 1;
    try {
      await client.append(`load ${this.#sent}`, { signal: this.#end.signal });
    } catch {
      // Refused or unanswered: the head of the dashboard says why, and the next one tries again.
    } finally {
      this.#open -= 1;
    }
  }
}
