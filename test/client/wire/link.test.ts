import { expect, test } from 'vitest';
import { InvalidToken } from '../../../src/client/errors.ts';
import { Link, retryAfterOf } from '../../../src/client/wire/link.ts';
import type { Wire } from '../../../src/client/wire/wire.ts';

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

test('a token that can become another one is asked for with each request', async () => {
  const sent: unknown[] = [];
  const wire = (async (_: string, { headers }: Parameters<Wire>[1]) => {
    sent.push((headers as Record<string, string>).authorization);
    return { status: 200, headers: new Headers(), body: null, text: async () => '' };
  }) as unknown as Wire;
  const tokens = ['old', 'new', undefined, 'not one'];
  const link = new Link(wire, () => tokens.shift());
  const call = { method: 'GET', path: '/log' } as const;
  for (let time = 0; time < 3; time += 1) await link.send('http://n1', call);
  expect(sent).toEqual(['Bearer old', 'Bearer new', undefined]);
  await expect(link.send('http://n1', call)).rejects.toBeInstanceOf(InvalidToken);
});
