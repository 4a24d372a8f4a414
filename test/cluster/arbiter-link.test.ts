// What a launcher makes of the answers of its arbiter and nodes.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ArbiterLink } from '../../src/cluster/arbiter-link.ts';

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const asked: string[] = [];

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? 'nobody'}`);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function link(token: string | null = null): ArbiterLink {
  const master = { node: 'n1', url };
  const arbiter = {
    url,
    setSize: () => {},
    members: () => [master],
    master: () => master,
    stop: () => Promise.resolve(),
    stopped: new Promise<void>(() => undefined),
  };
  return new ArbiterLink(arbiter, token);
}

const always = (status: number, body = '{}') => {
  answer = (_, response) => {
    response.statusCode = status;
    response.end(body);
  };
};

test('a node is ready if it says so, and only then', async () => {
  always(503);
  expect(await link().isReady(url)).toBe(false);
  always(200);
  expect(await link().isReady(url)).toBe(true);
  expect(asked).toEqual(['GET /readyz nobody', 'GET /readyz nobody']);
});

test('the health of a master that has none to tell is null', async () => {
  always(503);
  expect(await link().health()).toBeNull();
  always(200, '{"node":"n1"}');
  expect(await link('secret').health()).toEqual({ node: 'n1' });
  expect(asked.at(-1)).toBe('GET /health Bearer secret');
});

test('whoever breaks off, or does not answer, is not there now', async () => {
  answer = (request) => request.socket.destroy();
  expect(await link().health()).toBeNull();
  answer = (request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
    setImmediate(() => request.socket.destroy());
  };
  expect(await link().health()).toBeNull();
  answer = () => {};
  const started = performance.now();
  expect(await link().isReady(url)).toBe(false);
  expect(performance.now() - started).toBeGreaterThan(900);
});

test('a leave that the arbiter refuses has failed', async () => {
  always(200);
  await link('secret').leave('n2');
  expect(asked).toEqual(['POST /arbiter/leave Bearer secret']);
  always(409);
  await expect(link().leave('n2')).rejects.toThrow('did not let n2 leave (409)');
});
