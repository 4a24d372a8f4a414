// Requests that a client sends without waiting for answers. The rule: what one of them asks for is
// done behind what the one before it on its connection asked for, as HTTP wants it where one of
// them is not safe (RFC 9112, 9.3.2): a removal must not overtake the append that was sent before
// it. A write behind a write need not wait for its answer: it is enough that its place in the log
// is certain. What reads waits until that can be read.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { answerOn } from './half-close.ts';
import { PipelineRoom } from './pipeline-room.ts';

type Take = (incoming: IncomingMessage, outgoing: ServerResponse) => void;

const PLACED = Symbol('placed');

const SAFE: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** `true`: what was asked for has its place. A function: what to do then. */
type Owed = ServerResponse & { [PLACED]?: true | (() => void) };

/** Nothing that is asked for from now on comes before what this is the answer to. */
export function placed(outgoing: ServerResponse | undefined): void {
  if (outgoing === undefined) return;
  const owed: Owed = outgoing;
  const waiting = owed[PLACED];
  owed[PLACED] = true;
  // A request may be many writes, which all have their places when this turn is over.
  if (typeof waiting === 'function') queueMicrotask(waiting);
}

/** What reads is to see what was written ahead of it. And where a client was told to go on, Node
 * puts the head of an answer that begins before its turn in front of that. */
function waitsForAnswer({ headers, method }: IncomingMessage): boolean {
  return SAFE.has(method) || headers.expect !== undefined;
}

/** Hands the requests of each connection to `take` one behind the other. `latest` is told, of each
 * connection with more than one request under way, the latest answer that is owed. */
export function inTurn(
  take: Take,
  room: PipelineRoom = new PipelineRoom(),
  latest: WeakMap<Socket, ServerResponse> = new WeakMap(),
): Take {
  return (incoming, outgoing) => {
    const { socket } = incoming;
    const owed = answerOn(socket);
    if (owed === null || owed === outgoing) {
      take(incoming, outgoing);
      return;
    }
    // What was read together with one that found no room is none that anybody waits for.
    if (socket.destroyed || !room.enter(socket)) return;
    const before: Owed = latest.get(socket) ?? owed;
    latest.set(socket, outgoing);
    outgoing.once('close', () => {
      room.leave(socket);
      if (latest.get(socket) === outgoing) latest.delete(socket);
    });
    const patient = waitsForAnswer(incoming);
    if (!patient && before[PLACED] === true) {
      take(incoming, outgoing);
      return;
    }
    let begun = false;
    const begin = (): void => {
      if (!begun) take(incoming, outgoing);
      begun = true;
    };
    if (!patient) before[PLACED] = begin;
    before.once('close', begin);
  };
}
