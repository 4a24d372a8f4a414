// A CONNECT that is sent before earlier requests of its connection are answered.

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

const CONNECT = 'CONNECT /replica/snapshot HTTP/1.1\r\nhost: localhost\r\n\r\n';
const APPEND =
  'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
  'content-length: 15\r\n\r\n{"message":"a"}';

async function start(engine: FakeEngine) {
  const server = await startServer({ app: createApp(engine), port: 0, limits: { graceMs: 100 } });
  onTestFinished(() => server.stop());
  const socket = connect(server.port, '127.0.0.1');
  const said = { text: '', bytes: 0 };
  socket.setEncoding('latin1').on('data', (part: string) => {
    said.bytes += part.length;
    said.text = (said.text + part).slice(-2_000);
  });
  const statuses = () => said.text.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [];
  return { socket, said, statuses };
}

test('is refused behind their answers, and talks to nobody', async () => {
  const { socket, said, statuses } = await start(new FakeEngine());
  socket.write(`${APPEND}${APPEND}${CONNECT}more`);
  await once(socket, 'close');
  expect(statuses()).toEqual(['201', '201', '400']);
  expect(said.text).toContain('a CONNECT must wait for the answers');
});

test('does not stop a long answer', async () => {
  const engine = new FakeEngine();
  engine.messages(...Array.from({ length: 16_000 }, () => 'm'.repeat(1_000)));
  const { socket, said } = await start(engine);
  socket.write(`GET /messages HTTP/1.1\r\nhost: localhost\r\n\r\n${CONNECT}`);
  await once(socket, 'close');
  expect(said.bytes).toBeGreaterThan(16_000_000);
  expect(said.text).toContain('a CONNECT must wait for the answers');
});

test('does not hide that its client goes', async () => {
  const engine = new FakeEngine();
  engine.outcome = 'never';
  const { socket } = await start(engine);
  // More than is read ahead where nobody takes it.
  socket.write(`${APPEND}${CONNECT}${'x'.repeat(200_000)}`);
  await expect.poll(() => engine.writes.length).toBe(1);
  socket.destroy();
  await expect.poll(() => engine.aborted).toBe(1);
});
