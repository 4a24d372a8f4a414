// Requests that are sent once: reads, and commands to one node or launcher.

import { UnexpectedAnswer, Unreachable } from './errors.ts';
import type { CallOptions, ReadOptions } from './options.ts';
import { ProblemError, problemOf } from './problems.ts';
import { masterIn } from './redirect.ts';
import { deadline } from './wire/deadline.ts';
import type { Departures } from './wire/departures.ts';
import {
  type Call,
  ConnectionFailure,
  isSuccess,
  type Link,
  type Reply,
  retryAfterOf,
} from './wire/link.ts';

/** Redirects in a row that a read follows. */
const HOPS_MAX = 3;

/** How reads and commands wait. */
export interface Patience {
  /** For the head of an answer; undefined: without a limit. */
  readonly answerMs: number | undefined;
  readonly departures: Departures;
}

export class Requests {
  readonly #link: Link;
  readonly #base: string;
  readonly #patience: Patience;

  constructor(link: Link, base: string, patience: Patience) {
    this.#link = link;
    this.#base = base;
    this.#patience = patience;
  }

  /** A JSON object with the field `has`. `isAnswer` recognises one among the bodies of a 404. */
  async read<Answer>(
    path: string,
    has: keyof Answer & string,
    options: ReadOptions,
    search: Call['search'] = {},
    isAnswer: (body: unknown) => boolean = () => false,
  ): Promise<Answer> {
    const call = { method: 'GET', path, search: { ...search, read: options.read } } as const;
    const reply = await this.#follow(call, options);
    if (reply.status === 404 && isAnswer(reply.body)) return reply.body as Answer;
    return answerIn<Answer>(reply, has);
  }

  /** As `read`; null if the refusal has the code `absent`. */
  async readOrNull<Answer>(
    path: string,
    has: keyof Answer & string,
    options: ReadOptions,
    absent: string,
    search?: Call['search'],
  ): Promise<Answer | null> {
    try {
      return await this.read<Answer>(path, has, options, search);
    } catch (error) {
      if (error instanceof ProblemError && error.code === absent) return null;
      throw error;
    }
  }

  /** Whatever a 2xx answer says, be it nothing. */
  async command(call: Call, options: CallOptions): Promise<unknown> {
    return bodyIn(await this.#send(call, options));
  }

  /** A command that is carried out where a 2xx answer says so: with nothing, or in JSON. */
  async order(call: Call, options: CallOptions): Promise<void> {
    const reply = await this.#send(call, options);
    if (typeof bodyIn(reply) !== 'string') return;
    throw new UnexpectedAnswer(reply.url, reply.status, 'neither JSON nor nothing');
  }

  /** As `command`, of a launcher, which may take its time: a node stops, or starts. */
  async control(call: Call, options: CallOptions): Promise<unknown> {
    return bodyIn(await this.#send(call, options, this.#base, null));
  }

  /** Sends a read; one that only the master can serve follows the node's word to it. */
  async #follow(call: Call, options: CallOptions): Promise<Reply> {
    let reply = await this.#send(call, options);
    for (let hops = 0; hops < HOPS_MAX; hops += 1) {
      const master = masterIn(reply);
      if (master === null) break;
      reply = await this.#send(call, options, master);
    }
    return reply;
  }

  async #send(
    call: Call,
    options: CallOptions,
    base: string = this.#base,
    answerMs: number | null = this.#patience.answerMs ?? null,
  ): Promise<Reply> {
    const limit = deadline(answerMs ?? undefined, options.signal, this.#patience.departures);
    try {
      const asked = { ...call, signal: limit.signal };
      const answer = await this.#link.open(base, asked);
      limit.stopClock();
      return await this.#link.whole(base, asked, answer);
    } catch (error) {
      const silent = error instanceof ConnectionFailure || limit.expired();
      throw silent ? new Unreachable(base, error) : error;
    } finally {
      limit.dispose();
    }
  }
}

/** The body of a 2xx answer; throws what the answer is otherwise. */
function bodyIn(reply: Reply): unknown {
  if (!isSuccess(reply.status)) throw refusal(reply);
  return reply.body;
}

/** The JSON object of a 2xx answer; throws what the answer is otherwise. It must have the field
 * `has`: what is not replog's may answer 200 to anything, and that is no success. */
export function answerIn<Answer>(reply: Reply, has: keyof Answer & string): Answer {
  const body = bodyIn(reply);
  if (typeof body !== 'object' || body === null) {
    throw new UnexpectedAnswer(reply.url, reply.status, 'not a JSON object');
  }
  if (!(has in body)) throw new UnexpectedAnswer(reply.url, reply.status, `no "${has}" in it`);
  return body as Answer;
}

/** `answerIn` for a write: who has it, and where it is, must be such. */
export function acknowledgementIn<Answer>(reply: Reply): Answer {
  const body: Readonly<Record<string, unknown>> = answerIn<Record<string, unknown>>(reply, 'acks');
  const { acks, index = body.first, last = index } = body;
  const isOne = [index, last].every((place) => Number.isSafeInteger(place) && Number(place) > 0);
  const byNodes = Array.isArray(acks) && acks.every((node) => typeof node === 'string');
  if (isOne && byNodes) return body as Answer;
  throw new UnexpectedAnswer(reply.url, reply.status, 'no index, or no nodes that have it');
}

function refusal(reply: Reply): Error {
  return (
    problemOf(reply.status, reply.body, retryAfterOf(reply.headers), reply.url) ??
    new UnexpectedAnswer(reply.url, reply.status, 'no problem document')
  );
}
