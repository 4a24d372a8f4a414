// An answer as bytes, for sockets that Node has no response object for.

import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from './answer.ts';

/** The whole answer; the connection ends behind it. */
export function rawAnswer({ status, headers, body }: Answer): string {
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}connection: close\r\n\r\n${body}`;
}

/** Whoever has not closed a connection this long after the last answer on it is not waited for. */
const LINGER_MS = 1_000;

/** The last answer on a connection that Node's server looks after no more. */
export function endWith(socket: Duplex, answer: Answer): void {
  socket.write(rawAnswer(answer));
  endRead(socket);
}

/** Ends a connection behind what was written there. What still comes is read and dropped: left
 * unread, it would keep the connection, or reset it before the last answer is read. */
export function endRead(socket: Duplex): void {
  socket.end();
  // What is read so goes past Node's parser, if it has one.
  socket.removeAllListeners('data').on('data', dropped).resume();
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
}

const dropped = (): void => {};
