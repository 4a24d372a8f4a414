// kill -9 of any node, or of all at once, under load: what was acknowledged stays, once and in its
// place, and all logs are equal in the end.

import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { type Answer, Belongings, call, messages } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const CYCLES = 20;
const CLIENTS = 8;
/** Acknowledgements between two crashes, so that each hits a cluster at work. */
const ACKS_BETWEEN = 40;
/** For these. */
const PATIENCE_MS = 30_000;

/** A random sequence that a failure can be repeated with (Lehmer). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Clients that append without a pause. Every second one repeats, with its key, whatever it got no
 * answer to; the others let it be and never know. */
class Load {
  /** Message → the index it was acknowledged with. */
  readonly acked = new Map<string, number>();
  readonly sent = new Set<string>();
  private readonly group: Group;
  private readonly news = new EventEmitter<{ acked: [] }>();
  private readonly done: Promise<unknown>;
  private stopping = false;
  private halted = false;

  constructor(group: Group) {
    this.group = group;
    this.done = Promise.all(Array.from({ length: CLIENTS }, (_, i) => this.client(i)));
    // `stop` looks at it.
    this.done.catch(() => this.halt());
  }

  /** Resolves when so many more have been acknowledged. */
  async acknowledges(count: number): Promise<void> {
    const enough = this.acked.size + count;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (this.acked.size < enough) {
      await Promise.race([once(this.news, 'acked', { signal }), this.done]);
    }
  }

  /** Resolves when every repeated request has been answered. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.done;
  }

  /** Ends without waiting for answers. */
  halt(): void {
    this.stopping = true;
    this.halted = true;
  }

  private async client(number: number): Promise<void> {
    const repeats = number % 2 === 0;
    for (let count = 0; !this.stopping; count += 1) {
      const message = `client ${number} message ${count}`;
      this.sent.add(message);
      const w = 1 + (count % 3);
      let answer = await this.append(message, w, repeats);
      while (repeats && answer === null && !this.halted)
        answer = await this.append(message, w, repeats);
      if (answer !== null) this.note(message, answer);
    }
  }

  private note(message: string, { body }: Answer): void {
    const before = this.acked.get(message);
    if (before !== undefined) throw new Error(`${message} was acknowledged twice`);
    this.acked.set(message, body.index);
    this.news.emit('acked');
  }

  /** null: the outcome is unknown, or nothing was appended. */
  private async append(message: string, w: number, repeats: boolean): Promise<Answer | null> {
    try {
      const key = repeats ? { key: message } : {};
      const answer = await this.group.append(message, w, { timeoutMs: 1_000, ...key });
      if (answer.status < 300) return answer;
      if (answer.status !== 503 && answer.status !== 504) throw new Unexpected(answer);
    } catch (error) {
      if (error instanceof Unexpected) throw error;
    }
    // Whoever meets a closed port at once must not ask as fast as it can.
    await new Promise((resolve) => setTimeout(resolve, 50));
    return null;
  }
}

class Unexpected extends Error {
  override readonly name = 'Unexpected';

  constructor({ status, body }: Answer) {
    super(`${status} ${JSON.stringify(body)}`);
  }
}

describe('B32, B39, B41, G2, G3, G15: kill -9 under load, with data on disk', () => {
  test(`${CYCLES} crashes lose, double and reorder nothing`, async () => {
    const seed = 1 + Math.floor(Math.random() * 1_000_000);
    const random = randomFrom(seed);
    const group = await Group.start(belongings, { durable: true });
    const load = new Load(group);
    const crashed: string[] = [];
    try {
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        await load.acknowledges(ACKS_BETWEEN);
        const victim = Math.floor(random() * (group.size + 1));
        const victims = victim === 0 ? group.places : [victim];
        crashed.push(victims.join('+'));
        await Promise.all(victims.map((place) => group.end(place, 'SIGKILL')));
        await Promise.all(victims.map((place) => group.start(place)));
      }
      await load.stop();
      await group.caughtUp();
      await judge(group, load);
    } catch (error) {
      throw new Error(`seed ${seed}, crashes ${crashed.join(' ')}`, { cause: error });
    } finally {
      load.halt();
    }
  });
});

async function judge(group: Group, load: Load): Promise<void> {
  const log = await messages(group.master);
  const places = new Map<string, number>();
  for (const [i, message] of log.entries()) {
    if (places.has(message)) throw new Error(`${message} is there twice`);
    if (!load.sent.has(message)) throw new Error(`nobody sent ${message}`);
    places.set(message, i + 1);
  }
  expect(load.acked.size).toBeGreaterThanOrEqual(CYCLES * ACKS_BETWEEN);
  for (const [message, index] of load.acked) {
    if (places.get(message) !== index) {
      throw new Error(`${message}, acknowledged as ${index}, is at ${places.get(message)}`);
    }
  }
  const { entries } = (await call('GET', `${group.master}/log?limit=10000`)).body;
  const indexes = entries.map(({ index }: { index: number }) => index);
  expect(indexes).toEqual(indexes.map((_: number, i: number) => i + 1));
  for (const place of group.places.slice(1)) {
    expect(await messages(group.url(place))).toEqual(log);
    const copy = (await call('GET', `${group.url(place)}/log?limit=10000`)).body.entries;
    expect(copy).toEqual(entries);
  }
}
