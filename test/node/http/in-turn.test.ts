// Requests that are sent without waiting for answers.

import { EventEmitter, once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Outcome } from '../../../src/core/effects.ts';
import { logIndex, nodeId } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { inTurn, placed } from '../../../src/node/http/in-turn.ts';
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

test.each(['/messages', '/messages?'])('%s: none overtakes the one ahead', async (target) => {
  const { asked, undecided, socket, statuses } = await waiting();
  const reads = 'GET /kv/a HTTP/1.1\r\nhost: localhost\r\n\r\n';
  socket.write(`${append('one')}${append('two', target)}${REMOVE}${reads}${append('three')}`);
  // The last one waits for what is read, and so for the answers ahead of that.
  await expect.poll(() => asked).toEqual(['one', 'two', 'remove']);
  for (const decide of undecided.toReversed()) decide();
  await expect.poll(() => asked).toEqual(['one', 'two', 'remove', 'three']);
  undecided[3]!();
  await expect.poll(() => statuses().length).toBe(5);
  expect(statuses()).toEqual(['201', '201', '200', '404', '201']);
  socket.destroy();
});

test('as many writes as there are wait at the same time', async () => {
  const { asked, socket } = await waiting();
  const names = Array.from({ length: 50 }, (_, i) => `message ${i}`);
  socket.write(names.map((name) => append(name)).join(''));
  await expect.poll(() => asked).toEqual(names);
  socket.destroy();
});

test('who waits for a word to go on is answered in whole behind another', async () => {
  const { asked, undecided, socket, statuses } = await waiting();
  const expects = append('two').replace('host:', 'expect: 100-continue\r\nhost:');
  socket.write(append('one') + expects);
  await expect.poll(() => asked).toEqual(['one']);
  undecided[0]!();
  await expect.poll(() => asked).toEqual(['one', 'two']);
  undecided[1]!();
  await expect.poll(() => statuses()).toEqual(['201', '100', '201']);
  socket.destroy();
});

test('what follows the last one is not begun', async () => {
  const { asked, undecided, socket, statuses } = await waiting();
  const last = append('last').replace('host:', 'connection: close\r\nhost:');
  socket.write(last + REMOVE + REMOVE);
  await expect.poll(() => asked).toEqual(['last']);
  undecided[0]!();
  await once(socket, 'close');
  expect([asked, statuses()]).toEqual([['last'], ['201']]);
});

test('who goes has gone for all that waits', async () => {
  const { asked, left, socket } = await waiting();
  socket.write(append('one') + append('two'));
  await expect.poll(() => asked).toEqual(['one', 'two']);
  socket.destroy();
  await expect.poll(() => left.length).toBe(2);
});

describe('each request of a connection', () => {
  /** Answers that a connection owes, the first of them next; `taken`: whose handlers have begun. */
  function connection() {
    const socket = Object.assign(new EventEmitter(), { _httpMessage: null as unknown });
    const taken: string[] = [];
    const take = inTurn((incoming) => void taken.push(incoming.url!));
    const arrives = (url: string, method = 'POST'): ServerResponse => {
      const outgoing = new EventEmitter() as ServerResponse;
      socket._httpMessage ??= outgoing;
      take({ socket, url, method, headers: {} } as unknown as IncomingMessage, outgoing);
      return outgoing;
    };
    return { arrives, taken };
  }

  test('begins once, when the one ahead has its place, and that turn is over', async () => {
    const { arrives, taken } = connection();
    const first = arrives('one');
    arrives('two');
    placed(first);
    expect(taken).toEqual(['one']);
    await Promise.resolve();
    expect(taken).toEqual(['one', 'two']);
    first.emit('close');
    expect(taken).toEqual(['one', 'two']);
  });

  test('begins at once where the one ahead has its place already, unless it reads', () => {
    const { arrives, taken } = connection();
    placed(arrives('one'));
    const second = arrives('two');
    placed(second);
    arrives('three', 'GET');
    expect(taken).toEqual(['one', 'two']);
    second.emit('close');
    expect(taken).toEqual(['one', 'two', 'three']);
  });
});
