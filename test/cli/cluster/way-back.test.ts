// The commands that hints name: they find the cluster that the hint is about.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, onTestFinished, test, vi } from 'vitest';
import { AIMED, aimed, wayToAnswer } from '../../../src/cli/cluster/way-back.ts';
import { register as append } from '../../../src/cli/commands/append.ts';
import { register as backup } from '../../../src/cli/commands/backup.ts';
import { register as bench } from '../../../src/cli/commands/bench.ts';
import { register as explain } from '../../../src/cli/commands/explain.ts';
import { register as fault } from '../../../src/cli/commands/fault.ts';
import { register as health } from '../../../src/cli/commands/health.ts';
import { register as list } from '../../../src/cli/commands/list.ts';
import { register as whatIf } from '../../../src/cli/commands/what-if.ts';
import { COMMANDS } from '../../../src/cli/main.ts';
import { newProgram } from '../../../src/cli/program.ts';
import { register } from '../../../src/cluster/files/registry.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../../client/stub-server.ts';
import { runCommand } from '../command-run.ts';
import { isolate } from '../isolation.ts';

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
  ['`replog kv get k --json` tells', { name: 'a' }, '`replog kv get k --json --name a` tells'],
  [
    "`replog outcome 'a`b'` tells, `replog ps` too",
    { name: 'a' },
    "`replog outcome 'a`b' --name a` tells, `replog ps --name a` too",
  ],
  [
    "`replog outcome 'it'\\''s`'` tells",
    { name: 'a' },
    "`replog outcome 'it'\\''s`' --name a` tells",
  ],
  ['`replog verify` says more', { name: 'a' }, '`replog verify` says more'],
])('%s, %j', (hint, options, said) => {
  expect(aimed(hint, options)).toBe(said);
});

