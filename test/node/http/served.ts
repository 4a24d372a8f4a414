// A node's server for tests, clients that speak to it in bytes or JSON, and its end.

import { connect, type Socket } from 'node:net';
import { expect, onTestFinished } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { type Clock, systemClock } from '../../../src/node/clock.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import {
  type RunningServer,
  type ServerLimits,
  startServer,
} from '../../../src/node/http/server.ts';
import { FakeEngine } from '../fake-engine.ts';

/** Stops when the test is over. A hook of this file would be one of the first test file alone that
 * loads it. */
export function stopAfterwards(server: RunningServer): void {
  onTestFinished(() => server.stop());
}

/** A node's server over an engine that answers from memory. */
export async function start(limits: Partial<ServerLimits> = {}, clock: Clock = systemClock()) {
  const engine = new FakeEngine();
  const stopping = new AbortController();
  const faults = new Faults(clock);
  const app = createApp(engine, { stopping: stopping.signal, faults, clock });
  const server = await startServer({ app, port: 0, stopping, limits: { graceMs: 500, ...limits } });
  stopAfterwards(server);
  return { engine, server, faults };
}

/** Speaks to the server in bytes and collects what it says until it closes. */
export function raw(
  server: RunningServer,
  text: string,
): { socket: Socket; said: Promise<string> } {
  const socket = connect(server.port, '127.0.0.1');
  const said = new Promise<string>((resolve) => {
    let all = '';
    socket.on('data', (chunk) => {
      all += chunk;
    });
    socket.on('error', () => resolve(all));
    socket.on('close', () => resolve(all));
  });
  socket.write(text);
  return { socket, said };
}

/** Posts JSON. */
export const post = (server: RunningServer, path: string, body: unknown, signal?: AbortSignal) =>
  fetch(`${server.url}${path}`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    ...(signal === undefined ? {} : { signal }),
  });

/** A client that waits until `answer` is called. */
export async function waitingClient({
  server,
  engine,
}: {
  server: RunningServer;
  engine: FakeEngine;
}) {
  let settle: (outcome: { type: 'ShuttingDown' }) => void = () => {};
  engine.write = () =>
    new Promise((resolve) => {
      settle = resolve;
      engine.writes.push({} as never);
    });
  const waiting = post(server, '/messages', { message: 'a' });
  await expect.poll(() => engine.writes.length).toBe(1);
  return { waiting, answer: (outcome: { type: 'ShuttingDown' }) => settle(outcome) };
}
