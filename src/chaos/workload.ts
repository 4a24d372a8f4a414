// What clients ask for: concurrent writers of messages and of keys with mixed write concerns, some
// of them repeating what they asked before, and readers at every level on every node. All of it is
// drawn from the seed; nothing is asked twice by accident.

import type { ReadLevel, WriteRecord } from '../check/history/history.ts';
import type { WriteConcern } from '../core/effects.ts';
import type { Operation } from '../core/operation.ts';
import type { Arena } from './arena.ts';
import { Chance } from './chance.ts';
import { read, write } from './clients.ts';
import type { WriteOrder } from './recording.ts';

const MESSAGE_WRITERS = 5;
const KEY_WRITERS = 2;
const READERS = 3;

/** Keys that the writers of keys fight over. */
const KEYS = 8;

/** Orders that a writer may come back to. */
const REPEATABLE_MAX = 20;

const LEVELS: readonly (readonly [ReadLevel, number])[] = [
  ['local', 5],
  ['majority', 3],
  ['linearizable', 2],
];

/** Pause after a request that was refused at once, so that nobody spins. */
const REFUSED_PAUSE_MS = 60;

export class Workload {
  readonly #arena: Arena;
  readonly #seed: number;
  /** Stands at the head of everything that is written, so that it is chaos's own. */
  readonly #tag: string;
  readonly #signal: AbortSignal;

  /** It goes on until the signal aborts. */
  constructor(arena: Arena, seed: number, tag: string, signal: AbortSignal) {
    this.#arena = arena;
    this.#seed = seed;
    this.#tag = tag;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    const actors = (count: number, name: string, act: (name: string) => Promise<void>) =>
      Array.from({ length: count }, (_, place) => act(`${name}${place + 1}`));
    await Promise.all([
      ...actors(MESSAGE_WRITERS, 'writer', (name) => this.#writer(name, messagesOf)),
      ...actors(KEY_WRITERS, 'keys', (name) => this.#writer(name, keysOf)),
      ...actors(READERS, 'reader', (name) => this.#reader(name)),
    ]);
  }

  async #writer(client: string, draw: Draw): Promise<void> {
    const chance = Chance.of(this.#seed, client);
    const earlier: WriteOrder[] = [];
    for (let n = 1; !this.#signal.aborted; n += 1) {
      const again = earlier.length > 0 && chance.happens(0.12);
      const operations = draw(chance, `${this.#tag}-${client}`, n);
      const fresh = this.#order(chance, client, operations, `${this.#tag}-${client}-${n}`);
      const old = chance.pick(earlier.length > 0 ? earlier : [fresh]);
      const order = again ? { ...old, w: fresh.w, timeoutMs: fresh.timeoutMs } : fresh;
      const twice = chance.happens(0.05);
      const copies = twice ? [order, { ...order, client: `${client}b` }] : [order];
      const heard = await Promise.all(copies.map((copy) => write(this.#arena, copy)));
      // A removal is like any other of its key, so only what can be told apart is repeated.
      if (operations.every(({ op }) => op !== 'remove')) earlier.push(fresh);
      if (earlier.length > REPEATABLE_MAX) earlier.shift();
      await this.#rest(chance.between(0, 40) + pauseAfter(heard));
    }
  }

  #order(
    chance: Chance,
    client: string,
    operations: readonly Operation[],
    idempotencyKey: string,
  ): WriteOrder {
    const { size, master, nodes } = this.#arena;
    const concerns: readonly (readonly [WriteConcern, number])[] = [
      [1, 4],
      [Math.min(2, size), 5],
      ['majority', 5],
      ['all', 3],
      [size, 3],
    ];
    const others = chance.pick(nodes).node;
    return {
      client,
      operations,
      idempotencyKey,
      w: chance.weighted(concerns),
      timeoutMs: chance.between(150, chance.happens(0.3) ? 3_000 : 900),
      via: chance.happens(0.75) ? master : others,
      retryForMs: chance.happens(0.5) ? 0 : 1_500,
    };
  }

  async #reader(client: string): Promise<void> {
    const chance = Chance.of(this.#seed, client);
    let seen = 0;
    while (!this.#signal.aborted) {
      const level = chance.weighted(LEVELS);
      const any = chance.pick(this.#arena.nodes).node;
      const node = level === 'linearizable' ? this.#arena.master : any;
      const common = { client, node, read: level };
      const key = `${this.#tag}-k${chance.between(1, KEYS)}`;
      const back = chance.happens(0.05) ? chance.between(0, seen) : chance.between(0, 30);
      if (chance.happens(0.3)) {
        await read(this.#arena, { ...common, kind: 'get', key });
      } else {
        const from = Math.max(1, seen - back);
        const shown = await read(this.#arena, { ...common, kind: 'log', from, limit: 100 });
        seen = Math.max(seen, Math.min(shown ?? 0, from + 99));
      }
      await this.#rest(chance.between(20, 100));
    }
  }

  #rest(ms: number): Promise<void> {
    return this.#arena.sleep(ms, this.#signal);
  }
}

type Draw = (chance: Chance, name: string, n: number) => readonly Operation[];

/** One message, sometimes a batch of them. */
function messagesOf(chance: Chance, name: string, n: number): Operation[] {
  const count = chance.happens(0.1) ? chance.between(2, 20) : 1;
  return Array.from({ length: count }, (_, place) => {
    return { op: 'append', message: `${name}-${n}${count === 1 ? '' : `.${place + 1}`}` };
  });
}

/** One value, sometimes a removal. The keys are everybody's. */
function keysOf(chance: Chance, name: string, n: number): Operation[] {
  const tag = name.slice(0, name.lastIndexOf('-'));
  const key = `${tag}-k${chance.between(1, KEYS)}`;
  const removes = chance.happens(0.2);
  return [removes ? { op: 'remove', key } : { op: 'put', key, value: `${name}-${n}` }];
}

function pauseAfter(heard: readonly WriteRecord[]): number {
  return heard.some(({ outcome }) => outcome === 'refused') ? REFUSED_PAUSE_MS : 0;
}
