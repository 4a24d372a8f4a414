// What the dashboard asks nodes and the launcher. The rules: no question is asked again before it
// is answered or given up, and whoever does not answer holds up nobody else.

import { setMaxListeners } from 'node:events';
import type { ReplogClient } from '../../client/client.ts';

/** Then a node counts as silent. */
const ANSWER_MS = 1_500;

/** A few for each of as many nodes as a cluster may have. */
const QUESTIONS_MAX = 1_000;

/** Kept for as many addresses; those of nodes that are gone go with all others. */
const CLIENTS_MAX = 200;

export class Questions {
  readonly #client: (url: string) => ReplogClient;
  readonly #clients = new Map<string, ReplogClient>();
  /** What has been asked and not been answered. */
  readonly #open = new Set<string>();
  readonly #end = new AbortController();

  /** `client` makes one for a base URL. */
  constructor(client: (url: string) => ReplogClient) {
    this.#client = client;
    // One for each open question; Node warns of more than ten, which are few for seven nodes.
    setMaxListeners(QUESTIONS_MAX, this.#end.signal);
  }

  get ended(): boolean {
    return this.#end.signal.aborted;
  }

  /** Gives up all that is open; nothing is asked any more. */
  end(): void {
    this.#end.abort();
  }

  /** Asks a question that is not open yet; resolves with null if there is no answer. Never
   * rejects: `onFailure` hears why, unless all is over. */
  async ask<Answer>(
    name: string,
    url: string,
    question: (client: ReplogClient, signal: AbortSignal) => Promise<Answer>,
    onFailure: (error: unknown) => void = () => undefined,
  ): Promise<Answer | null> {
    if (this.#open.has(name) || this.ended) return null;
    this.#open.add(name);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), ANSWER_MS);
    const stop = (): void => limit.abort();
    this.#end.signal.addEventListener('abort', stop);
    try {
      return await question(this.#clientFor(url), limit.signal);
    } catch (error) {
      if (!this.ended) onFailure(error);
      return null;
    } finally {
      clearTimeout(timer);
      this.#end.signal.removeEventListener('abort', stop);
      this.#open.delete(name);
    }
  }

  #clientFor(url: string): ReplogClient {
    const known = this.#clients.get(url);
    if (known !== undefined) return known;
    if (this.#clients.size >= CLIENTS_MAX) this.#clients.clear();
    const client = this.#client(url);
    this.#clients.set(url, client);
    return client;
  }
}
