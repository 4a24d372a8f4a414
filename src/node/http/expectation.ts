// Clients that ask whether to send their body at all (`Expect: 100-continue`). The rule: who is
// refused for the headers alone is refused at once, and need not send it; everybody else is told to
// go on when the body begins to be read, and not before.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { endRead } from './raw-answer.ts';

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** What a server does with such a request before it takes it. */
export function holdBody(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { headers, socket } = incoming;
  const length = headers['content-length'] ?? '0';
  if (Number(length) === 0 && headers['transfer-encoding'] === undefined) {
    // Nothing comes: there is nothing to ask for, and the connection goes on behind the answer.
    outgoing.writeContinue();
    return;
  }
  waiting.set(incoming, outgoing);
  // Behind an answer to who was not told to go on, Node closes the connection. Whoever has sent the
  // body all the same gets to read that answer.
  socket.destroySoon = () => endRead(socket);
}

/** The body is wanted: a client that waits for that is told so. */
export function askForBody(incoming: IncomingMessage): void {
  waiting.get(incoming)?.writeContinue();
  waiting.delete(incoming);
}

/** Whether the client may be waiting to be told to send the body. */
export function isHeld(incoming: IncomingMessage): boolean {
  return waiting.has(incoming);
}
