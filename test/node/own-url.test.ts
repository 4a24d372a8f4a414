import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, urlOf } from '../../src/node/own-url.ts';

test.each([
  ['127.0.0.1', 'http://127.0.0.1:4000'],
  ['0.0.0.0', 'http://127.0.0.1:4000'],
  ['::', 'http://127.0.0.1:4000'],
  ['::1', 'http://[::1]:4000'],
  ['node.example', 'http://node.example:4000'],
])('who listens at %s is reached at %s', (host, url) => {
  expect(urlOf(host, 4_000)).toBe(url);
});

test('a free port can be listened at', async () => {
  const port = await freePort('127.0.0.1');
  expect(port).toBeGreaterThan(0);
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
});
