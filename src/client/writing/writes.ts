// Requests that are sent until it is known what came of them: writes. The rule: all copies of one
// have the same idempotency key, and each write begins where those before it have found the master.

import type { WriteOptions } from '../options.ts';
import type { Pace } from '../pace.ts';
import type { Departures } from '../wire/departures.ts';
import { idempotencyKey } from './idempotency-key.ts';
import {
  type Acknowledged,
  PendingWrite,
  type Route,
  type Sender,
  type WriteOrder,
} from './pending-write.ts';

/** How writes are sent. */
export interface Sending {
  readonly sender: Sender;
  readonly departures: Departures;
  readonly pace: Pace;
  /** See ClientOptions. */
  readonly retryForMs: number;
  readonly newKey: () => string;
}

export class Writes {
  readonly #route: Route;
  readonly #how: Sending;

  /** `bases`: at least one. */
  constructor(bases: readonly string[], how: Sending) {
    this.#route = { configured: bases, turn: 0, learned: null, answered: false };
    this.#how = how;
  }

  /** Resolves with what a 2xx answer says. Throws what PendingWrite does, and
   * InvalidIdempotencyKey. */
  async run<Answer extends Acknowledged>(
    options: WriteOptions,
    order: Omit<WriteOrder, 'idempotencyKey' | 'departures'>,
  ): Promise<Answer> {
    const { departures, newKey, pace, retryForMs, sender } = this.#how;
    const { timeoutMs, signal } = options;
    // One literal: a spread costs more than all that is done with it.
    const full = {
      method: order.method,
      path: order.path,
      json: order.json,
      headers: order.headers,
      defaultTimeoutMs: order.defaultTimeoutMs,
      departures,
      idempotencyKey: idempotencyKey(options.idempotencyKey ?? newKey()),
      timeoutMs,
      signal,
    };
    return new PendingWrite(sender, this.#route, full, pace, retryForMs).run<Answer>();
  }
}
