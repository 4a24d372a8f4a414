// One HTTP request, one answer: no hidden retries, no hidden redirects, no time limit. The rule: a
// request that fails says whether the other side may have got it.

import { InvalidToken, reasonOf } from '../errors.ts';
import type { ClientOptions } from '../options.ts';
import { boundedText } from './bounded-text.ts';
import { type Answer, type AnswerHeaders, type Method, type Wire, WireFailure } from './wire.ts';

export interface Call {
  readonly method: Method;
  /** Starts with "/"; its parts are already URL-encoded. */
  readonly path: string;
  readonly search?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON unless undefined. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** How many bytes its whole answer may have; absent: any. */
  readonly answerMax?: number;
}

export interface Reply {
  readonly url: string;
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Parsed if it is JSON, text otherwise, undefined if there is none. */
  readonly body: unknown;
}

/** No whole answer came back. */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';
  /** Base URL of the node that was asked. */
  readonly base: string;
  /** False: certainly nothing arrived there. */
  readonly sent: boolean;
  /** The other side holds the request, alive and silent, for longer than the client waits. */
  readonly stillWaiting: boolean;

  constructor(base: string, cause: unknown, sent: boolean) {
    super(reasonOf(cause), { cause });
    this.base = base;
    this.sent = sent;
    this.stillWaiting = cause instanceof WireFailure && cause.stillWaiting;
  }
}

/** Bytes of an answer to a write: far above what a node says to one, also of the mistakes in a
 * batch of 10,000. */
export const WRITE_ANSWER_MAX: number = 4 << 20;

/** As nodes compare it: what else stands in a header is not a part of it. */
const TOKEN = /^[\x21-\x7e]*$/;

export class Link {
  readonly #wire: Wire;
  readonly #token: ClientOptions['token'];

  /** `token` goes with every request. Throws InvalidToken. */
  constructor(wire: Wire, token?: ClientOptions['token']) {
    if (typeof token === 'string') refuseUnsendable(token);
    this.#wire = wire;
    this.#token = token;
  }

  /** Sends the request and resolves with the head of the answer. Throws ConnectionFailure, the
   * abort reason of the call's signal, or, of a request that cannot be made, what says why. */
  async open(base: string, { json, signal, ...call }: Call): Promise<Answer> {
    signal?.throwIfAborted();
    const body = json === undefined ? undefined : JSON.stringify(json);
    const type: Record<string, string> =
      body === undefined ? {} : { 'content-type': 'application/json' };
    const headers = { ...this.#authorization(), ...type, ...call.headers };
    try {
      return await this.#wire(urlOf(base, call), { method: call.method, headers, body, signal });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof WireFailure) throw new ConnectionFailure(base, error, error.sent);
      throw error;
    }
  }

  /** As `open`, and reads the whole answer. */
  async send(base: string, call: Call): Promise<Reply> {
    return this.whole(base, call, await this.open(base, call));
  }

  #authorization(): Readonly<Record<string, string>> {
    const token = typeof this.#token === 'function' ? this.#token() : this.#token;
    if (token === undefined) return {};
    refuseUnsendable(token);
    return { authorization: `Bearer ${token}` };
  }

  /** The answer as a whole, once its head is there. One that is too long is none. */
  async whole(base: string, call: Call, response: Answer): Promise<Reply> {
    let text: string;
    try {
      text = await textOf(response, call.answerMax);
    } catch (error) {
      call.signal?.throwIfAborted();
      throw new ConnectionFailure(base, error, true);
    }
    const { status, headers } = response;
    return { url: urlOf(base, call), status, headers, body: parse(text, headers) };
  }
}

function refuseUnsendable(token: string): void {
  if (!TOKEN.test(token)) throw new InvalidToken();
}

/** Whether what was asked for was done (2xx). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Seconds of a Retry-After header; null without one that says seconds. */
export function retryAfterOf(headers: AnswerHeaders): number | null {
  const value = headers.get('retry-after');
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : null;
}

function urlOf(base: string, call: Pick<Call, 'path' | 'search'>): string {
  if (call.search === undefined) return base + call.path;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(call.search)) {
    if (value !== undefined) search.set(name, String(value));
  }
  return `${base}${call.path}${search.size === 0 ? '' : `?${search}`}`;
}

function textOf(response: Answer, bytesMax?: number): Promise<string> {
  const { body } = response;
  return bytesMax === undefined || body === null ? response.text() : boundedText(body, bytesMax);
}

function parse(text: string, headers: AnswerHeaders): unknown {
  if (text === '') return undefined;
  if (!/[/+]json\b/.test(headers.get('content-type') ?? '')) return text;
  try {
    return JSON.parse(text);
  } catch {
    // The caller sees that a string is no answer of replog's, and says what came instead.
    return text;
  }
}
