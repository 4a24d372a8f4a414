// `replog append` that is told to end while nobody reads what it prints.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { sendJson, startStub } from '../client/stub-server.ts';
import { Belongings, ENTRY } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

test.each([
  [['a'], 'the message is stored, at index 3'],
  [['a', 'b'], 'stored are 1 of 2 arguments, the last at index 3'],
])('%j: what is stored is said, though its answer cannot be printed', async (messages, said) => {
  const stored = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };
  const receipt = 'm'.repeat(3 << 20);
  const stub = await startStub((_, response) => sendJson(response, 201, { ...stored, receipt }));
  const child = spawn(process.execPath, [ENTRY, 'append', ...messages, '--url', stub.url], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', REPLOG_RUN_DIR: await belongings.folder() },
  });
  belongings.add(async () => child.kill('SIGKILL'));
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  await once(child.stdout, 'readable');
  child.kill('SIGINT');
  await once(child, 'exit');
  child.stdout.resume();
  await once(child, 'close');
  expect(err).toBe(`replog: ${said}\nreplog: interrupted\n`);
});
