// A key in the path: handled without web objects, and answered just as with them.

import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

const running: RunningServer[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(how: 'direct' | 'web') {
  const engine = new FakeEngine();
  const stopping = new AbortController();
  const { fetch, direct } = createApp(engine, { stopping: stopping.signal });
  let handled = 0;
  const app = {
    fetch,
    direct: (...request: Parameters<typeof direct>): boolean => {
      const taken = how === 'direct' && direct(...request);
      if (taken) handled += 1;
      return taken;
    },
  };
  const server = await startServer({ app, port: 0, stopping, limits: { graceMs: 500 } });
  running.push(server);
  return { engine, server, handled: () => handled };
}

/** What the server says to bytes, but for what differs each time. */
function said(server: RunningServer, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1');
    let all = '';
    socket.on('data', (chunk) => {
      all += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const [status = '', body = ''] = [all.split('\r\n', 1)[0], all.split('\r\n\r\n')[1]];
      resolve(`${status} ${body.replace(/"ms":[\d.]+/, '"ms":0')}`);
    });
    socket.end(bytes);
  });
}

const request = (method: string, target: string, body: string, more = ''): string =>
  `${method} ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${more}` +
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

describe('PUT and DELETE of a key', () => {
  test.each([
    '/kv/k',
    '/kv/a/b%2Fc',
    '/kv/%F0%9F%8E%89%20%25',
    '/kv/__proto__',
    "/kv/!$&'()*+,;=:@~-._",
  ])('%s needs no web objects', async (target) => {
    const [direct, web] = [await start('direct'), await start('web')];
    for (const bytes of [
      request('PUT', target, '{"value":"v","id":7}'),
      request('PUT', target, '{"value":"v","odd":1}'),
      request('PUT', target, '{"value":"v"}', 'If-Match: "3"\r\nIdempotency-Key: one\r\n'),
      request('PUT', target, '{"value":"v"}', 'Origin: http://foreign.example\r\n'),
      request('DELETE', target, ''),
      request('DELETE', target, '{"w":1}'),
    ]) {
      expect(await said(direct.server, bytes)).toBe(await said(web.server, bytes));
    }
    expect(direct.handled()).toBe(6);
    const plain = ({ operations, w, ifIndex }: FakeEngine['writes'][number]) => [
      operations,
      w,
      ifIndex,
    ];
    expect(direct.engine.writes.map(plain)).toEqual(web.engine.writes.map(plain));
  });

  test.each([
    ['/kv/', 0],
    ['/kv', 0],
    ['/kv/k?w=1', 0],
    ['/kv/k#f', 0],
    ['/kv/..', 0],
    ['/kv/a/../b', 0],
    ['/kv/a/%2e%2E/b', 0],
    ['/kv/a\\b', 0],
    ['/kv/é', 0],
    ['/kv/a"b', 0],
    ['http://127.0.0.1/kv/k', 0],
    ['/kv/%zz', 1],
    ['/kv/%ff', 1],
    [`/kv/${'k'.repeat(1_025)}`, 1],
  ])('%s is answered as before', async (target, handled) => {
    const [direct, web] = [await start('direct'), await start('web')];
    const bytes = request('PUT', target, '{"value":"v"}');
    expect(await said(direct.server, bytes)).toBe(await said(web.server, bytes));
    expect(direct.handled()).toBe(handled);
  });

  test('each is told when it came; one sent behind another, when it was read', async () => {
    const { engine, server } = await start('direct');
    engine.outcome = 'never';
    const put = request('PUT', '/kv/k', '{"value":"v"}').replace('Connection: close\r\n', '');
    const socket = connect(server.port, '127.0.0.1', () => socket.write(put + put + put));
    await expect.poll(() => engine.writes.length).toBe(3);
    socket.destroy();
    const [first, ...others] = engine.writes.map(({ arrivedAt }) => arrivedAt!);
    expect(others).toHaveLength(2);
    expect(Math.min(...others)).toBeGreaterThan(first!);
  });
});
