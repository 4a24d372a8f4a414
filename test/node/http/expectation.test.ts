// Clients that ask before they send their bodies.

import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { raw, start } from './served.ts';

const EXPECTS = 'host: localhost\r\nexpect: 100-continue\r\n';
const JSON_TYPE = 'content-type: application/json\r\n';

const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

test.each([
  ['a body that is too long', `POST /messages`, `${JSON_TYPE}content-length: 3000000`, 413],
  ['a batch that is too long', 'POST /messages/batch', `${JSON_TYPE}content-length: 99000000`, 413],
  ['an echo that is too long', 'POST /echo', 'content-length: 3000000', 413],
  ['another type', 'POST /messages', 'content-type: text/plain\r\ncontent-length: 15', 415],
  ['another type, in chunks', 'PUT /kv/a', 'content-type: a/b\r\ntransfer-encoding: chunked', 415],
  [
    'a compressed body',
    'POST /messages',
    `${JSON_TYPE}content-encoding: br\r\ncontent-length: 9`,
    415,
  ],
  ['a foreign origin', 'POST /messages', `${JSON_TYPE}origin: http://x\r\ncontent-length: 15`, 403],
  ['a path that is none', 'POST /nowhere', `${JSON_TYPE}content-length: 15`, 404],
])('%s is refused at once, without a word to go on', async (_, target, headers, status) => {
  const { server, engine } = await start();
  const { said } = raw(server, `${target} HTTP/1.1\r\n${EXPECTS}${headers}\r\n\r\n`);
  const text = await said;
  expect(statuses(text)).toEqual([status]);
  expect(text).toMatch(/connection: close/i);
  expect(engine.writes).toEqual([]);
});

test('who sends the body without waiting reads the refusal', async () => {
  const { server } = await start();
  const head = `POST /messages HTTP/1.1\r\n${EXPECTS}${JSON_TYPE}content-length: 3000000\r\n\r\n`;
  const { said } = raw(server, head + ' '.repeat(3_000_000));
  expect(statuses(await said)).toEqual([413]);
});

test.each(['content-length: 15', 'transfer-encoding: chunked'])(
  'whose body is wanted is told to go on, and keeps the connection (%s)',
  async (framing) => {
    const { server, engine } = await start();
    const head = `POST /messages HTTP/1.1\r\n${EXPECTS}${JSON_TYPE}${framing}\r\n\r\n`;
    const body = '{"message":"a"}';
    const { socket, said } = raw(server, head);
    const first = String((await once(socket, 'data'))[0]);
    expect(first).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(engine.writes).toEqual([]);
    socket.write(framing.endsWith('chunked') ? `f\r\n${body}\r\n0\r\n\r\n` : body);
    socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    expect(statuses(await said)).toEqual([100, 201, 200]);
  },
);

test('who sends nothing keeps the connection whatever the answer', async () => {
  const { server } = await start();
  const { socket, said } = raw(server, `GET /livez HTTP/1.1\r\n${EXPECTS}\r\n`);
  onTestFinished(() => void socket.destroy());
  socket.write(`GET /nowhere HTTP/1.1\r\n${EXPECTS}connection: close\r\n\r\n`);
  expect(statuses(await said)).toEqual([100, 200, 100, 404]);
});
