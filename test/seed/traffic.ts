// Clients that write at random, each to keys of its own, and remember what must have come of it.

import type { RealNode } from './real-node.ts';

/** A write and its answer. */
export interface Written {
  readonly key: string;
  /** null: removed. */
  readonly value: string | null;
  readonly index: number;
  /** OperationAck, and so within a second; otherwise OperationFailed. */
  readonly acknowledged: boolean;
}

export type State = Readonly<Record<string, string>>;

const KEYS_PER_CLIENT = 6;

export class Traffic {
  /** In the order of their answers. */
  readonly written: Written[] = [];
  private readonly master: RealNode;
  private readonly name: string;
  private readonly random: () => number;
  private readonly more: object;
  /** What each client knows of its own keys: it waits for one answer before the next request. */
  private readonly known = new Map<string, string>();
  private readonly clients: Promise<void>[] = [];
  private left: number;

  /** `more`: what every request says besides its value. */
  constructor(master: RealNode, name: string, random: () => number, more: object = {}) {
    this.master = master;
    this.name = name;
    this.random = random;
    this.more = more;
    this.left = 0;
  }

  /** So many clients write, one request after the other, until `count` requests have been made. */
  start(clients: number, count = Number.POSITIVE_INFINITY): void {
    this.left = count;
    for (let i = 0; i < clients; i += 1) this.clients.push(this.client(`${this.name}-${i}`));
  }

  /** Lets what is under way be answered; resolves when nothing is. */
  async stop(): Promise<void> {
    this.left = 0;
    await this.finished();
  }

  /** Resolves when all requests have been made and answered. */
  async finished(): Promise<void> {
    await Promise.all(this.clients);
  }

  /** What must be there, by the order in which each client wrote. */
  get expected(): State {
    return Object.fromEntries(this.known);
  }

  /** What must be there, by the order of the log up to this index. */
  at(index: number): State {
    const state = new Map<string, string>();
    for (const written of this.written.toSorted((a, b) => a.index - b.index)) {
      if (written.index > index) break;
      if (written.value === null) state.delete(written.key);
      else state.set(written.key, written.value);
    }
    return Object.fromEntries(state);
  }

  private async client(name: string): Promise<void> {
    for (let n = 0; this.left > 0; n += 1) {
      this.left -= 1;
      const key = `${name}-${Math.floor(this.random() * KEYS_PER_CLIENT)}`;
      const value = this.random() < 0.3 ? null : `${n}`;
      const { status, body } =
        value === null
          ? await this.master.remove(key, this.more)
          : await this.master.put(key, value, this.more);
      if (status !== 200 && status !== 504) throw new Error(JSON.stringify(body));
      if (value === null) this.known.delete(key);
      else this.known.set(key, value);
      const acknowledged = body.result === 'OperationAck';
      this.written.push({ key, value, index: body.index, acknowledged });
    }
  }
}

/** A sequence of numbers in [0, 1) that this seed always gives (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
