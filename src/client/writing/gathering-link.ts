// The way of a client's writes: appends are gathered per node, everything else goes by itself.

import type { Departures } from '../wire/departures.ts';
import type { Call, Link, Reply } from '../wire/link.ts';
import { Gathering } from './gathering.ts';

/** Nodes that appends are gathered for; one in use is never forgotten. */
const NODES_MAX = 16;

export class GatheringLink {
  readonly #link: Link;
  readonly #departures: Departures;
  readonly #gatherings = new Map<string, Gathering>();

  constructor(link: Link, departures: Departures) {
    this.#link = link;
    this.#departures = departures;
  }

  /** As `Link.send`. */
  send(base: string, call: Call): Promise<Reply> {
    if (call.method !== 'POST' || call.path !== '/messages') return this.#link.send(base, call);
    // One that asks for a receipt says so in a header of its own.
    if (call.headers?.prefer !== undefined) return this.#link.send(base, call);
    if (!isPlain(call.json)) return this.#link.send(base, call);
    return this.#to(base).send(call);
  }

  #to(base: string): Gathering {
    const known = this.#gatherings.get(base);
    if (known !== undefined) return known;
    for (const [other, gathering] of this.#gatherings) {
      if (this.#gatherings.size < NODES_MAX) break;
      if (gathering.idle) this.#gatherings.delete(other);
    }
    const gathering = new Gathering(this.#link, base, this.#departures);
    this.#gatherings.set(base, gathering);
    return gathering;
  }
}

/** A program without types may ask for what is no append, or cannot even be sent: what comes of
 * that is no business of the appends it would travel with. */
function isPlain(json: unknown): boolean {
  const { message, w, timeoutMs } = json as Readonly<Record<string, unknown>>;
  const isLevel = w === undefined || typeof w === 'string' || typeof w === 'number';
  const isTime = timeoutMs === undefined || typeof timeoutMs === 'number';
  return typeof message === 'string' && isLevel && isTime;
}
