// What is foreseen while the launcher knows more than the master.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { register as append } from '../../../src/cli/commands/append.ts';
import { register as whatIf } from '../../../src/cli/commands/what-if.ts';
import { register } from '../../../src/cluster/files/registry.ts';
import { sendJson, sendProblem, startStub } from '../../client/stub-server.ts';
import { runCommand } from '../command-run.ts';
import { isolate } from '../isolation.ts';

isolate();

/** A registered cluster of three, whose n2 is in this state to its launcher; null: the launcher
 * tells nothing. `status`: n2's to the master. `third`: n3's state to the launcher. */
async function clusterWith(
  state: string | null,
  status = 'Healthy',
  third = 'running',
): Promise<void> {
  const none = { lastHeartbeatMs: 0, ackedIndex: 4, lagEntries: 0, lagMs: 0, attempts: 0 };
  const names = ['n1', 'n2', 'n3'];
  const stub = await startStub(({ path }, response) => {
    const role = (node: string) => (node === 'n1' ? 'master' : 'secondary');
    if (path === '/health') {
      const since = '2030-01-01T00:00:00.000Z';
      const rest = (node: string) => ({
        status: node === 'n2' ? status : 'Healthy',
        since,
        ...none,
      });
      sendJson(response, 200, {
        ...{ node: 'n1', role: 'master', epoch: 1, mode: 'read-write', reason: null },
        ...{ lastIndex: 4, commitIndex: 4, quorum: { size: 3, needed: 2, alive: 3 } },
        members: names.map((node) => ({ node, url: stub.url, role: role(node), ...rest(node) })),
      });
    } else if (path === '/cluster' && state !== null) {
      const nodes = names.map((node) => ({
        ...{ node, role: role(node), url: stub.url, pid: 1 },
        state: { n2: state, n3: third }[node] ?? 'running',
      }));
      sendJson(response, 200, { name: 'one', nodes, removed: [] });
    } else sendProblem(response, 503, 'not-ready');
  });
  const folder = mkdtempSync(join(tmpdir(), 'replog-unnoticed-'));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const nodes = names.map((node) => ({ node, role: null, url: stub.url, pid: process.pid }));
  const at = { control: stub.url, arbiter: stub.url, master: stub.url };
  const registration = register(
    { name: 'one', pid: process.pid, ...at, nodes, dataDir: null },
    folder,
  );
  onTestFinished(() => {
    registration.remove();
    rmSync(folder, { recursive: true });
  });
}

const foreseen = async (...words: readonly string[]): Promise<string[]> =>
  (await runCommand(whatIf, 'what-if', ...words)).out.trimEnd().split('\n');

test.each([
  ['stopped', 'stopped'],
  ['exited', 'down'],
  ['paused', 'paused'],
])('what-if: a node that is %s does not keep the quorum, noticed or not', async (state, word) => {
  await clusterWith(state);
  expect((await foreseen('kill', 'n3')).slice(0, 2)).toEqual([
    `n2 is ${word}, which the master has yet to notice`,
    'the cluster becomes read-only, at the latest 4 s later: 1 of 3 alive, 2 needed',
  ]);
  // What is thought of a node that is named says all there is.
  expect((await foreseen('kill', 'n2'))[0]).toBe(
    'the cluster stays read-write: 2 of 3 alive, 2 needed',
  );
});

test('what-if: of what the master has noticed nothing else is said', async () => {
  await clusterWith('exited', 'Unhealthy');
  expect((await foreseen('kill', 'n3'))[0]).toBe(
    'the cluster becomes read-only, at the latest 4 s later: 1 of 3 alive, 2 needed',
  );
});

test.each(['running', null])('what-if: otherwise the master is believed (%s)', async (state) => {
  await clusterWith(state);
  expect((await foreseen('kill', 'n3'))[0]).toBe(
    'the cluster stays read-write: 2 of 3 alive, 2 needed',
  );
});

const tried = async (w: string): Promise<string[]> =>
  (await runCommand(append, 'append', '--dry-run', '--w', w)).out.trimEnd().split('\n');

test('append --dry-run: a node that is gone is waited for, noticed or not', async () => {
  await clusterWith('exited');
  const noted = 'n2 is down, which the master has yet to notice';
  const outlook = [
    'satisfiable now: w ≤ 2',
    'killing n3 next makes the cluster read-only (so does killing n1)',
  ];
  // Since when it is gone the master does not know: no time is told.
  expect(await tried('all')).toEqual([noted, 'would wait for n2', ...outlook]);
  const answered = 'would be answered at once: n1 and n3 are Healthy';
  expect(await tried('majority')).toEqual([noted, answered, ...outlook]);
});

test('append --dry-run: what becomes of the cluster when the master has noticed', async () => {
  await clusterWith('paused', 'Healthy', 'stopped');
  expect(await tried('majority')).toEqual([
    'n2 is paused, which the master has yet to notice',
    'n3 is stopped, which the master has yet to notice',
    'would wait for 1 of n2 and n3',
    'satisfiable now: w ≤ 1',
    'the cluster becomes read-only, at the latest 4 s later: 1 of 3 alive, 2 needed',
  ]);
});

test.each(['running', null])(
  'append --dry-run: otherwise the master is believed (%s)',
  async (state) => {
    await clusterWith(state);
    expect((await tried('all'))[0]).toBe('would be answered at once: n1, n2 and n3 are Healthy');
  },
);
