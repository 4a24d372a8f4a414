// Reads one node in every way but a stream, one request after the other, and has the witness judge
// what it shows.

import type { Chance } from '../../../src/chaos/chance.ts';
import type { LogEntry } from '../../../src/client/answers.ts';
import { type Answer, call } from '../program.ts';
import type { Look, Part, Witness } from './witness.ts';
import { KEYS } from './writer.ts';

const PATIENCE_MS = 2_500;

const LEVELS = ['local', 'local', 'majority', 'linearizable'] as const;

/** The nodes, and which life of its process each of them is in; see ShakenGroup. */
export interface Places {
  url(place: number): string;
  life(place: number): number;
}

interface Item {
  readonly key: string;
  readonly value: string;
  readonly index: number;
}

export class PageReader {
  readonly #places: Places;
  readonly #place: number;
  readonly #chance: Chance;
  readonly #witness: Witness;
  #last = 0;

  constructor(places: Places, place: number, chance: Chance, witness: Witness) {
    this.#places = places;
    this.#place = place;
    this.#chance = chance;
    this.#witness = witness;
  }

  async run(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const read = this.#chance.pick([
        () => this.#readLog(),
        () => this.#readLog(),
        () => this.#readMessages(),
        () => this.#readKeys(),
        () => this.#readKey(),
        () => this.#readOutcome(),
      ]);
      // One that does not answer leaves the processor to others.
      if (!(await read())) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  get #node(): string {
    return `n${this.#place}`;
  }

  /** null: no answer, or one that may be of two processes, or a refusal. */
  async #ask(path: string): Promise<Answer['body'] | null> {
    const url = `${this.#places.url(this.#place)}${path}`;
    const answer = await call('GET', url, undefined, {}, AbortSignal.timeout(PATIENCE_MS)).catch(
      () => null,
    );
    if (answer === null || (answer.status !== 200 && answer.status !== 404)) return null;
    return answer.body;
  }

  /** Asks, and says of which life and epoch the answer is; null: of none. */
  async #look(path: string): Promise<{ body: Answer['body']; look: Look } | null> {
    const life = this.#places.life(this.#place);
    const before = await this.#ask('/health');
    const body = await this.#ask(path);
    const after = body === null ? null : await this.#ask('/health');
    if (before === null || body === null || after === null) return null;
    // In an odd life it starts or ends.
    if (life % 2 === 1 || life !== this.#places.life(this.#place)) return null;
    const within = `${this.#node} ${life}`;
    for (const { commitIndex, epoch } of [before, after]) {
      this.#witness.forward('commitIndex in /health', within, commitIndex);
      this.#witness.forward('epoch', within, epoch);
    }
    const epoch = before.epoch === after.epoch ? before.epoch : null;
    return { body, look: { node: this.#node, life, epoch } };
  }

  async #readLog(): Promise<boolean> {
    const witness = this.#witness;
    const level = this.#chance.pick(LEVELS);
    const from = this.#chance.between(1, this.#last + 1);
    const limit = this.#chance.pick([1, 7, 1_000]);
    const before = witness.current;
    const found = await this.#look(`/log?read=${level}&from=${from}&limit=${limit}`);
    if (found === null) return false;
    const { entries, lastIndex, commitIndex, next } = found.body;
    const { look } = found;
    const what = `${level} /log of ${look.node}, life ${look.life}, epoch ${look.epoch}`;
    witness.count(`${level} log`);
    witness.consecutive(what, entries, from);
    this.#isPage(what, entries, { from, limit, lastIndex, next });
    if (commitIndex > lastIndex) witness.complain(`${what}: ${commitIndex} > ${lastIndex}`);
    witness.forward('commitIndex in /log', `${look.node} ${look.life}`, commitIndex);
    // What else shows the log does not show its end.
    witness.show(what, look, entries, level === 'local' ? lastIndex : Number.POSITIVE_INFINITY);
    this.#grows(`lastIndex, ${level}`, look, level, lastIndex);
    const safe = level === 'local' ? commitIndex : lastIndex;
    witness.promise(
      what,
      entries.filter(({ index }: LogEntry) => index <= safe),
    );
    if (level === 'linearizable') witness.proved(what, lastIndex, before);
    this.#last = lastIndex;
    return true;
  }

  /** Only `local` shows what may be given up. */
  #grows(what: string, look: Look, level: string, value: number, part?: Part): void {
    if (look.epoch === null) return;
    if (level === 'local') this.#witness.grow(what, look, value, part);
    else this.#witness.forward(what, `${look.node} ${look.life} ${look.epoch}`, value);
  }

  /** It has what it was asked for, and says rightly where to go on. */
  #isPage(
    what: string,
    entries: readonly LogEntry[],
    { from, limit, lastIndex, next }: Record<'from' | 'limit' | 'lastIndex' | 'next', number>,
  ): void {
    const there = Math.max(0, lastIndex - from + 1);
    const expected = Math.min(limit, there);
    const after = there > limit ? from + limit : null;
    if (entries.length === expected && next === after) return;
    this.#witness.complain(
      `${what}: ${entries.length} from ${from} to ${lastIndex}, limit ${limit}, next ${next}`,
    );
  }

  async #readMessages(): Promise<boolean> {
    const before = this.#witness.current;
    const level = this.#chance.pick(LEVELS);
    const found = await this.#look(`/messages?read=${level}&from=1&limit=10000`);
    if (found === null) return false;
    const { body, look } = found;
    const { messages, lastIndex } = body;
    this.#witness.count(`${level} messages`);
    const what = `${level} /messages of ${look.node}, life ${look.life}, epoch ${look.epoch}`;
    const repeated = messages.find((one: string, i: number) => messages.indexOf(one) !== i);
    if (repeated !== undefined) this.#witness.complain(`${what}: ${repeated} twice`);
    this.#grows(`messages, ${level}`, look, level, messages.length);
    if (level === 'linearizable') this.#witness.proved(what, lastIndex, before);
    return true;
  }

  async #readKeys(): Promise<boolean> {
    const level = this.#chance.pick(LEVELS);
    const prefix = this.#chance.pick(['', 'a/', 'b', 'x']);
    const limit = this.#chance.pick([1, 2, 100]);
    const after = this.#chance.pick([null, ...KEYS]);
    const query = new URLSearchParams({ read: level, prefix, limit: `${limit}` });
    if (after !== null) query.set('after', after);
    const found = await this.#look(`/kv?${query}`);
    if (found === null) return false;
    this.#witness.count(`${level} keys`);
    const { items, next } = found.body;
    const what = `${level} /kv of ${this.#node} (${query}): ${JSON.stringify(found.body)}`;
    const bytes = (text: string): Buffer => Buffer.from(text);
    let before = bytes(after ?? '');
    for (const { key } of items as Item[]) {
      const inOrder = Buffer.compare(bytes(key), before) > 0 && key.startsWith(prefix);
      if (!inOrder) this.#witness.complain(`${what}: ${key} has no place there`);
      before = bytes(key);
    }
    if (items.length > limit) this.#witness.complain(`${what}: more than ${limit}`);
    if (next !== null && (items.length === 0 || next !== items.at(-1).key)) {
      this.#witness.complain(`${what}: it goes on at ${next}`);
    }
    return true;
  }

  async #readKey(): Promise<boolean> {
    const level = this.#chance.pick(LEVELS);
    const key = this.#chance.pick(KEYS);
    const before = this.#witness.acknowledged.length;
    const found = await this.#look(`/kv/${encodeURIComponent(key)}?read=${level}`);
    if (found === null) return false;
    const { body, look } = found;
    this.#witness.count(`${level} key`);
    const index: number = body.index ?? 0;
    if (index > 0) {
      const part = { index, key, value: body.value };
      this.#grows(`index of ${key}, ${level}`, look, level, index, part);
    }
    if (level !== 'linearizable') return true;
    const written = this.#witness.acknowledged
      .slice(0, before)
      .filter(({ operation }) => 'key' in operation && operation.key === key);
    const newest = Math.max(0, ...written.map((one) => one.index));
    // A value that is gone may have been removed by somebody who was not told so.
    if (index > 0 && index < newest) {
      this.#witness.complain(`${key}: linearizable ${index}, written ${newest}`);
    }
    return true;
  }

  async #readOutcome(): Promise<boolean> {
    const { acknowledged } = this.#witness;
    if (acknowledged.length === 0) return false;
    const level = this.#chance.pick(LEVELS);
    const { idempotencyKey, index } = this.#chance.pick(acknowledged);
    const body = await this.#ask(`/outcomes/${idempotencyKey}?read=${level}`);
    if (body === null) return false;
    this.#witness.count(`${level} outcome`);
    const what = `${level} /outcomes of ${this.#node}`;
    if (body.state !== 'stored') {
      if (level === 'linearizable') this.#witness.complain(`${what} forgot ${idempotencyKey}`);
    } else if (body.index !== index) {
      this.#witness.complain(`${what}: ${idempotencyKey} at ${body.index}, not ${index}`);
    }
    return true;
  }
}
