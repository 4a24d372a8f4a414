// Routes that need no web Request and Response around them: the ones on the append path. Making
// both costs a request more than everything that replog itself does for it, so these are handled
// with Node's own objects; what they do is the same code, and so is every answer.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';
import type { BodyRoom } from './body-room.ts';
import type { Call } from './call.ts';
import { credentialsOf } from './credentials.ts';
import type { Guard } from './guard.ts';
import type { Route } from './route.ts';

/** Takes a request if it is for one of these routes; returns whether it has. */
export type Direct = (incoming: IncomingMessage, outgoing: ServerResponse) => boolean;

/** `failed` makes an answer of what a handler throws; null: nobody is there to read one. */
export function directly(
  routes: readonly Route[],
  guard: Guard,
  failed: (error: unknown, path: string) => Answer | null,
  bodies: BodyRoom,
): Direct {
  const taken = routes.filter(({ direct }) => direct === true);
  const table = new Map(taken.map((route) => [keyOf(route), route]));
  const open = taken.flatMap((route) => {
    const prefix = keyOf(route).split(':', 1)[0]!;
    return prefix === keyOf(route) ? [] : [{ prefix, route }];
  });
  const routeOf = ({ method, url = '' }: IncomingMessage): Route | undefined => {
    const name = `${method} ${url}`;
    return table.get(name) ?? below(open, name, url);
  };

  const serve = async (route: Route, incoming: IncomingMessage, outgoing: ServerResponse) => {
    try {
      const refused = guard(credentialsOf(incoming), route.access);
      deliver(
        outgoing,
        refused ?? ((await route.handle(callOf(incoming, outgoing, bodies))) as Answer),
      );
    } catch (error) {
      // An answer that HTTP does not take is a mistake of this node's, and no reason to end it.
      deliver(outgoing, failed(error, route.path));
    }
  };

  return (incoming, outgoing) => {
    const route = routeOf(incoming);
    if (route === undefined) return false;
    void serve(route, incoming, outgoing);
    return true;
  };
}

/** The request as these handlers see it: all that they look at is the environment and the URL. */
function callOf(incoming: IncomingMessage, outgoing: ServerResponse, bodies: BodyRoom): Call {
  const req = { url: `http://${incoming.headers.host}${incoming.url}` };
  return { env: { incoming, outgoing, direct: outgoing, bodies }, req } as unknown as Call;
}

/** Routes by what their paths begin with; behind it stands one parameter, which is not empty. */
type Open = readonly { readonly prefix: string; readonly route: Route }[];

function below(open: Open, name: string, url: string): Route | undefined {
  const found = open.find(({ prefix }) => name.startsWith(prefix) && name.length > prefix.length);
  return found !== undefined && isPlain(url) ? found.route : undefined;
}

/** Nothing but a path, which a URL keeps as it is: no query, nothing to be encoded, and no dots
 * between slashes, however they are written. */
const PATH = /^\/[\w~!$&'()*+,;=:@%./-]*$/;
const DOTS = /\/(?:\.|%2e)/i;

const isPlain = (url: string): boolean => PATH.test(url) && !DOTS.test(url);

const keyOf = ({ method, path }: Route): string => `${method} ${path}`;

/** null: nobody is there to read one. */
function deliver(outgoing: ServerResponse, answer: Answer | null): void {
  if (answer === null) outgoing.destroy();
  else if (!outgoing.headersSent) send(outgoing, answer);
}

function send(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  if (outgoing.destroyed) return;
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}
