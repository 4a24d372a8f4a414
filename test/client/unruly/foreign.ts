// Answers that are no answers of replog: what stands before a node, or in its place, may say them.

import type { Chance } from '../../../src/chaos/chance.ts';
import { headOf, type Plain } from './delivery.ts';

const STATUSES = [
  200, 201, 202, 204, 301, 302, 307, 308, 400, 403, 404, 408, 409, 421, 429,
] as const;
const FAILURES = [500, 501, 502, 503, 504, 520] as const;
const TYPES = ['text/html', 'application/json', 'application/problem+json', '', 'x'] as const;
const BODIES = [
  '',
  '<h1>Hello</h1>',
  'null',
  '[]',
  '17',
  '"acks"',
  '{}',
  '{"a',
  '\u0000',
  '{"code":7}',
];

export const RETRY_AFTER = [
  '0',
  '1',
  '-1',
  '1.5',
  'soon',
  '',
  '99999999',
  'Wed, 21 Oct 2015 07:28:00 GMT',
];

/** A page, an empty or gigantic body, or JSON that means nothing. */
export function foreignAnswer(chance: Chance): Plain {
  const status = chance.happens(0.5) ? chance.pick(STATUSES) : chance.pick(FAILURES);
  const type = chance.pick(TYPES);
  const body = chance.happens(0.05) ? 'x'.repeat(3 << 20) : chance.pick(BODIES);
  const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
  if (chance.happens(0.3)) headers['retry-after'] = chance.pick(RETRY_AFTER);
  if (chance.happens(0.1)) headers['x-long'] = 'y'.repeat(chance.pick([100, 100_000]));
  return { status, headers, body };
}

/** What is no HTTP, or no answer that can be waited for. */
export function foreignBytes(chance: Chance): Buffer {
  const switching = { connection: 'upgrade', upgrade: 'websocket' };
  return Buffer.from(
    chance.pick([
      'SSH-2.0-OpenSSH_9.6\r\n',
      'HTTP/1.1 abc\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\nhello',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello',
      headOf(101, switching),
    ]),
  );
}

/** Lines in an answer to gathered appends that tell nothing of any of them. */
export const FOREIGN_LINES = [
  'null',
  '17',
  '[]',
  '"n"',
  '{"n":0,"sta',
  '{"n":0}',
  '{"n":"length","status":201,"body":{}}',
  '{"n":"map","status":201,"body":{}}',
  '{"n":-1,"status":201,"body":{"acks":["n1"]}}',
  '{"n":100000,"status":201,"body":{"acks":["n1"]}}',
  '{"n":0,"status":null,"body":{"acks":["n1"]}}',
  '{"n":0,"status":500,"headers":null,"body":{"code":"internal-error"}}',
  '{"status":201,"body":{"acks":["n1"]}}',
  '',
] as const;
