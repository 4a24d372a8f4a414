// A client that closes its sending side may have gone, or have said all that it wants to say and
// wait for the answer (`nc -N`, `shutdown(SHUT_WR)`): TCP says the same of both, and Node takes
// both for gone. The difference shows when something is sent. A system whose program has closed
// the connection resets it; one whose program waits takes it in. So the client is sent an interim
// response, which HTTP lets a server send before any answer, and only a reset is a departure.

import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Most answers are there before this is over: whoever waits for one is then asked nothing. */
const FIRST_MS = 200;
/** The longest pause between two questions: one that half-closed may still go. */
const LONGEST_MS = 5_000;
/** Until a reset that a question brought about is looked for. */
const ECHO_MS = 20;

/** Lets clients of this server wait for answers with their sending side closed. */
export function allowHalfClose(server: Server): void {
  // Node's own switch, which its documentation does not name. Without it the connection ends.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('connection', (socket) => socket.once('end', () => watch(socket)));
}

function watch(socket: Socket): void {
  let written = socket.bytesWritten;
  const stop = again(() => {
    // What the client does not read waits here, and a client that had gone would have reset.
    const moves = socket.writableLength > 0 || socket.bytesWritten !== written;
    const answer = answerOn(socket);
    // Nothing can be put into an answer that has begun, nor before one of HTTP/1.0.
    if (answer !== null && !asked(socket, answer) && !moves) socket.destroy();
    written = socket.bytesWritten;
  });
  socket.once('close', stop);
}

/** Asks the client of a connection that is not read, whose end so does not show, whether it waits,
 * until it is told to stop. One to whom an answer is on its way needs no question. */
export function askUnread(socket: Socket): () => void {
  return again(() => {
    const answer = answerOn(socket);
    if (answer !== null) asked(socket, answer);
  });
}

/** Looks again and again, with growing pauses; returns how to stop that. */
function again(look: () => void): () => void {
  let pause = FIRST_MS;
  let timer: NodeJS.Timeout;
  const next = (): void => {
    look();
    pause = Math.min(pause * 2, LONGEST_MS);
    timer = setTimeout(next, pause);
  };
  timer = setTimeout(next, pause);
  return () => clearTimeout(timer);
}

/** Sends something that only who waits takes in; false: it has no place there. */
function asked(socket: Socket, answer: ServerResponse): boolean {
  if (answer.headersSent || answer.req.httpVersion !== '1.1') return false;
  answer.writeProcessing();
  // Node reads nothing from such a connection: a reset shows to who writes.
  setTimeout(() => socket.write(''), ECHO_MS);
  return true;
}

/** The answer that is next on this connection; null: none is owed. */
export function answerOn(socket: Duplex): ServerResponse | null {
  const { _httpMessage } = socket as { readonly _httpMessage?: ServerResponse | null };
  return _httpMessage ?? null;
}
