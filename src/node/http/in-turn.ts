// Requests that a client sends without waiting for answers. The rule: each begins when the one
// before it on its connection has been answered, as HTTP asks of a server where one of them is not
// safe (RFC 9112, 9.3.2): a removal must not overtake the append that was sent before it.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerOn } from './half-close.ts';

type Take = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

/** Hands the requests of each connection to `take` one after the other. */
export function inTurn(take: Take): Take {
  /** Of connections on which requests wait: the answer that is owed last. */
  const lastOwed = new WeakMap<Socket, ServerResponse>();
  return (incoming, outgoing) => {
    const { socket } = incoming;
    const owed = answerOn(socket);
    if (owed === null || owed === outgoing) {
      take(incoming, outgoing);
      return;
    }
    const before = lastOwed.get(socket) ?? owed;
    lastOwed.set(socket, outgoing);
    before.once('close', () => {
      if (lastOwed.get(socket) === outgoing) lastOwed.delete(socket);
      // Where its connection has ended, its handler finds nobody who would be answered.
      take(incoming, outgoing);
    });
  };
}
