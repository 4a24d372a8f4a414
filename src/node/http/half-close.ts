// A client that closes its sending side may have gone, or have said all that it wants to say and
// wait for the answer (`nc -N`, `shutdown(SHUT_WR)`): TCP says the same of both, and Node takes
// both for gone. The difference shows when something is sent. A system whose program has closed
// the connection resets it; one whose program waits takes it in. So the client is sent an interim
// response, which HTTP lets a server send before any answer, and only a reset is a departure.

import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

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
  let pause = FIRST_MS;
  let timer: NodeJS.Timeout;
  const look = (): void => {
    // What the client does not read waits here, and a client that had gone would have reset.
    const moves = socket.writableLength > 0 || socket.bytesWritten !== written;
    ask(socket, moves);
    written = socket.bytesWritten;
    pause = Math.min(pause * 2, LONGEST_MS);
    timer = setTimeout(look, pause);
  };
  timer = setTimeout(look, pause);
  socket.once('close', () => clearTimeout(timer));
}

/** Finds out whether somebody waits for the answer of this connection. `moves`: something has been
 * sent since that was asked last. */
function ask(socket: Socket, moves: boolean): void {
  const answer = answerOn(socket);
  if (answer === null) return;
  if (!answer.headersSent && answer.req.httpVersion === '1.1') {
    answer.writeProcessing();
    // Node reads no more from a connection that is half closed: a reset shows to who writes.
    setTimeout(() => socket.write(''), ECHO_MS);
  } else if (!moves) {
    // Nothing can be put into an answer that has begun, nor before one of HTTP/1.0.
    socket.destroy();
  }
}

/** The answer that is next on this connection; null: none is owed. */
export function answerOn(socket: Socket): ServerResponse | null {
  const { _httpMessage } = socket as { readonly _httpMessage?: ServerResponse | null };
  return _httpMessage ?? null;
}
