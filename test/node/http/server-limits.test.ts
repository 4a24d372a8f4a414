import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { describe, expect, test } from 'vitest';
import { IDLE_MS } from '../../../src/client/wire/node-wire.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { BODY_LIMIT } from '../../../src/node/http/body.ts';
import { startServer } from '../../../src/node/http/server.ts';
import { KEEP_ALIVE_MS } from '../../../src/node/peers/transport.ts';
import { FakeEngine } from '../fake-engine.ts';
import { post, raw, start, waitingClient } from './served.ts';

describe('limits', () => {
  test.each(['content-length: 3000000', 'transfer-encoding: chunked'])(
    '413 reaches a client that goes on sending (%s)',
    async (framing) => {
      const { server, engine } = await start();
      const [name, value] = framing.split(': ') as [string, string];
      const status = new Promise<number>((resolve, reject) => {
        const request = httpRequest(
          `${server.url}/messages`,
          { method: 'POST', headers: { 'content-type': 'application/json', [name]: value } },
          (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          },
        );
        request.on('error', reject);
        for (let i = 0; i < 30; i += 1) request.write(Buffer.alloc(100_000, 0x20));
        request.end();
      });
      expect(await status).toBe(413);
      expect(engine.writes).toEqual([]);
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
    },
  );

  test('a chunked body may be as long as is allowed, and no byte longer', async () => {
    const { server, engine } = await start();
    const head =
      'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
      'transfer-encoding: chunked\r\nconnection: close\r\n\r\n';
    for (const [bytes, status] of [
      [BODY_LIMIT, 201],
      [BODY_LIMIT + 1, 413],
    ] as const) {
      const body = `{"message":"${'x'.repeat(bytes - 14)}"}`;
      const { said } = raw(server, `${head}${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      expect(await said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }
    expect(engine.writes).toHaveLength(1);
  });

  test('connections beyond the limit are closed, and one that ends makes room', async () => {
    const { server } = await start({ connections: 2 });
    const ask = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n';
    const kept = [raw(server, ask), raw(server, ask)];
    await Promise.all(kept.map(({ socket }) => once(socket, 'data')));
    expect(await raw(server, ask).said).toBe('');
    for (const { socket } of kept) socket.end();
    await Promise.all(kept.map(({ said }) => said));
    expect((await fetch(`${server.url}/livez`)).status).toBe(200);
  });

  test('headers that do not arrive in time are 408', async () => {
    const { server } = await start({ headersMs: 50, requestMs: 100, checkMs: 20 });
    const said = await raw(server, 'GET /livez HTTP/1.1\r\nhost: localhost\r\n').said;
    expect(said).toMatch(/^HTTP\/1\.1 408 /);
    expect(said).toContain('"code":"request-timeout"');
  });

  test('nor does a body that never ends keep anything', async () => {
    const { server, engine } = await start({ headersMs: 50, requestMs: 100, checkMs: 20 });
    const { said } = raw(
      server,
      'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'content-length: 100\r\n\r\n{"mess',
    );
    await said;
    expect(engine.writes).toEqual([]);
  });

  test('B58: callers of ours close an idle connection long before the server does', async () => {
    const { server } = await start();
    const { headers } = await fetch(`${server.url}/livez`);
    const told = /^timeout=(\d+)$/.exec(headers.get('keep-alive') ?? '')?.[1];
    expect(Number(told) * 1_000).toBeGreaterThanOrEqual(2 * Math.max(IDLE_MS, KEEP_ALIVE_MS));
  });

  test('a client that waits for its write concern is not timed out by the server', async () => {
    const { server, engine } = await start({ headersMs: 150, requestMs: 250, checkMs: 10 });
    engine.outcome = 'never';
    const gone = new AbortController();
    const answer = post(server, '/messages', { message: 'a' }, gone.signal).catch(() => 'left');
    await expect.poll(() => engine.writes.length).toBe(1);
    const first = await Promise.race([
      answer,
      new Promise((resolve) => setTimeout(() => resolve('waits'), 500)),
    ]);
    expect(first).toBe('waits');
    gone.abort();
    expect(await answer).toBe('left');
    await expect.poll(() => engine.aborted).toBe(1);
  });

  test('a client that got its answer frees nothing twice', async () => {
    const { server, engine } = await start();
    const { said } = raw(
      server,
      'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'content-length: 15\r\nconnection: close\r\n\r\n{"message":"a"}',
    );
    expect(await said).toMatch(/^HTTP\/1\.1 201 /);
    expect([engine.writes.length, engine.aborted]).toEqual([1, 0]);
  });
});

describe('stop', () => {
  test('an idle server stops at once, and takes no more', async () => {
    const { server } = await start();
    await fetch(`${server.url}/livez`);
    await server.stop();
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  });

  test('streams end, waiting clients get their answer', async () => {
    const { server, engine } = await start({ graceMs: 5_000 });
    const stream = await fetch(`${server.url}/log`, { headers: { accept: 'text/event-stream' } });
    const text = stream.text();
    const { waiting, answer } = await waitingClient({ server, engine });
    const stopped = server.stop();
    expect(await text).toMatch(/^:/);
    answer({ type: 'ShuttingDown' });
    expect((await waiting).status).toBe(503);
    await stopped;
  });

  test('who opened a connection in advance does not hold it up, who waits is not cut', async () => {
    const { server, engine } = await start({ graceMs: 60_000 });
    const silent = raw(server, '');
    const { waiting, answer } = await waitingClient({ server, engine });
    const stopped = server.stop();
    expect(await silent.said).toBe('');
    answer({ type: 'ShuttingDown' });
    expect((await waiting).status).toBe(503);
    await stopped;
  });

  test('a dropped request does not hold it up', async () => {
    // Longer than a test may take: what ends here is not ended by the grace time.
    const { server, faults } = await start({ graceMs: 60_000 });
    faults.replace({ dropRequest: 1 });
    const body = { epoch: 1, session: 1, seq: 0, updates: [], commitIndex: 0 };
    const dropped = post(server, '/replica/snapshot', body).catch(() => 'cut');
    await expect.poll(() => faults.view().hits.dropRequest).toBe(1);
    await server.stop();
    expect(await dropped).toBe('cut');
  });

  test('what does not end is cut off after the grace time', async () => {
    const { server, engine } = await start({ graceMs: 50 });
    engine.outcome = 'never';
    const cut = post(server, '/messages', { message: 'a' }).catch(() => 'cut');
    await expect.poll(() => engine.writes.length).toBe(1);
    await server.stop();
    expect(await cut).toBe('cut');
  });

  test('no timer is left behind it', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const before = timers();
    for (let i = 0; i < 10; i += 1) await (await start({ graceMs: 60_000 })).server.stop();
    expect(timers()).toBeLessThan(before + 5);
  });

  test('stopping twice is stopping once', async () => {
    const { server } = await start();
    await Promise.all([server.stop(), server.stop()]);
  });
});

test('a taken port is told', async () => {
  const { server } = await start();
  const app = createApp(new FakeEngine());
  await expect(startServer({ app, port: server.port })).rejects.toThrow(/EADDRINUSE/);
});
