// What a request says of who sends it and whom it is for, as the guard takes it. The rule: nobody
// between may understand it differently, so what can be read in two ways is marked, not chosen.

import type { IncomingMessage } from 'node:http';
import { type Call, header, isRepeated } from './call.ts';
import type { Credentials } from './guard.ts';

/** Of a request as Node has it. */
export function credentialsOf(incoming: IncomingMessage): Credentials {
  const { host, origin, authorization } = incoming.headers;
  return {
    host: hostInTarget(incoming.url) ?? host,
    hostRepeated: isRepeated(incoming, 'host'),
    origin,
    authorization,
  };
}

/** Of a request as the routes have it; where the app is called without a server, the host may be
 * that of the URL. */
export function credentialsIn(call: Call): Credentials {
  const incoming = call.env?.incoming;
  if (incoming !== undefined) return credentialsOf(incoming);
  return {
    host: header(call, 'host') ?? new URL(call.req.url).host,
    hostRepeated: false,
    origin: header(call, 'origin'),
    authorization: header(call, 'authorization'),
  };
}

/** The host of a target that is a whole URL: it counts in place of the Host (RFC 9112, section
 * 3.2.2). undefined: the target names none. */
function hostInTarget(target: string | undefined): string | undefined {
  if (target === undefined || target.startsWith('/') || !/^https?:\/\//i.test(target)) return;
  return URL.canParse(target) ? new URL(target).host : '';
}
