// Turns Node's requests into web requests, and web responses into Node's answers. What does that is
// loaded with the first request that needs it, or when a server has settled: it brings Node's own
// fetch with it, and a start that waits for both takes a tenth longer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { toResponse } from './answer.ts';
import { plainHost } from './guard.ts';
import { invalid, problem } from './problems.ts';

/** Answers a web request; the environment is Node's own objects. */
export type Fetch = (request: Request, env: HttpBindings) => Response | Promise<Response>;
type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown>;

export class WebFront {
  private readonly fetch: Fetch;
  private listener: Listener | null = null;
  private loading: Promise<Listener> | null = null;

  constructor(fetch: Fetch) {
    this.fetch = fetch;
  }

  /** Hands a request over. The listener answers its own errors and never rejects. */
  take(incoming: IncomingMessage, outgoing: ServerResponse): void {
    incoming.headers.host = understood(incoming.headers.host);
    // The server as a whole: no mistake of the client's, and no path at which anything is.
    if (incoming.url === '*') incoming.url = '/*';
    if (this.listener !== null) void this.listener(incoming, outgoing);
    else void this.load().then((listener) => listener(incoming, outgoing));
  }

  /** Loads what is needed. It is a part of the program: where it cannot be loaded, nothing works,
   * and the process ends with the error. */
  load(): Promise<Listener> {
    this.loading ??= import('@hono/node-server').then(({ getRequestListener }) => {
      this.listener = getRequestListener(this.fetch as never, { errorHandler: unreadable });
      return this.listener;
    });
    return this.loading;
  }
}

/** What no node answers for (RFC 2606). */
const NOBODY = 'host.invalid';

/** A Host that the listener can make a URL of: it would take another spelling of one for invalid,
 * and so what is none at all, which is for the guard to refuse as it does everywhere else. */
function understood(host: string | undefined): string {
  const plain = plainHost(host ?? '');
  const url = `http://${plain}`;
  if (!URL.canParse(url)) return NOBODY;
  return new URL(url).hostname === plain.replace(/:\d+$/, '').toLowerCase() ? plain : NOBODY;
}

/** A request that cannot even be turned into one: a bad URL. */
function unreadable(error: unknown): Response {
  const known = error instanceof Error && error.name === 'RequestError';
  return toResponse(
    known
      ? invalid([{ path: '', message: 'the URL of the request is not valid' }])
      : problem('internal-error', 'The request could not be handled.'),
  );
}
