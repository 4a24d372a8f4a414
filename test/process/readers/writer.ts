// Clients that write, one thing after the other, and keep what was acknowledged by a majority.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import { type Answer, call } from '../program.ts';
import type { Witness } from './witness.ts';

/** Few, so that they are written again and again; in two groups. */
export const KEYS = ['a/1', 'a/2', 'a/é', 'b', 'b/\u{1f600}', 'b/\uff5e', '__proto__'] as const;

const PATIENCE_MS = 1_500;

export class Writer {
  readonly #url: string;
  readonly #name: string;
  readonly #chance: Chance;
  readonly #witness: Witness;
  #count = 0;

  constructor(url: string, name: string, chance: Chance, witness: Witness) {
    this.#url = url;
    this.#name = name;
    this.#chance = chance;
    this.#witness = witness;
  }

  /** Until the signal aborts. Nothing is repeated: what became of it shows in the log. */
  async run(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      this.#count += 1;
      await this.#write(`${this.#name}-${this.#count}`);
      // Some thousand entries would make the reads long, and show no more.
      await sleep(this.#chance.between(1, 30));
    }
  }

  async #write(text: string): Promise<void> {
    const idempotencyKey = `k-${text}`;
    const w = this.#chance.happens(0.2) ? 1 : 'majority';
    const key = this.#chance.pick(KEYS);
    const op = this.#chance.weighted([
      ['append' as const, 5],
      ['put' as const, 4],
      ['remove' as const, 1],
    ]);
    const answer = await this.#send(op, key, text, w, idempotencyKey);
    // Two nodes of three are a majority, also where only one was asked for.
    if (answer === null || answer.status >= 300 || answer.body.acks.length < 2) return;
    const operation =
      op === 'append'
        ? { op, message: text }
        : op === 'put'
          ? { op, key, value: text }
          : { op, key };
    this.#witness.count('acknowledged');
    this.#witness.wrote({ index: answer.body.index, idempotencyKey, operation });
  }

  /** null: no answer. */
  async #send(
    op: 'append' | 'put' | 'remove',
    key: string,
    text: string,
    w: number | string,
    idempotencyKey: string,
  ): Promise<Answer | null> {
    const headers = { 'idempotency-key': idempotencyKey };
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const limits = { w, timeoutMs: 500 };
    const place = `${this.#url}/kv/${encodeURIComponent(key)}`;
    const [method, url, body] =
      op === 'append'
        ? (['POST', `${this.#url}/messages`, { message: text, ...limits }] as const)
        : op === 'put'
          ? (['PUT', place, { value: text, ...limits }] as const)
          : (['DELETE', place, limits] as const);
    return call(method, url, body, headers, signal).catch(() => null);
  }
}
