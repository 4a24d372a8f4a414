// A program that follows a node with the client, and begins anew where the log that it had seen was
// replaced.

import { type LogEntry, LogReplaced, ReplogClient } from '../../../src/client/client.ts';
import type { Witness } from './witness.ts';

export class Follower {
  readonly what: string;
  entries: LogEntry[] = [];
  /** Entries that were seen last in a log that was replaced. */
  readonly #replaced: LogEntry[] = [];
  readonly #client: ReplogClient;
  readonly #witness: Witness;

  constructor(url: string, witness: Witness) {
    this.what = `follow of ${url}`;
    this.#client = new ReplogClient({ url });
    this.#witness = witness;
  }

  get last(): number {
    return this.entries.at(-1)?.index ?? 0;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const entry of this.#client.follow({ signal })) this.entries.push(entry);
      } catch (error) {
        this.#ended(error);
      }
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** What is wrong in the end, when the log is `final`. */
  judge(final: readonly LogEntry[]): void {
    this.#witness.consecutive(this.what, this.entries, 1);
    for (const entry of this.entries) {
      const there = final[entry.index - 1];
      if (JSON.stringify(entry) === JSON.stringify(there)) continue;
      this.#witness.complain(`${this.what}: ${JSON.stringify([entry, there])}`);
    }
    for (const entry of this.#replaced) {
      const there = final[entry.index - 1];
      if (JSON.stringify(entry) !== JSON.stringify(there)) continue;
      this.#witness.complain(`${this.what}: ${entry.index} was not replaced`);
    }
  }

  #ended(error: unknown): void {
    // Only the first connection has to succeed: its node may just be down.
    if (!(error instanceof LogReplaced)) {
      this.#witness.count(`follow: ${error instanceof Error ? error.name : error}`);
      if (this.entries.length > 0) this.#witness.complain(`${this.what} ended: ${error}`);
      return;
    }
    this.#witness.count('follow: LogReplaced');
    this.#replaced.push(this.entries.at(-1)!);
    this.entries = [];
  }
}
