// One write, from its first try to its end: follows the master, repeats with the same idempotency
// key where that can help, and never says "refused" of a write that may have been stored.
//
// - A copy that may have arrived unanswered leaves the write in doubt. From then on only an answer
//   that would have been the same for the first copy ends it as refused; otherwise OutcomeUnknown.
// - Nothing is sent after the caller's signal has aborted.
// - Tries are bounded by `retryForMs` (and by `timeoutMs`, if given), hops by HOPS_MAX. A copy that
//   was held for longer than that before its connection failed was no vain try.

import { OutcomeUnknown, UnexpectedAnswer, Unreachable } from '../errors.ts';
import { gapAfter, type Pace } from '../pace.ts';
import { type ProblemError, problemOf } from '../problems.ts';
import { masterIn } from '../redirect.ts';
import { acknowledgementIn } from '../requests.ts';
import { type Deadline, deadline } from '../wire/deadline.ts';
import type { Departures } from '../wire/departures.ts';
import {
  type Call,
  ConnectionFailure,
  isSuccess,
  type Reply,
  retryAfterOf,
  WRITE_ANSWER_MAX,
} from '../wire/link.ts';

/** How the copies of a write leave: a Link, or one that lets them travel together. */
export interface Sender {
  /** Throws ConnectionFailure, the abort reason of the call's signal, or, where nothing was taken
   * of what was asked, an error that says so. */
  send(base: string, call: Call): Promise<Reply>;
}

/** Where writes go: the URLs the client was given, and the master it has learned of. */
export interface Route {
  readonly configured: readonly string[];
  /** Which of them is asked while no master is known. */
  turn: number;
  learned: string | null;
  /** Whether a write of this client was answered: then somebody is there, and comes back. */
  answered: boolean;
}

/** What the answers to all writes say: which nodes have it. */
export interface Acknowledged {
  readonly acks: readonly string[];
}

export interface WriteOrder {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** The body, given what is left of `timeoutMs`. */
  readonly json: (timeoutMs: number | undefined) => unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly idempotencyKey: string;
  /** What the caller asked for. */
  readonly timeoutMs?: number | undefined;
  /** What the node keeps to if the caller did not ask; undefined: it waits without a limit. */
  readonly defaultTimeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly departures: Departures;
}

/** Answers come at most 200 ms after the write's own time limit; the rest is for the way. */
const GRACE_MS = 1_000;

/** The longest time limit that a node takes: a day. */
const TIMEOUT_MAX_MS = 86_400_000;

/** Redirects in a row. A chain is one hop long unless the master has just changed. */
const HOPS_MAX = 4;

/** A configured URL where nobody ever answered is given up after this long. */
const NOBODY_THERE_MS = 500;

/** Codes that mean "not now": nothing was decided about the write. */
const NOT_NOW: ReadonlySet<string> = new Set([
  'no-master',
  'not-master',
  'recovering',
  'shutting-down',
]);

/** Codes that mean "it is in the log". */
const STORED: ReadonlySet<string> = new Set(['write-concern-timeout', 'operation-failed']);

/** Statuses that every copy of this request gets, on whatever node, the first one included. */
const FOR_EVERY_COPY: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/** Those that every copy gets at the same URL: each node has its own tokens, hosts and routes. */
const AT_THIS_URL: ReadonlySet<number> = new Set([401, 403, 404, 405, 421]);

/** Of a node that failed within the write, or of what stands before it and has passed it on. */
const FAILED_INSIDE: ReadonlySet<number> = new Set([500, 502, 504]);

/** A code with such a status that an earlier copy need not have got: nodes leave a cluster. */
const BY_SIZE = 'write-concern-unsatisfiable';

export class PendingWrite {
  readonly #link: Sender;
  readonly #route: Route;
  readonly #order: WriteOrder;
  readonly #pace: Pace;
  readonly #startedAt: number;
  readonly #retryForMs: number;
  #giveUpAt: number;
  #tries = 0;
  #hops = 0;
  /** Why the outcome is open; null while no copy can have been stored unheard. */
  #doubt: unknown = null;
  /** Where such copies went. */
  readonly #doubtful: string[] = [];
  #index: number | null = null;

