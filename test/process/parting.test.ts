// A node that is stopped while clients send on and on, without waiting for answers.

import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { Group } from './group.ts';
import { Belongings, messages, until } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** Sends appends one behind the other, with so many of them under way, until it cannot any more. */
function pipeline(url: string, name: string, ahead: number) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let said = '';
  let sent = 0;
  const answers = () => said.split('HTTP/1.1 ').slice(1);
  const pump = (): void => {
    while (socket.writable && sent < answers().length + ahead) {
      const body = JSON.stringify({ message: `${name} ${sent}` });
      const type = 'content-type: application/json\r\n';
      const head = `host: localhost\r\n${type}content-length: ${body.length}\r\n`;
      socket.write(`POST /messages HTTP/1.1\r\n${head}\r\n${body}`);
      sent += 1;
    }
  };
  socket.setEncoding('latin1').on('data', (part) => {
    said += part;
    pump();
  });
  socket.on('error', () => {});
  socket.once('connect', pump);
  return { name, answers, closed: once(socket, 'close') };
}

test('whatever was taken is answered, and the last answer says that it is that', async () => {
  const group = await Group.start(belongings, { size: 1, durable: true });
  const clients = ['a', 'b', 'c', 'd'].map((name) => pipeline(group.master, name, 50));
  for (const { answers } of clients) {
    await until(
      async () => answers().length,
      (count) => count > 200,
      'the clients have many answers',
    );
  }
  expect(await group.program(1).kill('SIGTERM')).toEqual({ code: 0, signal: null });
  await Promise.all(clients.map(({ closed }) => closed));
  await group.start(1);
  await group.caughtUp();
  const log = await messages(group.master);
  const lasts: number[] = [];
  for (const { name, answers } of clients) {
    const known = answers().filter((answer) => answer.includes('"index":'));
    expect(known).toHaveLength(log.filter((message) => message.startsWith(name)).length);
    const last = answers().findIndex((answer) => /^connection: close/im.test(answer));
    lasts.push(last);
    // One that owed nothing at that moment is closed without a word.
    expect([-1, answers().length - 1]).toContain(last);
  }
  expect(Math.max(...lasts)).toBeGreaterThan(-1);
});