test('every command that takes --url is aimed, and no other', () => {
  const program = newProgram();
  for (const add of COMMANDS) add(program);
  const looks = ({ options, commands }: Command): boolean =>
    options.some(({ long }) => long === '--url') || commands.some(looks);
  const names = program.commands.filter(looks).map((command) => command.name());
  expect([...AIMED].sort()).toEqual(names.sort());
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

test('without a quorum of single nodes nobody is sent to a launcher', async () => {
  const missing = ['n2', 'n3', 'n4'];
  const stub = await startStub(({ path }, response) =>
    path === '/cluster'
      ? sendProblem(response, 404, 'not-found')
      : sendProblem(response, 503, 'no-quorum', { alive: 2, needed: 3, missing }),
  );
  const ran = await runCommand(append, 'append', 'a', '--url', stub.url, '--timeout', '1ms');
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(
    'hint: no launcher is known: start n2, n3 and n4 again where they ran, as before\n',
  );
});

test('without a master of single nodes nobody is sent to a launcher', async () => {
  const stub = await startStub(({ path }, response) =>
    path === '/cluster'
      ? sendProblem(response, 404, 'not-found')
      : sendProblem(response, 503, 'no-master'),
  );
  const ran = await runCommand(append, 'append', 'a', '--url', stub.url, '--timeout', '1ms');
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('hint: no launcher is known: start the master again where it ran, ');
});

/** A launcher, whose cluster of two has an empty log. */
async function launcher() {
  const member = (id: string) => ({ ...node(id, 'running'), url: `${stub.url}/${id}` });
  const stub = await startStub(({ path }, response) => {
    const [n1, n2] = [member('n1'), member('n2')];
    if (path === '/health') {
      sendJson(response, 200, { role: 'arbiter', master: n1, members: [n1, n2] });
    } else if (path === '/cluster') {
      sendJson(response, 200, { name: 'one', nodes: [n1, n2], removed: [] });
    } else sendProblem(response, 404, 'not-found');
  });
  return { url: stub.url, nodes: [member('n1'), member('n2')] };
}

/** As its launcher announces it; withdrawn when the test is over. */
function announce({ url, nodes }: Awaited<ReturnType<typeof launcher>>): void {
  const folder = mkdtempSync(join(tmpdir(), 'replog-way-back-'));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const [control, master] = [url, `${url}/n1`];
  const registration = register(
    { name: 'one', pid: process.pid, control, arbiter: control, master, nodes, dataDir: null },
    folder,
  );
  onTestFinished(() => {
    registration.remove();
    rmSync(folder, { recursive: true });
  });
}

test("the control port of a launcher is called so, and the nodes' places are told", async () => {
  const { url } = await launcher();
  const ran = await runCommand(list, 'list', '--url', url);
  expect(ran.code).toBe(2);
  expect(ran.err).toBe(
    `replog: ${url} is the control port of a cluster's launcher, not a node\n` +
      `hint: give a node's --url: ${url}/n1 (n1, master), ${url}/n2 (n2)\n`,
  );
});

test.each([
  ['list', ['list']],
  ['list --follow', ['list', '--follow']],
  ['explain', ['explain', '1']],
  ['fault', ['fault', 'show']],
  ['backup', ['backup', '/nonexistent/file']],
])('so it is where it is given as NODE: %s', async (_, [name, ...args]) => {
  const { url } = await launcher();
  // NODE comes first, except behind the index of `explain`.
  const line = name === 'explain' ? [name, ...args, url] : [name!, url, ...args];
  const ran = await runCommand([list, explain, fault, backup], ...line);
  expect([ran.code, ran.out, ran.err]).toEqual([
    2,
    '',
    `replog: ${url} is the control port of a cluster's launcher, not a node\n` +
      `hint: give a node's: ${url}/n1 (n1, master), ${url}/n2 (n2)\n`,
  ]);
});

test('bench measures no launcher', async () => {
  const { url } = await launcher();
  const ran = await runCommand(bench, 'bench', '--url', url, '--seconds', '1');
  expect([ran.code, ran.out]).toEqual([2, '']);
  expect(ran.err).toContain("is the control port of a cluster's launcher, not a node\nhint: give");
});

test.each([
  ['explain', ['1']],
  ['explain', ['1', 'n2']],
  ['what-if', ['kill', 'n2']],
  ['list', ['n2']],
])('an arbiter that nobody has joined is said to be that: %s %j', async (name, args) => {
  const alone = { role: 'arbiter', master: null, members: [] };
  const stub = await startStub((_, response) => sendJson(response, 200, alone));
  const ran = await runCommand([explain, list, whatIf], name, ...args, '--url', stub.url);
  expect([ran.code, ran.err]).toEqual([
    1,
    `replog: ${stub.url} is an arbiter that no node has joined yet\n` +
      `hint: \`replog node --join ${stub.url}\` starts one\n`,
  ]);
});

test('where the cluster is known here, the control port can be left out', async () => {
  const launched = await launcher();
  announce(launched);
  const ran = await runCommand(list, 'list', '--url', launched.url);
  expect(ran.err).toContain("\nhint: leave out --url, or give a node's: ");
});

test('a hint about a cluster that was found by its control port leads to its nodes', async () => {
  const launched = await launcher();
  announce(launched);
  const ran = await runCommand([explain, list, health], 'explain', '1', '--url', launched.url);
  expect(ran.err).toBe(
    'replog: there is no operation 1\nhint: `replog list --name one` shows what is there; ' +
      '`replog health --name one` the last index\n',
  );
});

test('nothing answers where no launcher is known: nobody is sent to one', async () => {
  const url = await deadUrl();
  const named = await runCommand(append, 'append', 'a', '--url', url, '--timeout', '1ms');
  expect(named.code).toBe(3);
  expect(named.err).toContain(
    'hint: no launcher here knows that address: start what was there again where it ran, as' +
      ' before, or a cluster with `replog cluster`\n',
  );
});

test('nothing answers, and nobody said where: a cluster is to be started', async () => {
  // The default port may be in use on the machine that runs the tests.
  expect(await wayToAnswer('http://127.0.0.1:4000', {})).toBe(
    'start a cluster with `replog cluster`, or name a node with --url',
  );
});

test.each([
  ['paused', 'resume'],
  ['exited', 'start'],
])('where a node does not answer that is %s, its launcher knows: %s', async (state, verb) => {
  const url = await deadUrl();
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { name: 'one', nodes: [{ ...node('n1', state), url }], removed: [] }),
  );
  announce({ url: stub.url, nodes: [{ ...node('n1', state), url }] });
  const ran = await runCommand(append, 'append', 'a', '--url', url, '--timeout', '1ms');
  expect(ran.code).toBe(3);
  expect(ran.err).toContain(`hint: bring it back with \`replog ${verb} n1`);
});

test('where a node does not answer that a launcher knows, its commands are named', async () => {
  const url = await deadUrl();
  announce({ url, nodes: [] });
  const ran = await runCommand(append, 'append', 'a', '--url', url, '--timeout', '1ms');
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('hint: `replog ps` shows what runs; `replog start NODE` or ');
});
