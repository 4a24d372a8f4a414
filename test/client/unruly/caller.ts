// A program that uses the client in every way at once, and keeps what came of it.

import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Chance } from '../../../src/chaos/chance.ts';
import {
  type LogEntry,
  ProblemError,
  type ReplogClient,
  UnexpectedAnswer,
  Unreachable,
  type WriteOptions,
} from '../../../src/client/client.ts';
import type { Operation, TrueLog } from './true-log.ts';
import type { Outcome, Written } from './written.ts';

/** What a client adds to the time limit of a write, for the way there and back. */
const GRACE_MS = 1_000;

/** For a machine that is busy with other things. */
const ALLOWANCE_MS = 400;

const HOPELESS_MS = 5_000;

export interface Findings {
  readonly written: Written[];
  readonly wrong: string[];
  /** How often something happened, by its name: a run in which nothing happens shows nothing. */
  readonly seen: Map<string, number>;
  /** For so long the event loop was held up, all in all, in milliseconds. */
  lagMs: number;
}

interface Leave {
  readonly signal: AbortSignal;
  /** After so many milliseconds. */
  readonly ms: number;
}

export class Caller {
  readonly #client: ReplogClient;
  readonly #name: string;
  readonly #log: TrueLog;
  readonly #chance: Chance;
  readonly #findings: Findings;
  #count = 0;

  constructor(
    client: ReplogClient,
    name: string,
    log: TrueLog,
    chance: Chance,
    findings: Findings,
  ) {
    this.#client = client;
    this.#name = name;
    this.#log = log;
    this.#chance = chance;
    this.#findings = findings;
  }

  /** Asks for one thing, or many at once, and waits for all of it. */
  step(): Promise<unknown> {
    const chance = this.#chance;
    return chance.weighted<() => Promise<unknown>>([
      [() => this.#append(this.#leave()), 4],
      [() => this.#burst(), 5],
      [() => this.#batch(), 2],
      [() => this.#put(), 3],
      [() => this.#remove(), 1],
      [() => this.#read(), 5],
      [() => this.#follow(), 2],
    ])();
  }

  /** A signal that aborts soon, or late; never not at all. */
  #leave(): Leave {
    const controller = new AbortController();
    const chance = this.#chance;
    const ms = chance.happens(0.2) ? chance.between(0, 30) : chance.between(100, 1_500);
    const abort = () => controller.abort(new Error('changed my mind'));
    if (chance.happens(0.02)) abort();
    setTimeout(abort, ms);
    return { signal: controller.signal, ms };
  }

  #unique(): string {
    this.#count += 1;
    const text = `${this.#name}-${this.#count}`;
    if (this.#chance.happens(0.1)) return `${text} \u{1f600}\n"ü"`;
    return this.#chance.happens(0.02) ? text + 'x'.repeat(300_000) : text;
  }

  #burst(): Promise<unknown> {
    const leave = this.#leave();
    const many = Array.from({ length: this.#chance.between(2, 25) });
    return Promise.all(
      many.map(() => this.#append(this.#chance.happens(0.7) ? leave : this.#leave())),
    );
  }

  #append(leave: Leave): Promise<void> {
    const message = this.#unique();
    const receipt = this.#chance.happens(0.05) ? { receipt: true } : {};
    return this.#write([{ op: 'append', message }], leave, (options) =>
      this.#client.append(message, { ...options, ...receipt }),
    );
  }

  #batch(): Promise<void> {
    const messages = Array.from({ length: this.#chance.between(1, 5) }, () => this.#unique());
    const operations = messages.map((message): Operation => ({ op: 'append', message }));
    return this.#write(operations, this.#leave(), (options) =>
      this.#client.appendBatch(messages, options),
    );
  }

  #put(): Promise<void> {
    const [key, value] = [this.#key(), this.#unique()];
    return this.#write([{ op: 'put', key, value }], this.#leave(), (options) =>
      this.#client.put(key, value, options),
    );
  }

  #remove(): Promise<void> {
    const key = this.#key();
    return this.#write([{ op: 'remove', key }], this.#leave(), (options) =>
      this.#client.remove(key, options),
    );
  }

  #key = (): string => this.#chance.pick(['a', 'a/ü b', '__proto__', '\u{1f600}']);

  async #write(
    operations: readonly Operation[],
    { signal, ms }: Leave,
    ask: (options: WriteOptions) => Promise<unknown>,
  ): Promise<void> {
    this.#count += 1;
    const idempotencyKey = `${this.#name}:${this.#count}`;
    const timeoutMs = this.#chance.pick([undefined, undefined, 1, 2, 5, 20, 100, 500]);
    const limitMs = Math.min(ms, timeoutMs === undefined ? ms : timeoutMs + GRACE_MS);
    const outcome = await this.#inTime(
      `${operations[0]!.op} ${idempotencyKey} (timeoutMs ${timeoutMs}, signal after ${ms} ms)`,
      limitMs,
      ask({ signal, timeoutMs, idempotencyKey }),
    );
    const settledAt = performance.now();
    this.#findings.written.push({ idempotencyKey, operations, signal, outcome, settledAt });
  }

  async #inTime(what: string, limitMs: number, asked: Promise<unknown>): Promise<Outcome> {
    const { wrong, seen } = this.#findings;
    const startedAt = performance.now();
    const { lagMs } = this.#findings;
    const given = new AbortController();
    const outcome = await Promise.race([
      asked.then(
        (value): Outcome => ({ kind: 'answer', value }),
        (error: unknown): Outcome => ({ kind: 'error', error }),
      ),
      // Whatever takes so long is never over, and is told below.
      sleep(limitMs + HOPELESS_MS, null, given).then(
        (): Outcome => ({ kind: 'error', error: new Error('never over') }),
        (): Outcome => ({ kind: 'error', error: null }),
      ),
    ]);
    given.abort();
    const tookMs = performance.now() - startedAt;
    if (tookMs > limitMs + ALLOWANCE_MS + 2 * (this.#findings.lagMs - lagMs)) {
      wrong.push(`${what} took ${Math.round(tookMs)} ms, and had ${limitMs}`);
    }
    const name = outcome.kind === 'answer' ? 'answer' : nameOf(outcome.error);
    const kind = `${what.split(' ')[0]}: ${name}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
    return outcome;
  }

  async #read(): Promise<void> {
    const { signal, ms } = this.#leave();
    const client = this.#client;
    const from = this.#chance.between(1, this.#log.entries.length + 1);
    const [what, ask, isTrue] = this.#chance.pick<
      readonly [string, () => Promise<unknown>, (value: never) => boolean]
    >([
      ['log', () => client.log({ from, limit: 5, signal }), this.#isPage],
      ['list', () => client.list({ from, limit: 5, signal }), this.#areMessages],
      ['get', () => client.get(this.#key(), { signal }), this.#isValue],
      ['outcome', () => client.outcome(`${this.#name}:1`, { signal }), this.#isOutcome],
    ]);
    const outcome = await this.#inTime(`${what} after ${ms}`, ms, ask());
    const { wrong } = this.#findings;
    if (outcome.kind === 'answer') {
      if (isTrue(outcome.value as never)) return;
      wrong.push(`${what} shows what is not there: ${JSON.stringify(outcome.value)}`);
    } else if (!isKnown(outcome.error, signal)) {
      wrong.push(`${what} ends with ${String(outcome.error)}`);
    }
  }

