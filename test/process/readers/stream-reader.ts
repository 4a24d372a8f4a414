// Follows the log of one node as a stream of events, and comes again with `Last-Event-ID` whenever
// that ends.

import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Chance } from '../../../src/chaos/chance.ts';
import type { LogEntry } from '../../../src/client/answers.ts';
import type { Witness } from './witness.ts';

export class StreamReader {
  readonly what: string;
  /** All that came, over all connections. */
  readonly entries: LogEntry[] = [];
  /** Where in `entries` the connection at hand began. */
  #begin = 0;
  readonly #url: string;
  readonly #level: 'local' | 'majority';
  readonly #chance: Chance;
  readonly #witness: Witness;

  constructor(url: string, level: 'local' | 'majority', chance: Chance, witness: Witness) {
    this.what = `${level} stream of ${url}`;
    this.#url = url;
    this.#level = level;
    this.#chance = chance;
    this.#witness = witness;
  }

  get last(): number {
    return this.entries.at(-1)?.index ?? 0;
  }

  async run(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      this.#begin = this.entries.length;
      await this.#connect(over);
      this.#witness.count('streams that ended');
      await sleep(20);
    }
  }

  /** What is wrong in the end, when the log is `final`. */
  judge(final: readonly LogEntry[]): void {
    this.#witness.consecutive(this.what, this.entries.slice(this.#begin), this.#first());
    // What came before a break may be lost since, unless it was on a majority.
    const lasting = this.#level === 'majority' ? 0 : this.#begin;
    for (const entry of this.entries.slice(lasting)) {
      const there = final[entry.index - 1];
      if (JSON.stringify(entry) === JSON.stringify(there)) continue;
      this.#witness.complain(`${this.what}: ${JSON.stringify([entry, there])}`);
    }
    for (const [i, { index }] of this.entries.entries()) {
      if (index !== i + 1) this.#witness.complain(`${this.what}: ${index} is number ${i + 1}`);
    }
  }

  #first(): number {
    return (this.entries[this.#begin - 1]?.index ?? 0) + 1;
  }

  /** Resolves when the connection is over. */
  async #connect(over: AbortSignal): Promise<void> {
    const leaves = this.#chance.happens(0.2) ? this.#chance.between(1, 600) : null;
    const own = leaves === null ? [] : [AbortSignal.timeout(leaves)];
    const headers = { accept: 'text/event-stream', 'last-event-id': `${this.last}` };
    const incoming = await new Promise<IncomingMessage | null>((resolve) => {
      const path = `${this.#url}/log?from=1&read=${this.#level}`;
      const signal = AbortSignal.any([over, ...own]);
      const outgoing = request(path, { headers, signal, agent: new Agent() });
      outgoing.once('response', resolve).once('error', () => resolve(null));
      outgoing.end();
    });
    if (incoming === null) return;
    await this.#read(incoming).catch(() => {
      // It broke off, as it does when the process ends.
    });
    incoming.destroy();
  }

  async #read(incoming: IncomingMessage): Promise<void> {
    const level = this.#level;
    const parser = createParser({ onEvent: (event) => this.#take(event) });
    incoming.setEncoding('utf8');
    for await (const chunk of incoming) {
      parser.feed(chunk as string);
      if (this.#chance.happens(0.02)) await sleep(this.#chance.between(1, 200));
      this.#witness.count(`${level} stream`);
    }
  }

  #take({ id, data }: EventSourceMessage): void {
    const entry = JSON.parse(data) as LogEntry;
    if (id !== `${entry.index}`) this.#witness.complain(`${this.what}: ${id} is ${data}`);
    if (entry.index !== this.last + 1) {
      this.#witness.complain(`${this.what}: ${entry.index} behind ${this.last}`);
    }
    this.entries.push(entry);
    if (this.#level === 'majority') this.#witness.promise(this.what, [entry]);
  }
}