  constructor(link: Sender, route: Route, order: WriteOrder, pace: Pace, retryForMs: number) {
    this.#link = link;
    this.#route = route;
    this.#order = order;
    this.#pace = pace;
    this.#startedAt = pace.now();
    this.#retryForMs = retryForMs;
    this.#giveUpAt = this.#startedAt + Math.min(retryForMs, order.timeoutMs ?? retryForMs);
  }

  /** Resolves with what a 2xx answer says. Throws ProblemError, UnexpectedAnswer, Unreachable,
   * OutcomeUnknown, or, if nothing was sent, the caller's abort reason or why it cannot be. */
  async run<Answer extends Acknowledged>(): Promise<Answer> {
    for (;;) {
      const base = this.#route.learned ?? baseOf(this.#route);
      const limit = deadline(this.#attemptMs(), this.#order.signal, this.#order.departures);
      const sentAt = this.#pace.now();
      try {
        const reply = await this.#sendCopy(base, limit);
        if (isSuccess(reply.status)) return this.#taken<Answer>(reply);
        await this.#onRefusal(base, reply);
      } catch (error) {
        if (!(error instanceof ConnectionFailure)) throw error;
        if (error.sent) this.#wasHeldSince(sentAt);
        await this.#onFailure(error);
      } finally {
        limit.dispose();
      }
    }
  }

  async #sendCopy(base: string, limit: Deadline): Promise<Reply> {
    const { method, path, json, headers: more, idempotencyKey } = this.#order;
    const headers = { 'idempotency-key': idempotencyKey };
    this.#endIfGivenUp();
    this.#tries += 1;
    try {
      const reply = await this.#link.send(base, {
        method,
        path,
        json: json(this.#remainingMs()),
        headers: more === undefined ? headers : { ...more, ...headers },
        signal: limit.signal,
        answerMax: WRITE_ANSWER_MAX,
      });
      this.#route.answered = true;
      return reply;
    } catch (error) {
      if (error instanceof ConnectionFailure) throw error;
      // Aborted, by the caller or by the clock, this copy may have arrived. One of which no request
      // can be made has not.
      throw limit.signal?.aborted ? this.#outcomeUnknown(error) : this.#endOf(error);
    }
  }

  /** A 2xx that is not replog's says nothing of a copy that was not answered before. */
  #taken<Answer extends Acknowledged>(reply: Reply): Answer {
    try {
      return acknowledgementIn<Answer>(reply);
    } catch (error) {
      throw this.#endOf(error);
    }
  }

  #endIfGivenUp(): void {
    const { signal } = this.#order;
    if (signal?.aborted) throw this.#endOf(signal.reason);
  }

  async #onRefusal(base: string, reply: Reply): Promise<void> {
    const retryAfter = retryAfterOf(reply.headers);
    const problem = problemOf(reply.status, reply.body, retryAfter, reply.url);
    const master = masterIn(reply);
    if (master !== null && master !== base && this.#hops < HOPS_MAX) {
      this.#hops += 1;
      this.#route.learned = master;
      return;
    }
    this.#hops = 0;
    if (problem !== null && NOT_NOW.has(problem.code)) {
      this.#route.learned = null;
      // With an index, the write is in the log of a node that can no longer say what becomes of it.
      if (problem.index !== null) this.#keepInDoubt(base, problem, problem.index);
      return this.#pauseOrEnd(problem, (retryAfter ?? 0) * 1_000);
    }
    // Nobody who says this is the master that was learned of, at least not any more.
    if (problem === null || AT_THIS_URL.has(reply.status)) this.#route.learned = null;
    throw this.#verdict(base, reply, problem);
  }

  /** The error for an answer that ends this write. */
  #verdict(base: string, reply: Reply, problem: ProblemError | null): Error {
    if (problem === null) {
      const foreign = new UnexpectedAnswer(reply.url, reply.status, 'no problem document');
      return reply.status >= 500 || this.#doubt !== null ? this.#outcomeUnknown(foreign) : foreign;
    }
    if (STORED.has(problem.code) || this.#meansAllCopies(base, problem)) return problem;
    return this.#doubt !== null || FAILED_INSIDE.has(reply.status)
      ? this.#outcomeUnknown(problem)
      : problem;
  }

  /** Whether the copies that were not answered can have got nothing else. */
  #meansAllCopies(base: string, { code, status }: ProblemError): boolean {
    if (FOR_EVERY_COPY.has(status)) return code !== BY_SIZE;
    return AT_THIS_URL.has(status) && this.#doubtful.every((other) => other === base);
  }

  async #onFailure(failure: ConnectionFailure): Promise<void> {
    if (failure.sent) this.#keepInDoubt(failure.base, failure, this.#index);
    this.#endIfGivenUp();
    this.#route.learned = null;
    this.#hops = 0;
    // Patience is not a failure: the node is there and waits for its replicas, as it was told to.
    if (failure.stillWaiting) return;
    this.#passOver(failure.base);
    const nobodyThere = this.#doubt === null && !this.#route.answered;
    const waitedMs = this.#pace.now() - this.#startedAt;
    const error = new Unreachable(failure.base, failure);
    const all = this.#tries >= this.#route.configured.length;
    if (nobodyThere && all && waitedMs >= NOBODY_THERE_MS) throw error;
    await this.#pauseOrEnd(error, 0);
  }

  /** A node has had the last copy since then, and is gone now. */
  #wasHeldSince(sentAt: number): void {
    const now = this.#pace.now();
    if (this.#order.timeoutMs === undefined && now - sentAt > this.#retryForMs) {
      this.#giveUpAt = now + this.#retryForMs;
    }
  }

  /** Nobody is there: the next one is asked, unless another write has found that out before. */
  #passOver(base: string): void {
    if (base === baseOf(this.#route)) this.#route.turn += 1;
  }

  async #pauseOrEnd(why: Error, atLeastMs: number): Promise<void> {
    const gap = Math.max(gapAfter(this.#tries, this.#pace.random), Math.min(atLeastMs, 2_000));
    if (this.#pace.now() + gap > this.#giveUpAt) throw this.#endOf(why);
    await this.#pace.pause(gap, this.#order.signal);
  }

  #keepInDoubt(base: string, cause: unknown, index: number | null): void {
    this.#doubt = cause;
    if (!this.#doubtful.includes(base)) this.#doubtful.push(base);
    this.#index = index;
  }

  #endOf(why: unknown): unknown {
    return this.#doubt === null ? why : this.#outcomeUnknown(why);
  }

  #outcomeUnknown(cause: unknown): OutcomeUnknown {
    return new OutcomeUnknown(this.#order.idempotencyKey, cause, this.#index);
  }

  #remainingMs(): number | undefined {
    const { timeoutMs } = this.#order;
    if (timeoutMs === undefined || !isTimeLimit(timeoutMs)) return timeoutMs;
    return Math.max(1, Math.ceil(timeoutMs - (this.#pace.now() - this.#startedAt)));
  }

  #attemptMs(): number | undefined {
    const { timeoutMs, defaultTimeoutMs } = this.#order;
    const limit = timeoutMs ?? defaultTimeoutMs;
    if (limit === undefined || !isTimeLimit(limit)) return undefined;
    // A default is the node's for each copy; the caller's own limit is one for all of them.
    const passedMs = timeoutMs === undefined ? 0 : this.#pace.now() - this.#startedAt;
    return Math.max(1, Math.ceil(limit + GRACE_MS - passedMs));
  }
}

/** Who is asked while no master is known. */
function baseOf({ configured, turn }: Route): string {
  return configured[turn % configured.length]!;
}

/** What is none goes to the node as it is and is refused there, not taken for another one. */
function isTimeLimit(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 1 && ms <= TIMEOUT_MAX_MS;
}
