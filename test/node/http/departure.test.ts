import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { createLogger } from '../../../src/node/diagnostics/logger.ts';
import type { Call } from '../../../src/node/http/call.ts';
import { departureOf } from '../../../src/node/http/departure.ts';
import { FakeEngine } from '../fake-engine.ts';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A server that answers nothing by itself, and a connection that sent it requests in a row. */
async function requests(count: number) {
  const responses: ServerResponse[] = [];
  const server = createServer((_, response) => void responses.push(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.resume();
  socket.write(REQUEST.repeat(count));
  await vi.waitFor(() => expect(responses).toHaveLength(count));
  const departures = responses.map((outgoing) => departureOf({ env: { outgoing } } as Call));
  const gone = departures.map(() => vi.fn());
  departures.forEach((departure, i) => {
    departure.addEventListener('abort', gone[i]!);
  });
  return { socket, responses, departures, gone };
}

test('G8 a connection that ends takes all with it that wait behind each other', async () => {
  const { socket, departures, gone } = await requests(12);
  expect(departures.map(({ aborted }) => aborted)).not.toContain(true);
  socket.destroy();
  await vi.waitFor(() => expect(gone.every(({ mock }) => mock.calls.length > 0)).toBe(true));
  expect(departures.map(({ aborted }) => aborted)).not.toContain(false);
});

test('whoever has an answer has not gone, and is listened for no more', async () => {
  const { socket, responses, departures, gone } = await requests(3);
  const connection = responses[0]!.req.socket;
  for (const response of responses) response.end('x');
  await vi.waitFor(() => expect(responses.every((one) => one.writableFinished)).toBe(true));
  // The listeners of what waited behind another answer.
  expect(connection.listeners('close').map(({ name }) => name)).not.toContain('leave');
  socket.destroy();
  await once(connection, 'close');
  expect(gone.map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0]);
  expect(departures.map(({ aborted }) => aborted)).not.toContain(true);
});

test.each([
  ['POST', '/messages', { message: 'a' }],
  ['POST', '/messages/batch', { messages: ['a'] }],
  ['PUT', '/kv/k', { value: 'a' }],
])('nothing is written for a client that left while it sent: %s %s', async (method, path, body) => {
  const engine = new FakeEngine();
  const logger = createLogger({ level: 'silent' });
  const failed = vi.spyOn(logger, 'error');
  const headers = { 'content-type': 'application/json' };
  const asked = { method, headers, body: JSON.stringify(body), signal: AbortSignal.abort() };
  const { status } = await createApp(engine, { logger }).request(path, asked);
  expect(engine.writes).toEqual([]);
  // Nobody reads this answer; and no operator has to hear of it.
  expect(status).toBe(499);
  expect(failed).not.toHaveBeenCalled();
});

test('nor are any of many appends that travel together', async () => {
  const engine = new FakeEngine();
  const logger = createLogger({ level: 'silent' });
  const failed = vi.spyOn(logger, 'error');
  const clock = systemClock();
  const begun = vi.spyOn(clock, 'iso');
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ appends: [{ message: 'a' }, { message: 'b' }] });
  const asked = { method: 'POST', headers, body, signal: AbortSignal.abort() };
  // Nobody is there for whom an answer would have to come.
  void createApp(engine, { logger, clock }).request('/messages/gathered', asked);
  await vi.waitFor(() => expect(begun).toHaveBeenCalledTimes(2));
  expect(engine.writes).toEqual([]);
  expect(failed).not.toHaveBeenCalled();
});
