// Concurrent appends of one client travel together. The rule: nothing waits for company. An append
// goes at once while a request may begin; what is asked for meanwhile goes together with the next
// one, and each keeps its own write concern, time limit, key and answer.
//
// A request stops counting as under way when the first of its answers comes, or after
// `PATIENCE_MS`: appends that wait for a missing node hold up no others.

import { UnexpectedAnswer } from '../errors.ts';
import type { Departures } from '../wire/departures.ts';
import { lines } from '../wire/lines.ts';
import {
  type Call,
  ConnectionFailure,
  isSuccess,
  type Link,
  type Reply,
  WRITE_ANSWER_MAX,
} from '../wire/link.ts';
import type { Answer } from '../wire/wire.ts';

/** Appends in one request, and characters of their messages: far below what a node takes. */
const APPENDS_MAX = 1_000;
const CHARACTERS_MAX = 1 << 20;

/** Requests whose first answer has not come. With two, one is at the node while another is made. */
const FRESH_MAX = 2;
const PATIENCE_MS = 10;

/** Requests with open answers: each takes a connection. */
const OPEN_MAX = 256;

const GATHERED: Call = {
  method: 'POST',
  path: '/messages/gathered',
  answerMax: WRITE_ANSWER_MAX,
};

/** Answers to a gathered request as a whole that say nothing about its parts: each goes alone. */
const APART: ReadonlySet<number> = new Set([400, 404, 405, 413]);

/** The body of an append, as `POST /messages` takes it. */
interface AppendBody {
  readonly message: string;
  readonly w?: unknown;
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly call: Call;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
  /** Called once, when its caller has an answer (true) or has gone (false). */
  onSettled: (answered: boolean) => void;
  /** The caller's signal is of no interest any more. */
  forget: () => void;
  sent: boolean;
  settled: boolean;
}

interface Line {
  readonly n: number;
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

/** The appends to one node. */
export class Gathering {
  readonly #link: Link;
  readonly #base: string;
  readonly #departures: Departures;
  #waiting: Waiting[] = [];
  #fresh = 0;
  #open = 0;
  #scheduled = false;

  constructor(link: Link, base: string, departures: Departures) {
    this.#link = link;
    this.#base = base;
    this.#departures = departures;
  }

  /** Nothing is gathered here: whoever keeps these may forget it. */
  get idle(): boolean {
    return this.#open === 0 && this.#waiting.length === 0;
  }

