import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { systemClock } from '../../../src/node/clock.ts';
import type { Route } from '../../../src/node/http/route.ts';
import { startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';
import { post, raw, start, stopAfterwards } from './served.ts';

test.each([
  [undefined, '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
])('bound to %s it is reached at %s', async (host, reached) => {
  const app = createApp(new FakeEngine());
  const stopping = new AbortController();
  const server = await startServer({ app, port: 0, stopping, ...(host ? { host } : {}) });
  stopAfterwards(server);
  expect(server.url).toBe(`http://${reached}:${server.port}`);
  expect((await fetch(`${server.url}/livez`)).status).toBe(200);
});

test('nor is a CONNECT left without an answer where there are no tunnels at all', async () => {
  const server = await startServer({ app: { fetch: createApp(new FakeEngine()).fetch }, port: 0 });
  stopAfterwards(server);
  const { said } = raw(server, 'CONNECT /x HTTP/1.1\r\nhost: localhost\r\n\r\n');
  expect(await said).toMatch(/^HTTP\/1.1 404 Not Found\r\n.*"code":"not-found"/s);
});

test('a CONNECT that is refused is told why, like any other request', async () => {
  const { server } = await start();
  for (const [host, status, code] of [
    ['localhost', '404 Not Found', 'not-found'],
    ['evil.example', '421 Misdirected Request', 'unknown-host'],
  ]) {
    const said = await raw(server, `CONNECT /messages HTTP/1.1\r\nhost: ${host}\r\n\r\n`).said;
    const [head, body] = said.split('\r\n\r\n');
    expect(head).toContain(`HTTP/1.1 ${status}\r\ncontent-type: application/problem+json`);
    expect(JSON.parse(body!)).toMatchObject({ code, detail: expect.any(String) });
  }
});

test.each([
  ['localhost@evil'],
  ['evil@localhost'],
  ['localhost/evil'],
  ['loc alhost'],
  ['%6cocalhost'],
  ['[::1'],
  [''],
])('a Host that is none, "%s", is unknown, whichever way a request is handled', async (host) => {
  const { server } = await start();
  for (const path of ['/livez', '/messages']) {
    const request = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`;
    const said = await raw(server, request).said;
    expect(said).toMatch(/^HTTP\/1.1 421 .*"code":"unknown-host"/s);
  }
});

test('without a Host, too, a node is not the one that is meant', async () => {
  const { server } = await start();
  for (const path of ['/livez', '/messages']) {
    const said = await raw(server, `GET ${path} HTTP/1.0\r\n\r\n`).said;
    expect(said).toMatch(/^HTTP\/1.1 421 .*"code":"unknown-host"/s);
  }
});

test.each(['with tunnels', 'without'])(
  'who is refused a CONNECT and talks on keeps no connection, nor a stop waiting: %s',
  async (which) => {
    const app = createApp(new FakeEngine());
    const served = which === 'without' ? { fetch: app.fetch } : app;
    const server = await startServer({ app: served, port: 0, limits: { graceMs: 60_000 } });
    const { socket, said } = raw(server, 'CONNECT /x HTTP/1.1\r\nhost: localhost\r\n\r\nmore');
    await once(socket, 'data');
    socket.end('and more');
    expect(await said).toMatch(/^HTTP\/1.1 404 /);
    await server.stop();
  },
);

describe('requests over a socket', () => {
  test('the time of a write runs from when it came; of one behind another, its turn', async () => {
    const clock = { ...systemClock(), monotonicMs: () => 100, arrivalMs: () => 40 };
    const { engine, server } = await start({}, clock);
    engine.outcome = 'never';
    const body = '{"message":"a","timeoutMs":9}';
    const head = ['POST /messages HTTP/1.1', 'host: localhost', 'content-type: application/json'];
    const request = [...head, `content-length: ${body.length}`, '', body].join('\r\n');
    const { socket } = raw(server, request + request);
    await expect.poll(() => engine.writes.length).toBe(2);
    expect(engine.writes.map(({ arrivedAt }) => arrivedAt)).toEqual([40, 100]);
    socket.destroy();
  });

  test('a redirect to a master whose URL is not ASCII is one, and the node lives', async () => {
    const { engine, server } = await start();
    const master = { node: nodeId('n2'), url: 'http://127.0.0.1:1/привіт/' };
    engine.outcome = { type: 'NotMaster', master };
    const asked = { method: 'POST', redirect: 'manual', body: '{"message":"x"}' } as const;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${server.url}/messages`, { ...asked, headers });
    expect(answer.status).toBe(307);
    expect(answer.headers.get('location')).toBe(
      'http://127.0.0.1:1/%D0%BF%D1%80%D0%B8%D0%B2%D1%96%D1%82/messages',
    );
    expect(await answer.json()).toMatchObject({ code: 'not-master', master });
  });

  test('an answer that HTTP does not take is an error of one request, not the end', async () => {
    const odd: Route = {
      method: 'POST',
      path: '/odd',
      access: 'client',
      direct: true,
      doc: { id: 'odd', summary: 'A header that cannot be sent', success: [] },
      handle: () => ({ status: 200, headers: { odd: 'привіт' }, body: '' }),
    };
    const server = await startServer({
      app: createApp(new FakeEngine(), { routes: [odd] }),
      port: 0,
    });
    stopAfterwards(server);
    const answer = await post(server, '/odd', {});
    expect(answer.status).toBe(500);
    expect(await answer.json()).toMatchObject({ code: 'internal-error' });
    expect((await post(server, '/messages', { message: 'x' })).status).toBe(201);
  });

  test('an append, read back', async () => {
    const { server } = await start();
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    const answer = await post(server, '/messages', { message: 'é👍' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([201, 'application/json']);
    expect(await answer.json()).toMatchObject({ index: 1 });
    expect(await (await fetch(`${server.url}/messages`)).json()).toMatchObject({
      messages: ['é👍'],
    });
  });

  test('the guard stands before the append routes too', async () => {
    const { server, engine } = await start();
    const body = JSON.stringify({ message: 'a', messages: ['a'] });
    for (const path of ['/messages', '/messages/batch']) {
      const { said } = raw(
        server,
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\norigin: http://evil.example\r\n` +
          `content-type: application/json\r\ncontent-length: ${body.length}\r\n` +
          `connection: close\r\n\r\n${body}`,
      );
      expect(await said).toMatch(/^HTTP\/1\.1 403 .*"code":"foreign-origin"/s);
    }
    expect(engine.writes).toEqual([]);
  });

  test('a body in many pieces, chunked', async () => {
    const { server } = await start();
    const { said } = raw(
      server,
      'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'transfer-encoding: chunked\r\nconnection: close\r\n\r\n' +
        '4\r\n{"me\r\n7\r\nssage":\r\n4\r\n"a"}\r\n0\r\n\r\n',
    );
    expect(await said).toMatch(/^HTTP\/1\.1 201 /);
  });

  test.each([
    ['Chunked', 201],
    ['gzip, chunked', 415],
    ['foo, chunked', 415],
  ])('a body sent as "%s" is %d', async (encoding, status) => {
    const { server, engine } = await start();
    for (const path of ['/messages', '/echo']) {
      const { said } = raw(
        server,
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
          `transfer-encoding: ${encoding}\r\nconnection: close\r\n\r\n` +
          'f\r\n{"message":"a"}\r\n0\r\n\r\n',
      );
      const wanted = status === 201 && path === '/echo' ? 200 : status;
      expect(await said).toMatch(new RegExp(`^HTTP/1\\.1 ${wanted} `));
    }
    expect(engine.writes).toHaveLength(status === 201 ? 1 : 0);
  });

  test('a long list arrives whole and streamed', async () => {
    const { server, engine } = await start();
    const messages = Array.from({ length: 20_000 }, (_, i) => `message ${i}`);
    engine.append(messages.map((message) => ({ op: 'append', message })));
    const response = await fetch(`${server.url}/messages`);
    expect(response.headers.get('content-length')).toBeNull();
    expect(await response.json()).toEqual({ messages, lastIndex: 20_000 });
  });

  test.each([
    ['GET /kv/a\\b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 400],
    ['GET /livez HTTP/1.1\r\nconnection: close\r\n\r\n', 421],
    ['GET /livez HTTP/1.1\r\nhost: localhost\r\nexpect: foo\r\nconnection: close\r\n\r\n', 200],
    // Not ours, whatever it is: as for appends.
    ['GET /livez HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 421],
    ['GET /problems HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 421],
    ['GET /livez HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n', 421],
    ['GET /log HTTP/1.1\r\nhost: [::ffff:127.0.0.1]:1\r\nconnection: close\r\n\r\n', 200],
    ['GET /log HTTP/1.1\r\nhost: 127.0.0.1:\r\nconnection: close\r\n\r\n', 200],
    ['GET /livez HTTP/1.1\r\nhost: 127.0.0.1:\r\nconnection: close\r\n\r\n', 200],
    ['GET /log HTTP/1.1\r\nhost: evil.example:\r\nconnection: close\r\n\r\n', 421],
    ['GET /log HTTP/1.1\r\nhost: [::ffff:10.0.0.1]\r\nconnection: close\r\n\r\n', 421],
    ['GET /log HTTP/1.1\r\nhost: localhost.\r\nconnection: close\r\n\r\n', 200],
    ['GET http://evil.example/livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 421],
    ['GET http://localhost@evil/log HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 421],
    ['GET http://localhost:1/log HTTP/1.1\r\nhost: evil\r\nconnection: close\r\n\r\n', 200],
    ['CONNECT http://evil/ HTTP/1.1\r\nhost: localhost\r\n\r\n', 421],
    ['GET /kv/é HTTP/1.1\r\nhost: localhost\r\n\r\n', 400],
    ['OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 404],
    ['OPTIONS * HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n', 421],
    ['nonsense\r\n\r\n', 400],
    [`GET /livez HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
  ])('%.50j is %d', async (text, status) => {
    const { server } = await start();
    expect(await raw(server, text).said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test.each([
    ['what is no HTTP', 'nonsense\r\n\r\n', 'this is not a valid HTTP request'],
    ['a URL', 'GET /kv/a\\b HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', 'URL'],
  ])('%s is told what is wrong with it as any mistake is', async (_, text, what) => {
    const { server } = await start();
    const said = await raw(server, text).said;
    expect(said).toMatch(/content-type: application\/problem\+json/);
    const body = said.slice(said.indexOf('{'), said.lastIndexOf('}') + 1);
    expect(JSON.parse(body)).toMatchObject({
      code: 'invalid-request',
      errors: [{ path: '', message: expect.stringContaining(what) }],
    });
  });

  test.each([
    ['POST /messages', 400],
    ['GET /livez', 400],
    ['GET /log', 400],
    ['GET /nowhere', 400],
    ['GET http://localhost/livez', 400],
    ['CONNECT somewhere:1', 400],
  ])('%s with two Hosts, be they the same, is refused', async (line, status) => {
    const { engine, server } = await start();
    for (const host of ['evil.example', 'localhost']) {
      const hosts = `host: localhost\r\nHOST: ${host}\r\n`;
      const body = 'content-type: application/json\r\ncontent-length: 15\r\n\r\n{"message":"a"}';
      const rest = line.startsWith('POST') ? body : '\r\n';
      const text = `${line} HTTP/1.1\r\n${hosts}connection: close\r\n${rest}`;
      const said = await raw(server, text).said;
      expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      if (!line.startsWith('CONNECT')) expect(said).toContain('"errors":[{"path":"Host"');
    }
    expect(engine.writes).toEqual([]);
  });

  test('a header counts, however many stand before it', async () => {
    const { engine, server } = await start();
    const many = 'x:\r\n'.repeat(3_000);
    const head = `POST /messages HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${many}`;
    const body = 'content-type: application/json\r\ncontent-length: 15\r\n\r\n{"message":"a"}';
    const keyed = await raw(server, `${head}idempotency-key: k\r\n${body}`).said;
    expect(keyed).toMatch(/^HTTP\/1\.1 201 /);
    expect(engine.writes).toMatchObject([{ idempotencyKey: 'k' }]);
    const foreign = await raw(server, `${head}origin: http://evil.example\r\n${body}`).said;
    expect(foreign).toMatch(/^HTTP\/1\.1 403 /);
    expect(engine.writes).toHaveLength(1);
  });

  test.each([
    ['once', 'idempotency-key: a, b\r\n', 201],
    ['twice', 'idempotency-key: a\r\nIdempotency-Key: b\r\n', 400],
    ['twice, the same', 'Idempotency-Key: a\r\nIdempotency-Key: a\r\n', 400],
  ])('an idempotency key that is sent %s', async (_, lines, status) => {
    const { engine, server } = await start();
    for (const path of ['/messages', '/messages?']) {
      const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\n${lines}connection: close\r\n`;
      const body = 'content-type: application/json\r\ncontent-length: 15\r\n\r\n{"message":"a"}';
      const said = await raw(server, head + body).said;
      expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      if (status === 400) expect(said).toContain('"errors":[{"path":"Idempotency-Key"');
    }
    expect(engine.writes).toHaveLength(status === 201 ? 2 : 0);
  });
});
