// Sends the requests of a step, so many at a time, and keeps the answers: at hand, or to be awaited
// by name later.

import { ConnectionFailure } from '../client/wire/link.ts';
import type { WriteConcern } from '../core/effects.ts';
import type { Answer } from './answer.ts';
import type { HistoryKeeper } from './history-keeper.ts';
import { clientsOf, type Request, requestOf } from './requests.ts';
import { masterOf, type Stage } from './stage.ts';
import type { RequestStep } from './step.ts';

/** Answers that were asked for. */
export interface Waiting {
  /** Rejects with the reason of the signal. */
  readonly answers: Promise<readonly Answer[]>;
  /** How many have come. */
  readonly came: () => number;
  /** The last one that came; null while none has. */
  readonly latest: () => Answer | null;
  readonly of: number;
}

export class Requester {
  readonly #stage: Stage;
  readonly #history: HistoryKeeper;
  readonly #signal: AbortSignal;
  readonly #messageW: WriteConcern;

  /** `messageW`: default write concern of the nodes. */
  constructor(stage: Stage, history: HistoryKeeper, signal: AbortSignal, messageW: WriteConcern) {
    this.#stage = stage;
    this.#history = history;
    this.#signal = signal;
    this.#messageW = messageW;
  }

  /** Sends all requests of a step. */
  send(step: RequestStep): Waiting {
    const { times = 1 } = step;
    const clients = clientsOf(step);
    const node = step.at ?? masterOf(this.#stage);
    const answers: Answer[] = [];
    let latest: Answer | null = null;
    let next = 1;
    const client = async (): Promise<void> => {
      const name = this.#history.newClient();
      while (next <= times) {
        const n = next;
        next += 1;
        const request = requestOf(step, n, this.#messageW);
        latest = await this.#exchange(name, nodeOf(node, this.#stage), request);
        answers.push(latest);
      }
    };
    const all = Promise.all(Array.from({ length: Math.min(clients, times) }, client));
    const done = all.then(() => answers);
    // Whoever never awaits them learns nothing from their failure.
    done.catch(() => undefined);
    return { answers: done, came: () => answers.length, latest: () => latest, of: times };
  }

  async #exchange(client: string, node: string, { call, write }: Request): Promise<Answer> {
    const began = this.#stage.now();
    let answer: Answer | null = null;
    try {
      answer = await this.#answer(node, call, began);
      return answer;
    } finally {
      if (write !== null) this.#history.write(client, node, write, began, answer);
    }
  }

  async #answer(node: string, call: Request['call'], began: number): Promise<Answer> {
    const took = (): number => this.#stage.now() - began;
    try {
      const reply = await this.#stage.call(node, { ...call, signal: this.#signal });
      const body = typeof reply.body === 'object' && reply.body !== null ? reply.body : {};
      return { status: reply.status, body: body as Answer['body'], tookMs: took(), sent: true };
    } catch (error) {
      if (!(error instanceof ConnectionFailure)) throw error;
      return { status: 0, body: {}, tookMs: took(), sent: error.sent };
    }
  }
}

function nodeOf(name: string, stage: Stage): string {
  return name === 'master' ? masterOf(stage) : name;
}
