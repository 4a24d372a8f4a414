// What `replog append -` is given as its standard input.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { sendJson, startStub } from '../client/stub-server.ts';
import { Belongings, ENTRY } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

test('a folder is no input: it is exit 2, and nobody is asked', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, {}));
  const folder = await belongings.folder();
  const input = openSync(folder, 'r');
  const child = spawn(process.execPath, [ENTRY, 'append', 'one', '-', '--url', stub.url], {
    stdio: [input, 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', REPLOG_RUN_DIR: folder },
  });
  belongings.add(async () => child.kill('SIGKILL'));
  closeSync(input);
  let said = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  expect([code, said]).toEqual([
    2,
    'replog: standard input is a folder\nhint: give a file: replog append - < FILE\n',
  ]);
  expect(stub.hits).toEqual([]);
});
