// What `replog bench` refuses before it measures anything.

import { expect, test } from 'vitest';
import { refuseUnacknowledged, register } from '../../src/cli/commands/bench.ts';
import { refuseUnmeetable } from '../../src/cli/experiments/bench-refusal.ts';
import type { MasterHealth } from '../../src/client/answers.ts';
import { sendJson, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';

const RUNNING = ['--url', 'http://127.0.0.1:9'];

test.each([
  { args: ['--memory', ...RUNNING], why: '--memory is for a throw-away cluster' },
  { args: ['--secondaries', '4', ...RUNNING], why: '--secondaries is for a throw-away cluster' },
  { args: ['--w', '2', '--compare', '1,2'], why: '--w and --compare exclude each other' },
  { args: ['--throw-away', ...RUNNING], why: '--throw-away and --url exclude each other' },
])('what would be ignored is refused: $why', async ({ args, why }) => {
  const { code, err, out } = await runCommand(register, 'bench', ...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(why);
});

const member = (node: string, status: string, role = 'secondary') => ({
  ...{ node, url: 'http://x:1', role, status, since: new Date().toISOString() },
  ...{ lastHeartbeatMs: 0, ackedIndex: 0, lagEntries: 0, lagMs: 0, attempts: 0 },
  ...{ retryInMs: null, lastError: null },
});

const health = (third: string) => ({
  ...{ node: 'n1', role: 'master', epoch: 1, mode: 'read-write', reason: null },
  ...{ lastIndex: 0, commitIndex: 0, quorum: { size: 3, needed: 2, alive: 2 } },
  members: [member('n1', 'Healthy', 'master'), member('n2', 'Suspected'), member('n3', third)],
});

test.each([
  { args: ['--compare', '1,5'], why: 'a write with w=5 could not be met: ' },
  { args: ['--w', 'all'], why: 'a write with w=all would wait for n3' },
])('a measurement in which nothing could be acknowledged is none: $why', async ({ args, why }) => {
  const stub = await startStub((_, response) => sendJson(response, 200, health('Unhealthy')));
  const ran = await runCommand(register, 'bench', ...args, '--url', stub.url);
  expect(ran.code).toBe(1);
  expect(ran.err).toContain(`replog: ${why}`);
  // It was asked how it is, and for nothing else.
  expect(stub.hits.map(({ path }) => path)).toEqual(['/health']);
});

test('who is only late is waited for; a cluster that has lost its quorum is not', () => {
  const state = health('Unhealthy') as unknown as MasterHealth;
  expect(() => refuseUnmeetable(state, [1, 2, 'majority'], Date.now())).not.toThrow();
  const alone = { ...state, mode: 'read-only', reason: 'no quorum' } as const;
  expect(() => refuseUnmeetable(alone, [1], Date.now())).toThrow('read-only (no quorum)');
});

test('a throw-away cluster is not started for a w that it cannot meet', async () => {
  const own = ['--throw-away', '--secondaries', '1', '--compare', 'all,3'];
  const ran = await runCommand(register, 'bench', ...own);
  expect(ran).toMatchObject({ code: 2, out: '' });
  expect(ran.err).toContain('w=3 cannot be met by a throw-away cluster of 2 nodes');
});

test('a write concern that nothing was acknowledged with is named', () => {
  const met = { w: 1, messages: 9, failed: 2 } as const;
  refuseUnacknowledged([met, { w: 2, messages: 0, failed: 0 }]);
  const unmet = { w: 3, messages: 0, failed: 32 } as const;
  expect(() => refuseUnacknowledged([met, unmet])).toThrow('nothing was acknowledged with w=3');
});
