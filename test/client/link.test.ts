import { expect, test } from 'vitest';
import { Link, retryAfterOf } from '../../src/client/link.ts';
import type { Wire } from '../../src/client/wire.ts';

test('an answer that breaks off as its caller goes fails for the caller’s reason', async () => {
  const leaving = new AbortController();
  const wire = (async () => ({
    status: 200,
    headers: new Headers(),
    body: null,
    text: async () => {
      leaving.abort('enough');
      throw new Error('broken off');
    },
  })) as unknown as Wire;
  const call = { method: 'GET', path: '/log', signal: leaving.signal } as const;
  await expect(new Link(wire).send('http://n1', call)).rejects.toBe('enough');
});

test.each([
  ['7', 7],
  ['0', 0],
  [undefined, null],
  ['7 s', null],
  ['1.5', null],
  ['1234567', null],
  ['Fri, 31 Dec 1999 23:59:59 GMT', null],
])('Retry-After: %s', (value, seconds) => {
  const headers = new Headers(value === undefined ? {} : { 'retry-after': value });
  expect(retryAfterOf(headers)).toBe(seconds);
});
