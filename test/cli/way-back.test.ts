// The commands that hints name: they find the cluster that the hint is about.

import { expect, test } from 'vitest';
import { register as append } from '../../src/cli/commands/append.ts';
import { aimed } from '../../src/cli/way-back.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

test.each([
  ['`replog ps` shows it', {}, '`replog ps` shows it'],
  ['`replog ps` shows it', { name: 'a' }, '`replog ps --name a` shows it'],
  ['see `replog health`', { url: 'http://x:1' }, 'see `replog health --url http://x:1`'],
  [
    '`replog ps` and `replog start n2`',
    { name: 'a' },
    '`replog ps --name a` and `replog start n2 --name a`',
  ],
  ['`replog stop --name b` ends it', { name: 'a' }, '`replog stop --name b` ends it'],
  ['`replog cluster` starts one', { name: 'a' }, '`replog cluster` starts one'],
  ['`replog verify` says more', { name: 'a' }, '`replog verify` says more'],
])('%s, %j', (hint, options, said) => {
  expect(aimed(hint, options)).toBe(said);
});

const node = (id: string, state: string) => ({
  node: id,
  role: null,
  url: 'http://x',
  pid: 1,
  state,
});

test('without a quorum: who is paused is to be resumed, who has ended to be started', async () => {
  const nodes = [node('n1', 'running'), node('n2', 'paused'), node('n3', 'exited')];
  const stub = await startStub(({ path }, response) =>
    path === '/cluster'
      ? sendJson(response, 200, { name: 'one', nodes, removed: [] })
      : sendProblem(response, 503, 'no-quorum', { alive: 1, needed: 2, missing: ['n2', 'n3'] }),
  );
  const ran = await runCommand(append, 'append', 'a', '--url', stub.url, '--timeout', '1ms');
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(
    `bring them back with \`replog resume n2 --url ${stub.url}\`` +
      ` and \`replog start n3 --url ${stub.url}\`\n`,
  );
});

test('a URL where nothing answers is not asked for what runs', async () => {
  const ran = await runCommand(append, 'append', 'a', '--url', await deadUrl(), '--timeout', '1ms');
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('hint: `replog ps` shows');
});