  /** As `Link.send` for `POST /messages`. */
  send(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        call,
        resolve,
        reject,
        onSettled: () => {},
        forget: () => {},
        sent: false,
        settled: false,
      };
      const { signal } = call;
      const gone = (): void => {
        const { reason } = signal!;
        const error = waiting.sent ? reason : new ConnectionFailure(this.#base, reason, false);
        if (settle(waiting, false)) reject(error);
      };
      if (signal !== undefined) waiting.forget = this.#departures.on(signal, gone);
      this.#waiting.push(waiting);
      this.#schedule();
    });
  }

  /** What is asked for in one turn of the event loop leaves in one request: the next appends of
   * callers whose answers came together are asked for one after the other, in many small steps. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#begin();
    });
  }

  #begin(): void {
    while (this.#waiting.length > 0 && this.#fresh < FRESH_MAX && this.#open < OPEN_MAX) {
      const together = this.#take();
      if (together.length > 0) this.#go(together);
    }
  }

  /** The oldest ones, as many as fit, without those whose callers have gone. */
  #take(): Waiting[] {
    const together: Waiting[] = [];
    let characters = 0;
    let taken = 0;
    for (const waiting of this.#waiting) {
      const more = characters + (waiting.call.json as AppendBody).message.length;
      if (together.length > 0 && more > CHARACTERS_MAX) break;
      if (together.length === APPENDS_MAX) break;
      taken += 1;
      if (waiting.settled) continue;
      characters = more;
      waiting.sent = true;
      together.push(waiting);
    }
    this.#waiting = this.#waiting.slice(taken);
    return together;
  }

  #go(together: readonly Waiting[]): void {
    this.#fresh += 1;
    this.#open += 1;
    let fresh = true;
    const stale = (): void => {
      if (!fresh) return;
      fresh = false;
      clearTimeout(patience);
      this.#fresh -= 1;
      this.#schedule();
    };
    const patience = setTimeout(stale, PATIENCE_MS);
    const only = together.length === 1 ? together[0]! : null;
    const going = only === null ? this.#together(together, stale) : this.#alone(only);
    void going.finally(() => {
      this.#open -= 1;
      stale();
      this.#schedule();
    });
  }

  async #alone(waiting: Waiting): Promise<void> {
    try {
      const reply = await this.#link.send(this.#base, waiting.call);
      if (settle(waiting)) waiting.resolve(reply);
    } catch (error) {
      if (settle(waiting)) waiting.reject(error);
    }
  }

  async #together(together: readonly Waiting[], answered: () => void): Promise<void> {
    try {
      const response = await this.#link.open(this.#base, gathered(together));
      if (APART.has(response.status)) {
        // Read to its end, so that its connection can be used again.
        await this.#link.whole(this.#base, GATHERED, response);
        answered();
        await Promise.all(together.map((waiting) => this.#alone(waiting)));
      } else if (hasLines(response)) {
        await this.#distribute(response.body, together, answered);
        this.#fail(together, new Error('the answer ended too early'));
      } else {
        const reply = await this.#link.whole(this.#base, GATHERED, response);
        if (isSuccess(reply.status)) throw new UnexpectedAnswer(reply.url, reply.status, NO_LINES);
        for (const waiting of together) if (settle(waiting)) waiting.resolve(reply);
      }
    } catch (error) {
      this.#fail(together, error);
    }
  }

  async #distribute(
    body: AsyncIterable<Uint8Array>,
    together: readonly Waiting[],
    answered: () => void,
  ): Promise<void> {
    const url = `${this.#base}/messages`;
    for await (const texts of lines(body)) {
      for (const text of texts) {
        const { n, status, headers, body: answer } = lineIn(text);
        const waiting = together[n];
        if (waiting === undefined) continue;
        answered();
        const reply = { url, status, headers: headersIn(headers), body: answer };
        if (settle(waiting)) waiting.resolve(reply);
      }
    }
  }

  /** Those without an answer may have arrived, unless the failure says that nothing did, or that it
   * is no node that has answered. */
  #fail(together: readonly Waiting[], error: unknown): void {
    const isKnown = error instanceof ConnectionFailure || error instanceof UnexpectedAnswer;
    const failure = isKnown ? error : new ConnectionFailure(this.#base, error, true);
    for (const waiting of together) if (settle(waiting)) waiting.reject(failure);
  }
}

/** One request for many appends. When nobody waits for an answer any more, and somebody has gone
 * without one, so does the request: the node then waits for none of them any more. */
function gathered(together: readonly Waiting[]): Call {
  const controller = new AbortController();
  let left = together.length;
  let gone = false;
  const onSettled = (answered: boolean): void => {
    left -= 1;
    gone ||= !answered;
    // If all are answered the request ends by itself, and its connection can be used again.
    if (left === 0 && gone) controller.abort();
  };
  const appends = together.map((waiting) => {
    waiting.onSettled = onSettled;
    const { json, headers } = waiting.call;
    const { message, w, timeoutMs } = json as AppendBody;
    return { message, w, timeoutMs, idempotencyKey: headers?.['idempotency-key'] };
  });
  return { ...GATHERED, json: { appends }, signal: controller.signal };
}

const LINES = 'application/x-ndjson';
const NO_LINES = 'no lines, one for each append';

/** Whether these can be the lines in which a node tells what becomes of each: what is not replog's
 * may answer 200 to anything. */
function hasLines(answer: Answer): answer is Answer & { readonly body: AsyncIterable<Uint8Array> } {
  const type = answer.headers.get('content-type') ?? LINES;
  return answer.status === 200 && answer.body !== null && type.startsWith(LINES);
}

/** Throws if a line is none that a node writes. */
function lineIn(text: string): Line {
  const line = JSON.parse(text) as Partial<Line> | null;
  const { n, status, headers = {} } = line ?? {};
  const whole = Number.isSafeInteger(n) && Number.isSafeInteger(status);
  if (!whole || headers === null) throw new Error(`the answer has a line that is none: ${text}`);
  return line as Line;
}

const NO_HEADERS: Reply['headers'] = { get: () => null };

function headersIn(named: Line['headers']): Reply['headers'] {
  return named === undefined ? NO_HEADERS : { get: (name) => named[name] ?? null };
}

/** Each append is answered once, by whatever comes first; returns whether this is it. */
function settle(waiting: Waiting, answered = true): boolean {
  if (waiting.settled) return false;
  waiting.settled = true;
  waiting.forget();
  waiting.onSettled(answered);
  return true;
}
