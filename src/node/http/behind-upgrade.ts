// What is read together with a request that asks to go on in another protocol (`Upgrade: h2c`,
// which Java's client sends with each of its first requests). The server takes none of these, and
// HTTP then goes on as if nothing had been asked (RFC 9110, section 7.8). Node's parser stops
// behind such a request all the same, and Node forgets what else it was given: requests would have
// no answer, and one that was read by half no beginning. So that is handed to the parser again.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Node's own object that reads requests, which its documentation does not name. */
interface Parser {
  /** Whose requests it reads now: when a connection ends, its parser goes to another. */
  readonly socket: Socket | null;
  /** The message that it reads. `upgrade`: what comes behind it is no HTTP. */
  readonly incoming: { readonly upgrade: boolean } | null;
  /** Reads `bytes`; returns how many of them. */
  execute(bytes: Buffer): number | Error;
  /** A copy of what it was given last. */
  getCurrentBuffer(): Buffer;
  /** Below the number `kOnExecute`: is called with what `execute` returns, where Node has the
   * parser read from the system itself. */
  [on: number]: (read: number | Error) => void;
  readonly constructor: { readonly kOnExecute?: number };
}

const watched = new WeakSet<Socket>();

/** Called with each request while Node reads it. From the first on that asks for an upgrade, all
 * that its connection brings is read. */
export function readBehindUpgrade(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { headers, socket } = incoming;
  if (headers.upgrade === undefined || watched.has(socket)) return;
  const { parser } = socket as { readonly parser?: Parser };
  const kOnExecute = parser?.constructor.kOnExecute;
  if (parser === undefined || kOnExecute === undefined) {
    // In a Node without these: whoever has sent more sees that nobody reads it.
    outgoing.shouldKeepAlive = false;
    return;
  }
  watched.add(socket);
  const executed = parser[kOnExecute]!;
  parser[kOnExecute] = (read) => {
    const all = typeof read === 'number' ? parser.getCurrentBuffer() : null;
    executed(read);
    const rest = all?.subarray(Math.max(0, Number(read)));
    // It waits there while the connection is not read any further.
    if (rest !== undefined && rest.length > 0 && goesOn(parser, socket)) socket.unshift(rest);
  };
  readAll(parser, socket);
}

/** Has the parser read on behind a request at which it has stopped, as long as it is this
 * connection's. Until it has read the head of the next one, it says of what is no HTTP merely where
 * it stands, and from then on nothing that means anything. */
function readAll(parser: Parser, socket: Socket): void {
  const { execute } = parser;
  parser.execute = (bytes) => {
    if (parser.socket !== socket) {
      parser.execute = execute;
      return parser.execute(bytes);
    }
    for (let at = 0; ; ) {
      const read = execute.call(parser, bytes.subarray(at));
      if (typeof read !== 'number') return read;
      if (read <= 0 || at + read > bytes.length) return new Error('no HTTP');
      at += read;
      if (at === bytes.length || !goesOn(parser, socket)) return at;
    }
  };
}

/** Whether what comes next on the connection is a request. */
function goesOn(parser: Parser, socket: Socket): boolean {
  return !socket.destroyed && parser.socket === socket && parser.incoming?.upgrade !== true;
}
