// One connection to a peer. Adds to undici's Client the one thing it does not tell: whether a
// request failed because an idle connection, kept from an earlier request, had been closed by the
// peer in the same moment (B58). Such a failure says nothing about the peer.

import type { Dispatcher } from 'undici';
import Client from 'undici/lib/dispatcher/client.js';

/** A kept connection turned out to be closed before a byte of the answer came. */
export class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
  readonly retriable = true;
}

/** What the system or undici calls a connection that ended. Time limits are not among them. */
const CLOSED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** A connection to `origin`, for a Pool. */
export function peerClient(origin: URL, options: Client.Options): Dispatcher {
  const client = new Client(origin, options);
  /** Answers since the connection was opened. */
  let answers = 0;
  client.on('connect', () => {
    answers = 0;
  });
  return client.compose((dispatch) => (request, handler) => {
    let reused = false;
    let answered = false;
    return dispatch(request, {
      onRequestStart: (controller, context) => {
        reused = answers > 0;
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => {
        answered = true;
        handler.onResponseStart?.(...args);
      },
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => {
        answers += 1;
        handler.onResponseEnd?.(...args);
      },
      onResponseError: (controller, error) => {
        const stale = reused && !answered && CLOSED.has(codeOf(error));
        const cause = stale
          ? new StaleConnection('kept connection closed', { cause: error })
          : error;
        handler.onResponseError?.(controller, cause);
      },
    });
  });
}
