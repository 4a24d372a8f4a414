// How requests leave a client, below what it makes of the answers: by Node's own HTTP client
// (`node-wire.ts`), or, with a fetch of the program's own, by ky (`ky-wire.ts`).

import { reasonOf } from '../errors.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface WireRequest {
  readonly method: Method;
  /** Names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Headers of an answer; what `Headers` of the web is, too. */
export interface AnswerHeaders {
  /** null: there is none of this name. */
  get(name: string): string | null;
}

/** The head of an answer, and its body as it comes; what a `Response` of the web is, too. */
export interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: AsyncIterable<Uint8Array> | null;
  /** The whole body. */
  text(): Promise<string>;
}

/** Sends one request; resolves with the head of its answer, whatever its status. No retries, no
 * redirects, no time limit. Rejects with WireFailure, and so does the body of the answer where it
 * breaks off; with another error if the request cannot be made at all. When the signal aborts, the
 * request or the rest of its answer fails. */
export type Wire = (url: string, request: WireRequest) => Promise<Answer>;

/** No whole answer came. What HTTP clients say of that, each in its own way, is the cause. */
export class WireFailure extends Error {
  override readonly name = 'WireFailure';
  /** False: certainly nothing arrived at the other side. */
  readonly sent: boolean;
  /** The other side holds the request, alive and silent, for longer than this client waits. */
  readonly stillWaiting: boolean;

  constructor(cause: unknown, sent: boolean, stillWaiting: boolean = false) {
    super(reasonOf(cause), { cause });
    this.sent = sent;
    this.stillWaiting = stillWaiting;
  }
}

/** A body that fails with WireFailure. */
export async function* chunksOf(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    yield* body;
  } catch (error) {
    brokenOff(error);
  }
}

/** Throws what the failure of a body is: its request has arrived. */
export function brokenOff(error: unknown): never {
  throw new WireFailure(error, true);
}

/** Failures of a connection that was never made, in Node's words. Anything else may have happened
 * too late. */
const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);

/** Whether these are the codes of a connection that was never made. `own`: the client's own word
 * for that. */
export function neverSent(codes: readonly string[], own?: string): boolean {
  return codes.length > 0 && codes.every((code) => NEVER_SENT.has(code) || code === own);
}

/** The codes of an error; those of the tries that it stands for, or of its cause. */
export function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? [code] : codesOf(error.cause);
}
