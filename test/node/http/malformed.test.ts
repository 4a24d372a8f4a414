import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

const stored = (index: number): Outcome => ({
  type: 'Stored',
  first: logIndex(index),
  last: logIndex(index),
  acks: [nodeId('n1')],
  duplicate: false,
});

/** A server whose writes wait until the test decides them, and a connection to it. */
async function waiting() {
  const undecided: ((outcome: Outcome) => void)[] = [];
  const engine = new FakeEngine();
  engine.write = () => new Promise((resolve) => undecided.push(resolve));
  const server = await startServer({ app: createApp(engine), port: 0, limits: { graceMs: 100 } });
  onTestFinished(() => server.stop());
  const socket = connect(server.port, '127.0.0.1');
  return { undecided, socket, said: answersOn(socket) };
}

function answersOn(socket: Socket): { text: string } {
  const said = { text: '' };
  socket
    .on('error', () => {})
    .on('data', (part) => {
      said.text += part;
    });
  return said;
}

const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const APPEND =
  'POST /messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
  'content-length: 15\r\n\r\n{"message":"a"}';

test('what is no HTTP is refused after what was asked before it has been answered', async () => {
  const { undecided, socket, said } = await waiting();
  socket.write(`${APPEND}${APPEND}noise\r\n\r\n`);
  await expect.poll(() => undecided.length).toBe(2);
  socket.write('more noise');
  undecided[1]!(stored(2));
  undecided[0]!(stored(1));
  await once(socket, 'close');
  expect(statuses(said.text)).toEqual([201, 201, 400]);
  expect([...said.text.matchAll(/"index":(\d)/g)].map(([, index]) => index)).toEqual(['1', '2']);
});

test('who goes while an earlier answer is owed leaves nothing behind', async () => {
  const { undecided, socket, said } = await waiting();
  socket.write(`${APPEND}noise\r\n\r\n`);
  await expect.poll(() => undecided.length).toBe(1);
  socket.destroy();
  await once(socket, 'close');
  undecided[0]!(stored(1));
  expect(said.text).toBe('');
});

test('a body that is no HTTP is refused at once: no answer to its request is owed', async () => {
  const { undecided, socket, said } = await waiting();
  socket.write(`${APPEND.replace('content-length: 15', 'transfer-encoding: chunked')}`);
  await once(socket, 'close');
  expect([statuses(said.text), undecided.length]).toEqual([[400], 0]);
});

test('no HTTP, again and again, makes nothing pile up behind the answer that is owed', async () => {
  const warned: string[] = [];
  const note = (warning: Error) => warned.push(warning.name);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const { undecided, socket, said } = await waiting();
  let refused = 0;
  socket.setNoDelay(true).write(`${APPEND}noise\r\n\r\n`);
  await expect.poll(() => undecided.length).toBe(1);
  for (let times = 0; times < 20; times += 1) {
    socket.write('more noise\r\n\r\n');
    // When a later connection is answered, what this one has sent has arrived.
    const other = connect(socket.remotePort!, '127.0.0.1');
    const answer = answersOn(other);
    other.end('no HTTP\r\n\r\n');
    await once(other, 'close');
    refused += statuses(answer.text).length;
  }
  undecided[0]!(stored(1));
  await once(socket, 'close');
  expect(statuses(said.text)).toEqual([201, 400]);
  expect([refused, warned]).toEqual([20, []]);
});
