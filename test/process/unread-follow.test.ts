// `replog list --follow` whose output nobody reads for longer than a node waits for a client.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, expect, test } from 'vitest';
import { createApp } from '../../src/node/api/app.ts';
import { type ServerOptions, startServer } from '../../src/node/http/server.ts';
import { FakeEngine } from '../node/fake-engine.ts';
import { Belongings, ENTRY } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const COUNT = 32_000;
const text = (n: number): string => `${n} ${'m'.repeat(1_000)}`;

/** A node that waits 200 ms for a client, and what becomes of the streams that it sends. */
async function impatient() {
  const engine = new FakeEngine();
  engine.messages(...Array.from({ length: COUNT }, (_, n) => text(n)));
  const stopping = new AbortController();
  const node = createApp(engine, { stopping: stopping.signal });
  const streams = { begun: 0, cut: () => {} };
  const cut = new Promise<void>((resolve) => {
    streams.cut = resolve;
  });
  const fetch: ServerOptions['app']['fetch'] = (request, env) => {
    if (request.headers.get('accept') === 'text/event-stream') {
      streams.begun += 1;
      env.outgoing.once('close', streams.cut);
    }
    return node.fetch(request, env);
  };
  const limits = { standstillMs: 200, graceMs: 100 };
  const server = await startServer({ app: { fetch }, port: 0, stopping, limits });
  belongings.add(() => server.stop());
  return { engine, url: server.url, streams, cut };
}

test('goes on where it was once it is read again, with nothing left out or twice', async () => {
  const { engine, url, streams, cut } = await impatient();
  const child = spawn(process.execPath, [ENTRY, 'list', '--follow', '--url', url], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  belongings.add(async () => void child.kill('SIGKILL'));
  let complaints = '';
  child.stderr.on('data', (part) => {
    complaints += part;
  });
  await cut;
  expect(streams.begun).toBe(1);
  let next = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    // Line by line: a list of what was expected would be 32 MB.
    if (line !== text(next)) expect(line).toBe(text(next));
    next += 1;
    if (next === COUNT) engine.messages(text(COUNT));
    if (next > COUNT) break;
  }
  expect(streams.begun).toBe(2);
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  expect([await exited, complaints]).toEqual([[0, null], '']);
});
