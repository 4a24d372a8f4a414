// How an answer goes over a socket: in pieces, cut off anywhere, or followed by the end of a
// connection that the client takes for open.

import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';

const LINE_END = Buffer.from('\r\n');

/** The end of a body that is sent as it grows. */
export const LAST_CHUNK = Buffer.from('0\r\n\r\n');

export interface Plain {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const json = (status: number, body: unknown): Plain => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

export const problem = (
  status: number,
  code: string,
  members: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Plain => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: JSON.stringify({ type: `/problems/${code}`, title: code, status, code, ...members }),
});

export function headOf(status: number, headers: Readonly<Record<string, string>>): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Whatever\r\n${fields.join('')}\r\n`;
}

/** One chunk of a body that is sent as it grows. */
export function chunkOf(part: Buffer): Buffer {
  if (part.length === 0) return part;
  return Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, LINE_END]);
}

export function bytesOf({ status, headers, body }: Plain, chance: Chance): Buffer {
  if (status === 204) return Buffer.from(headOf(status, headers));
  const chunked = chance.happens(0.3);
  const framed: Record<string, string> = chunked
    ? { ...headers, 'transfer-encoding': 'chunked' }
    : { ...headers, 'content-length': String(Buffer.byteLength(body)) };
  const bytes = Buffer.from(body);
  const rest = chunked ? [chunkOf(bytes), LAST_CHUNK] : [bytes];
  return Buffer.concat([Buffer.from(headOf(status, framed)), ...rest]);
}

/** Sends the bytes in up to three pieces. */
export async function send(socket: Socket, bytes: Buffer, chance: Chance): Promise<void> {
  let at = 0;
  for (let pieces = chance.happens(0.3) ? 2 : 0; pieces > 0; pieces -= 1) {
    const upTo = chance.between(at, bytes.length);
    socket.write(bytes.subarray(at, upTo));
    at = upTo;
    await sleep(chance.between(0, 4));
  }
  if (!socket.destroyed) socket.write(bytes.subarray(at));
  // Often while the next request is on its way.
  if (chance.happens(0.1)) setTimeout(() => socket.destroy(), chance.between(0, 3));
}

/** Sends some of the bytes, be it none or all, and ends the connection: politely or not. */
export async function cut(socket: Socket, bytes: Buffer, chance: Chance): Promise<void> {
  await send(socket, bytes.subarray(0, chance.between(0, bytes.length)), chance);
  chance.pick([() => socket.destroy(), () => socket.resetAndDestroy(), () => socket.end()])();
}

/** Resolves when the client has gone. */
export function closed(socket: Socket): Promise<void> {
  return socket.destroyed
    ? Promise.resolve()
    : new Promise((done) => socket.once('close', () => done()));
}
