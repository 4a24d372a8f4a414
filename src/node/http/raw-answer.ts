// An answer as bytes, for sockets that Node has no response object for.

import { STATUS_CODES } from 'node:http';
import type { Answer } from './answer.ts';

/** The whole answer; the connection ends behind it. */
export function rawAnswer({ status, headers, body }: Answer): string {
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}connection: close\r\n\r\n${body}`;
}
