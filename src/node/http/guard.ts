// Who may speak to this node. Three checks before anything of a request is read: the Host must be
// one, and ours (against DNS rebinding), the Origin must be ours or absent (against web pages), and
// where a token is needed it must be right. One function, called once per request.

import type { Answer } from './answer.ts';
import { invalid, problem } from './problems.ts';
import type { Tokens } from './tokens.ts';

/** `peer` routes are for other nodes and operators: they always need the token, if there is one. */
export type Access = 'client' | 'peer';

export interface GuardOptions {
  /** URL by which others reach this node; its host is accepted, with any port. */
  readonly advertise?: string;
  /** More host names, or `name:port`, that are accepted. */
  readonly allowHosts?: readonly string[];
  /** Those of the cluster; absent: no route asks for one. */
  readonly tokens?: Tokens;
  /** Client routes need the token too. Default false. */
  readonly requireClientToken?: boolean;
}

/** What the guard looks at. */
export interface Credentials {
  readonly host: string | undefined;
  /** There are several Host headers: which of them counts, everybody decides differently. */
  readonly hostRepeated: boolean;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
}

export interface Guard {
  /** Returns the refusal, or null if the request may go on. */
  (credentials: Credentials, access: Access): Answer | null;
  /** `listener` is called when whoever was let in may not be any more, until what this returns is
   * called. */
  onChange(listener: () => void): () => void;
}

const LOOPBACK =
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::(?:1|ffff:7f[\da-f]{2}:[\da-f]{1,4})\])(?::\d{1,5})?$/i;
const PORT = /:\d{1,5}$/;
/** The dot of the root, with which a name may end (RFC 3986, section 3.2.2). */
const ROOT = /(?<=[\w-])\.(?=(?::\d{0,5})?$)/;
const IN_BRACKETS = /^\[[\da-f:.]+\](?::\d{1,5})?$/i;

/** A Host as URLs write it: its port may be empty (RFC 3986, section 3.2.3), and an address in
 * brackets has many spellings, `[::ffff:127.0.0.1]` among them. Any other stays as it is. */
export function plainHost(host: string): string {
  const named = host.endsWith(':') ? host.slice(0, -1) : host;
  const url = `http://${named}`;
  return IN_BRACKETS.test(named) && URL.canParse(url) ? new URL(url).host : named;
}

/** A name is the same in capitals, and with the dot of the root. */
const plainName = (host: string): string => host.toLowerCase().replace(ROOT, '');

export function createGuard(options: GuardOptions): Guard {
  const advertised = options.advertise === undefined ? null : new URL(options.advertise);
  const hosts = new Set((options.allowHosts ?? []).map(plainName));
  if (advertised !== null) hosts.add(plainName(advertised.hostname));
  const { tokens } = options;
  const everywhere = options.requireClientToken === true;

  const named = (name: string): boolean => hosts.has(name) || hosts.has(name.replace(PORT, ''));

  const knownHost = (host: string): boolean => {
    if (LOOPBACK.test(host)) return true;
    const name = plainName(host);
    if (named(name)) return true;
    const plain = plainHost(name);
    return LOOPBACK.test(plain) || named(plain);
  };

  const authorized = (authorization: string | undefined): boolean => {
    if (tokens === undefined) return true;
    const match = authorization === undefined ? null : /^Bearer +(\S+)$/i.exec(authorization);
    return tokens.accepts(match?.[1] ?? '') && match !== null;
  };

  const onChange: Guard['onChange'] = (listener) =>
    tokens?.onExchange(listener) ?? (() => undefined);

  const check = (credentials: Credentials, access: Access): Answer | null => {
    const { host, hostRepeated, origin, authorization } = credentials;
    // Two Hosts are no question of which (RFC 9112, section 3.2).
    if (hostRepeated) {
      return invalid([{ path: 'Host', message: 'stands there more than once' }]);
    }
    if (host === undefined || !knownHost(host)) {
      const detail = 'The Host is neither loopback, nor advertised, nor allowed by --allow-host.';
      return problem('unknown-host', detail);
    }
    if (origin !== undefined && origin !== `http://${host}` && origin !== advertised?.origin) {
      return problem('foreign-origin', 'The Origin is not that of this node.');
    }
    if ((everywhere || access === 'peer') && !authorized(authorization)) {
      const headers = { 'www-authenticate': 'Bearer' };
      return problem('unauthorized', 'Send the cluster token as a Bearer token.', {}, headers);
    }
    return null;
  };
  return Object.assign(check, { onChange });
}
