// A data folder that is moved away while its node runs. The rule: what cannot be written there is
// not acknowledged, the node says why, and goes on when the folder is back.

import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Belongings, call, freePorts, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

test('G1, G15: a folder that is moved away and comes back', async () => {
  const folder = join(await belongings.folder(), 'n1');
  const port = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const args = ['master', '--id', 'n1', '--port', `${port}`, '--json', '--data-dir', folder];
  let program = belongings.program(args);
  const ready = () =>
    until(
      () => call('GET', `${url}/readyz`),
      ({ status }) => status === 200,
      'it is ready',
    );
  const append = (message: string) =>
    call('POST', `${url}/messages`, { message, timeoutMs: 1_500 });
  const logged = () => program.stderr.split('\n').filter((line) => line !== '');
  await ready();
  // The next segment begins behind 8 MiB.
  const messages = Array.from({ length: 10 }, () => 'x'.repeat(1 << 20));
  expect((await call('POST', `${url}/messages/batch`, { messages })).status).toBe(201);

  await rename(folder, `${folder}-away`);
  const late = await append('there is no place for the next segment');
  expect(late).toMatchObject({ status: 504, body: { index: 11, acks: [] } });
  await until(
    async () => logged(),
    (lines) => lines.length > 0,
    'it says why',
  );
  expect(JSON.parse(logged()[0]!)).toMatchObject({
    level: 'warn',
    error: expect.stringContaining('ENOENT'),
    msg: expect.stringContaining('the data folder is gone: put it back'),
  });
  expect((await append('nor for this')).status).toBe(504);
  expect(logged()).toHaveLength(1);

  await rename(`${folder}-away`, folder);
  expect(await append('it is back')).toMatchObject({ status: 201, body: { index: 13 } });
  expect(await program.kill('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  program = belongings.program(args);
  await program.event('listening');
  await ready();
  const { body } = await call('GET', `${url}/messages?from=11`);
  expect(body.messages).toEqual([
    'there is no place for the next segment',
    'nor for this',
    'it is back',
  ]);
});
