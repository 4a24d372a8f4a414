// What cannot be sent at all: nothing may have arrived, and so nothing is in doubt.

import { expect, test } from 'vitest';
import {
  InvalidToken,
  OutcomeUnknown,
  ReplogClient,
  ReplogError,
  Unreachable,
} from '../../src/client/client.ts';
import { quickPace } from './quick-pace.ts';
import { sendJson, startStub } from './stub-server.ts';

const STORED = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };

test.each([
  ['a message', (client: ReplogClient) => client.append(1n as never)],
  ['a value', (client: ReplogClient) => client.put('k', 1n as never)],
  ['a write concern', (client: ReplogClient) => client.append('a', { w: 1n as never })],
  ['an index', (client: ReplogClient) => client.put('k', 'v', { ifMatch: 'a\nb' as never })],
])('%s that has no place in a request is a mistake, and in no doubt', async (_, write) => {
  const stub = await startStub((__, response) => sendJson(response, 201, STORED));
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  await expect(write(client)).rejects.toBeInstanceOf(TypeError);
  expect(stub.hits).toEqual([]);
});

test('a copy that cannot be made leaves those in doubt that were sent', async () => {
  const stub = await startStub((_, response) => response.destroy());
  const client = new ReplogClient({ url: stub.url, pace: quickPace() });
  let copies = 0;
  const timeoutMs = 60_000;
  const value = { toJSON: () => (++copies === 1 ? 'v' : (1n as never)) };
  const write = client.put('k', value as never, { timeoutMs });
  await expect(write).rejects.toMatchObject({ cause: expect.any(TypeError) });
  await expect(write).rejects.toBeInstanceOf(OutcomeUnknown);
});

test.each(['secret\n', 'a b', 'é', 'a\0'])('%j is no token', (token) => {
  const make = () => new ReplogClient({ url: 'http://127.0.0.1:4000', token });
  expect(make).toThrow(InvalidToken);
  expect(make).toThrow(ReplogError);
  expect(make).not.toThrow(token.trim());
});

test('a fetch that fails without a reason may have sent it, and is asked again', async () => {
  let asked = 0;
  const fetch = async (): Promise<Response> => {
    asked += 1;
    throw new TypeError('Failed to fetch');
  };
  const client = new ReplogClient({ url: 'http://n1:4000', fetch, pace: quickPace() });
  await expect(client.health()).rejects.toBeInstanceOf(Unreachable);
  expect(asked).toBe(1);
  await expect(client.append('a')).rejects.toBeInstanceOf(OutcomeUnknown);
  expect(asked).toBeGreaterThan(2);
});
