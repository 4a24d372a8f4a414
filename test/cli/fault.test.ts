import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { register as fault } from '../../src/cli/commands/fault.ts';
import { register } from '../../src/cluster/files/registry.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

const REPORT = { faults: { errorAfter: 0.3 }, hits: { delay: 0, errorAfter: 4 } };

test('fault sets, shows and clears at a URL, without a launcher', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, REPORT));
  const set = await runCommand(fault, 'fault', stub.url, 'error-after=0.3', 'seed=1');
  expect(set).toEqual({ code: 0, out: `${stub.url}: error-after=0.3\n`, err: '' });
  const shown = await runCommand(fault, 'fault', stub.url, 'show');
  expect(shown.out).toBe(`${stub.url}: error-after=0.3 (struck: error-after 4)\n`);
  const json = await runCommand(fault, 'fault', stub.url, 'clear', '--json');
  expect(JSON.parse(json.out)).toEqual({ node: stub.url, url: stub.url, ...REPORT });
  expect(stub.hits.map((hit) => [hit.method, hit.json])).toEqual([
    ['PUT', { errorAfter: 0.3, seed: 1 }],
    ['GET', undefined],
    ['GET', undefined],
    ['DELETE', undefined],
    ['GET', undefined],
  ]);
});

test('fault on a node without --faults is refused with a hint', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 404, 'not-found'));
  const ran = await runCommand(fault, 'fault', stub.url, 'hold');
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/hint: start the node with --faults/);
});

test.each([[['n1']], [['n1', 'delay']], [['n1', 'clear', 'hold']], [['n1', 'nonsense=1']]])(
  'fault %j is exit 2, before anybody is asked',
  async (args) => {
    const ran = await runCommand(fault, 'fault', ...args, '--url', 'http://127.0.0.1:1');
    expect(ran).toMatchObject({ code: 2, out: '' });
  },
);

test('fault all: of a node that does not answer the others are not left out', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, { faults: {}, hits: {} }));
  const [gone, mute] = [await deadUrl(), await deadUrl()];
  let urls = [gone, stub.url, mute];
  const launcher = await startStub((_, response) => {
    const nodes = urls.map((url, i) => ({ node: `n${i + 1}`, role: null, url }));
    sendJson(response, 200, { name: 'one', nodes, removed: [] });
  });
  const folder = await mkdtemp(join(tmpdir(), 'replog-run-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const { url } = launcher;
  const nodes = [{ node: 'n1', role: null, url: gone, pid: null }];
  const cluster = { control: url, arbiter: url, master: null, nodes, dataDir: null };
  register({ name: 'one', pid: process.pid, ...cluster });
  const ran = await runCommand(fault, 'fault', 'all', 'clear');
  expect(ran).toMatchObject({ code: 3, out: 'n2: no faults\n' });
  expect(ran.err).toMatch(new RegExp(`^replog: [^;]* at ${gone} .*; [^;]* at ${mute} .*\nhint: `));
  expect(stub.hits.map(({ method }) => method)).toEqual(['DELETE', 'GET']);
  urls = [gone, stub.url];
  expect(await runCommand(fault, 'fault', 'all', 'show')).toMatchObject({
    code: 3,
    out: 'n2: no faults\n',
  });
});
