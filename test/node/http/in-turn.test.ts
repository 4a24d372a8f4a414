// Requests that are sent without waiting for answers.

import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { startServer } from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

/** A server that notes what it is asked to write; each write waits until it is decided. */
async function waiting() {
  const asked: string[] = [];
  const undecided: (() => void)[] = [];
  const engine = new FakeEngine();
  const left: string[] = [];
  engine.write = ({ operations: [operation] }, departure) => {
    departure?.addEventListener('abort', () => left.push(asked.at(-1)!), { once: true });
    asked.push(operation!.op === 'append' ? operation!.message : operation!.op);
    const acks = [nodeId('n1')];
    const place = logIndex(asked.length);
    const stored: Outcome = { type: 'Stored', first: place, last: place, acks, duplicate: false };
    return new Promise((resolve) => undecided.push(() => resolve(stored)));
  };
  const server = await startServer({ app: createApp(engine), port: 0, limits: { graceMs: 100 } });
  onTestFinished(() => server.stop());
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  let said = '';
  socket.on('data', (part) => {
    said += part;
  });
  return {
    asked,
    left,
    undecided,
    socket,
    statuses: () => said.match(/(?<=HTTP\/1\.1 )\d{3}/g) ?? [],
  };
}

const append = (message: string, target = '/messages'): string => {
  const body = JSON.stringify({ message });
  const headers = `host: localhost\r\ncontent-type: application/json\r\n`;
  return `POST ${target} HTTP/1.1\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`;
};

const REMOVE = 'DELETE /kv/a HTTP/1.1\r\nhost: localhost\r\n\r\n';

test.each(['/messages', '/messages?'])('%s: none works before the one ahead', async (target) => {
  const { asked, undecided, socket, statuses } = await waiting();
  socket.write(`${append('one')}${append('two', target)}${REMOVE}${append('three')}`);
  for (const [place, name] of ['one', 'two', 'remove', 'three'].entries()) {
    await expect.poll(() => asked.length).toBe(place + 1);
    expect(asked.at(-1)).toBe(name);
    undecided[place]!();
  }
  await expect.poll(() => statuses().length).toBe(4);
  expect(statuses()).toEqual(['201', '201', '200', '201']);
  socket.destroy();
});

test('what waits when its connection ends is not begun', async () => {
  const gone = await waiting();
  gone.socket.write(append('one') + REMOVE);
  await expect.poll(() => gone.asked.length).toBe(1);
  gone.socket.destroy();
  await expect.poll(() => gone.left).toEqual(['one']);
  gone.undecided[0]!();
  const last = await waiting();
  const closing = append('one').replace('host:', 'connection: close\r\nhost:');
  last.socket.write(closing + REMOVE);
  await expect.poll(() => last.asked.length).toBe(1);
  last.undecided[0]!();
  await once(last.socket, 'close');
  expect(last.statuses()).toEqual(['201']);
  expect([gone.asked, last.asked]).toEqual([['one'], ['one']]);
});
