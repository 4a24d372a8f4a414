import { expect, test } from 'vitest';
import { register as fault } from '../../src/cli/commands/fault.ts';
import { sendJson, sendProblem, startStub } from '../client/stub-server.ts';
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