  readonly #isPage = ({ entries }: { entries: readonly LogEntry[] }): boolean =>
    entries.every((entry) => isDeepStrictEqual(entry, this.#log.entries[entry.index - 1]));

  readonly #areMessages = ({ messages }: { messages: readonly string[] }): boolean =>
    messages.every((message) =>
      this.#log.entries.some((entry) => entry.op === 'append' && entry.message === message),
    );

  readonly #isValue = (found: { key: string; value: string | null; index?: number }): boolean => {
    if (found.value === null) return true;
    const entry = this.#log.entries[found.index! - 1];
    return entry?.op === 'put' && entry.key === found.key && entry.value === found.value;
  };

  readonly #isOutcome = (outcome: { index: number } | null): boolean =>
    outcome === null || this.#log.placeOf(`${this.#name}:1`)?.first === outcome.index;

  /** Whoever follows sees each entry once and in order, and nothing more after he has left. */
  async #follow(): Promise<void> {
    const { signal, ms } = this.#leave();
    const from = this.#chance.between(1, this.#log.entries.length + 1);
    const slow = this.#chance.happens(0.3);
    const { wrong } = this.#findings;
    const follow = async (): Promise<void> => {
      let next = from;
      for await (const entry of this.#client.follow({ from, signal })) {
        if (!isDeepStrictEqual(entry, this.#log.entries[next - 1])) {
          wrong.push(`follow shows ${JSON.stringify(entry)} in place of entry ${next}`);
        }
        if (signal.aborted) wrong.push('follow goes on after its signal');
        next += 1;
        if (slow) await sleep(this.#chance.between(0, 20));
      }
      if (!signal.aborted) wrong.push('follow ends by itself');
    };
    const outcome = await this.#inTime(`follow from ${from}, left after ${ms}`, ms, follow());
    if (outcome.kind === 'error' && (signal.aborted || !isKnown(outcome.error, signal))) {
      wrong.push(`follow ends with ${nameOf(outcome.error)} ${String(outcome.error)}`);
    }
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : String(error));

function isKnown(error: unknown, signal: AbortSignal): boolean {
  if (error instanceof UnexpectedAnswer) return Number.isInteger(error.status);
  const known = error instanceof ProblemError || error instanceof Unreachable;
  return known || (signal.aborted && error === signal.reason);
}
