// What must wait until a connection owes no answer any more. The rule: whatever is said there takes
// its turn, or the client takes it for the answer to what it had asked before: a write would be
// refused that is in the log.

import type { Duplex } from 'node:stream';
import type { Door } from '../peers/tunnel-door.ts';
import { answerOn } from './half-close.ts';
import { invalid } from './problems.ts';
import { endWith } from './raw-answer.ts';

/** Calls back when all that was asked for is answered there; at once where that is so already,
 * never where the connection ends before. A request that has not come to its end is not waited
 * for. */
export function behindAnswers(socket: Duplex, then: () => void): void {
  const owed = answerOn(socket);
  if (owed?.req.complete !== true) {
    then();
    return;
  }
  owed.once('close', () => {
    if (socket.writable) behindAnswers(socket, then);
  });
}

const TOO_EARLY = invalid([
  { path: '', message: 'a CONNECT must wait for the answers to what was asked before it' },
]);

/** `door`, but for a CONNECT that is sent before earlier requests are answered: it is refused,
 * behind their answers. */
export function doorBehindAnswers(door: Door): Door {
  return (incoming, socket, head) => {
    if (answerOn(socket) === null) {
      door(incoming, socket, head);
      return;
    }
    socket.on('error', () => socket.destroy());
    // Node, which has given the connection up, does not tell the answers on it any more.
    socket.on('drain', () => answerOn(socket)?.emit('drain'));
    // Read into nothing, it shows when its client goes.
    socket.resume();
    behindAnswers(socket, () => endWith(socket, TOO_EARLY));
  };
}
