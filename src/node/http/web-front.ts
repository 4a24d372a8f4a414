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
    const { host } = incoming.headers;
    // What the listener would take for invalid, though it is only another spelling.
    if (host !== undefined) incoming.headers.host = plainHost(host);
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

/** A request that cannot even be turned into one: a bad URL or Host. */
function unreadable(error: unknown): Response {
  const known = error instanceof Error && error.name === 'RequestError';
  return toResponse(
    known
      ? invalid([{ path: '', message: 'the URL or the Host of the request is not valid' }])
      : problem('internal-error', 'The request could not be handled.'),
  );
}
