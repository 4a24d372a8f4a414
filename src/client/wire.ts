// How requests leave a client, below what it makes of the answers: by Node's own HTTP client
// (`node-wire.ts`), or, with a fetch of the program's own, by ky (`ky-wire.ts`).

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
 * redirects, no time limit. Rejects with whatever went wrong. When the signal aborts, the request
 * or the rest of its answer fails. */
export type Wire = (url: string, request: WireRequest) => Promise<Answer>;

/** Code of the error when no connection came about in time. */
export const CONNECT_TIMEOUT = 'ERR_CONNECT_TIMEOUT';
