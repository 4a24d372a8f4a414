import { EventEmitter, getEventListeners, once } from 'node:events';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { Departures } from '../../../src/client/wire/departures.ts';
import { ConnectionFailure, Link } from '../../../src/client/wire/link.ts';
import { limitConnecting, nodeWire } from '../../../src/client/wire/node-wire.ts';
import { deadUrl, sendJson, startStub } from '../stub-server.ts';

const linkOf = (token?: string) => new Link(nodeWire(new Departures()), token);

const call = { method: 'POST', path: '/messages', json: { message: 'x' } } as const;

test('requests in a row share a connection', async () => {
  const connections = new Set<unknown>();
  const stub = await startStub((_, response) => {
    connections.add(response.socket);
    sendJson(response, 201, { index: 1 });
  });
  const link = linkOf();
  for (let i = 0; i < 3; i += 1) await link.send(stub.url, call);
  expect(connections.size).toBe(1);
});

test('a body is sent with its length in bytes, whatever the method', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, {}));
  const link = linkOf('secret');
  const json = { value: 'zwölf €' };
  await link.send(stub.url, { method: 'DELETE', path: '/kv/a', json });
  await link.send(stub.url, { method: 'POST', path: '/cluster/nodes' });
  const [removed, bare] = stub.hits;
  expect(removed).toMatchObject({ method: 'DELETE', json });
  expect(removed!.headers).toMatchObject({
    'content-length': String(Buffer.byteLength(JSON.stringify(json))),
    'content-type': 'application/json',
    authorization: 'Bearer secret',
  });
  expect(bare).toMatchObject({ method: 'POST', text: '' });
});

test('an answer keeps its status, its headers and its text', async () => {
  const stub = await startStub((_, response) =>
    response.writeHead(307, { location: '/elsewhere', 'retry-after': '2' }).end('Straße'),
  );
  const reply = await linkOf().send(stub.url, call);
  expect(reply).toMatchObject({ url: `${stub.url}/messages`, status: 307, body: 'Straße' });
  expect(reply.headers.get('location')).toBe('/elsewhere');
  expect(reply.headers.get('retry-after')).toBe('2');
  expect(reply.headers.get('etag')).toBeNull();
});

test('an answer that breaks off in the middle is none', async () => {
  const stub = await startStub((_, response) => {
    response.writeHead(201, { 'content-type': 'application/json' });
    response.write('{"index":', () => response.destroy());
  });
  const failure = await linkOf()
    .send(stub.url, call)
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConnectionFailure);
  expect(failure).toMatchObject({ sent: true });
});

test('who goes on in another protocol has not answered', async () => {
  const stub = await startStub((_, { socket }) =>
    socket!.write('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n'),
  );
  await expect(linkOf().send(stub.url, call)).rejects.toMatchObject({
    name: 'ConnectionFailure',
    message: 'the connection ended without an answer',
    sent: true,
  });
});

test.each([
  ['nobody listens', deadUrl],
  ['the URL asks for TLS, where nobody listens', async () => (await deadUrl()).replace('p', 'ps')],
])('where %s, nothing was sent', async (_, url) => {
  const base = await url();
  const failure = { name: 'ConnectionFailure', base, sent: false };
  await expect(linkOf().send(base, call)).rejects.toMatchObject(failure);
});

test('a node that answers in plain HTTP where TLS is asked for may have got it', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, {}));
  const failure = { name: 'ConnectionFailure', sent: true };
  const base = stub.url.replace('http:', 'https:');
  await expect(linkOf().send(base, call)).rejects.toMatchObject(failure);
});

test('what cannot be a header is no failure of a connection', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, {}));
  const wrong = { ...call, headers: { a: 'b\nc' } };
  await expect(linkOf().send(stub.url, wrong)).rejects.toBeInstanceOf(TypeError);
  expect(stub.hits).toEqual([]);
});

test('when the caller goes, so does the request, before and within its answer', async () => {
  const closed: Promise<unknown>[] = [];
  const stub = await startStub((_, response, count) => {
    closed.push(once(response, 'close'));
    if (count === 2) response.writeHead(201).write('{');
  });
  const link = linkOf();
  for (const hits of [1, 2]) {
    const controller = new AbortController();
    const sent = link.send(stub.url, { ...call, signal: controller.signal });
    const refused = expect(sent).rejects.toThrow('enough');
    await stub.arrived(hits);
    controller.abort(new Error('enough'));
    await refused;
    await closed[hits - 1];
  }
});

test('a signal that many requests share has one listener, and none in the end', async () => {
  const { signal } = new AbortController();
  const listeners = () => getEventListeners(signal, 'abort').length;
  const most: number[] = [];
  const stub = await startStub((_, response, count) => {
    most.push(listeners());
    if (count === 20) for (const one of waiting) sendJson(one, 201, {});
    else waiting.push(response);
    if (count === 20) sendJson(response, 201, {});
  });
  const waiting: Parameters<typeof sendJson>[0][] = [];
  const link = linkOf();
  await Promise.all(Array.from({ length: 20 }, () => link.send(stub.url, { ...call, signal })));
  expect(Math.max(...most)).toBe(1);
  await vi.waitFor(() => expect(listeners()).toBe(0));
});

test('a connection that is not there after ten seconds is given up: nothing was sent', () => {
  vi.useFakeTimers();
  try {
    const destroy = vi.fn();
    const socketOf = () => Object.assign(new EventEmitter(), { connecting: true });
    const [slow, quick] = [socketOf(), socketOf()];
    limitConnecting({ destroy } as unknown as ClientRequest, quick as unknown as Socket);
    quick.emit('connect');
    vi.advanceTimersByTime(10_000);
    expect(destroy).not.toHaveBeenCalled();
    limitConnecting({ destroy } as unknown as ClientRequest, slow as unknown as Socket);
    vi.advanceTimersByTime(10_000);
    expect(destroy).toHaveBeenCalledOnce();
    const error: unknown = destroy.mock.calls[0]?.[0];
    const link = new Link(() => Promise.reject(error));
    return expect(link.open('http://n1', call)).rejects.toMatchObject({ sent: false });
  } finally {
    vi.useRealTimers();
  }
});
