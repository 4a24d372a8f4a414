import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { register as add } from '../../src/cli/commands/add.ts';
import { register as control } from '../../src/cli/commands/control.ts';
import { register as ps } from '../../src/cli/commands/ps.ts';
import { register as removal } from '../../src/cli/commands/rm.ts';
import { REAL_PACE } from '../../src/client/pace.ts';
import { register } from '../../src/cluster/files/registry.ts';
import { markOf } from '../../src/cluster/process/liveness.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';
import { launch, NODES } from './launcher-stub.ts';

isolate();

const NOWHERE = 'http://127.0.0.1:1';

/** A cluster of which nobody answers. */
const NOBODY = { control: NOWHERE, arbiter: NOWHERE, master: null, nodes: [], dataDir: null };

/** Until the test is over, clusters are looked for in this folder alone. */
async function ownRunFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'replog-run-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  return folder;
}

/** A process that has begun its script, and ends with the test at the latest. */
async function running(script: string) {
  const child = spawn('sh', ['-c', script]);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test.each(['stop', 'start', 'restart', 'kill', 'pause', 'resume'])(
  '%s asks the launcher, node by node, with the token',
  async (verb) => {
    vi.stubEnv('REPLOG_TOKEN', 'secret');
    const stub = await startStub(launch);
    const ran = await runCommand(control, verb, 'all', '--url', stub.url);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out.trim().split('\n')).toHaveLength(3);
    expect(stub.hits.map((hit) => `${hit.method} ${hit.path}`)).toEqual([
      'GET /cluster',
      `POST /cluster/nodes/n1/${verb}`,
      `POST /cluster/nodes/n2/${verb}`,
      `POST /cluster/nodes/n3/${verb}`,
    ]);
    for (const hit of stub.hits) expect(hit.headers.authorization).toBe('Bearer secret');
  },
);

test('a verb, and rm, take several nodes; if one of them is unknown, none is touched', async () => {
  const stub = await startStub(launch);
  const killed = await runCommand(control, 'kill', 'n3', 'n2', '--url', stub.url);
  expect(killed).toMatchObject({ code: 0, err: '' });
  const removed = await runCommand(removal, 'rm', 'n2', 'secondary', '--url', stub.url);
  expect(removed).toEqual({ code: 0, out: 'n2 removed\n', err: '' });
  const unknown = await runCommand(control, 'stop', 'n1', 'n9', '--url', stub.url);
  expect(unknown).toMatchObject({ code: 2, out: '' });
  const changes = stub.hits.filter(({ method }) => method !== 'GET');
  expect(changes.map(({ path }) => path)).toEqual([
    '/cluster/nodes/n3/kill',
    '/cluster/nodes/n2/kill',
    '/cluster/nodes/n2',
  ]);
});

test('a verb says what was done; --json gives the node', async () => {
  const again = { ...NODES[0], pid: 21 };
  const stub = await startStub((hit, response) =>
    hit.path.endsWith('/restart') ? sendJson(response, 200, again) : launch(hit, response),
  );
  const text = await runCommand(control, 'restart', 'master', '--url', stub.url);
  expect(text.out).toBe('n1 restarted  master at http://x:1, pid 21\n');
  const json = await runCommand(control, 'kill', 'secondary:2', '--json', '--url', stub.url);
  expect(JSON.parse(json.out)).toEqual(NODES[2]);
});

test('a verb says so where there was nothing to do', async () => {
  const stub = await startStub(launch);
  const running = await runCommand(control, 'start', 'n1', '--url', stub.url);
  expect(running.out).toBe('n1 is running already  master at http://x:1, pid 11\n');
  const stopped = await runCommand(control, 'stop', 'n3', '--url', stub.url);
  expect(stopped.out).toBe('n3 is stopped already\n');
});

test('a node that is in no state for a verb does not keep it from the others', async () => {
  const states = ['n1', 'n2'];
  const stub = await startStub((hit, response) => {
    const id = hit.path.split('/')[3] ?? '';
    if (states.includes(id)) sendProblem(response, 409, 'conflict', { detail: `${id} is exited.` });
    else launch(hit, response);
  });
  const two = await runCommand(control, 'resume', 'all', '--url', stub.url);
  expect(two).toMatchObject({ code: 1, out: 'n3 is stopped already\n' });
  expect(two.err).toMatch(/^replog: n1 is exited; n2 is exited\nhint: `replog ps.*\n$/);
  states.shift();
  const one = await runCommand(control, 'resume', 'all', '--json', '--url', stub.url);
  expect(one.code).toBe(1);
  expect(
    one.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).node),
  ).toEqual(['n1', 'n3']);
  expect(one.err).toMatch(/^replog: n2 is exited\nhint: /);
});

test('a restart that fails leaves the other nodes alone', async () => {
  const stub = await startStub((hit, response) =>
    hit.path.endsWith('/restart')
      ? sendProblem(response, 500, 'node-failed')
      : launch(hit, response),
  );
  expect((await runCommand(control, 'restart', 'all', '--url', stub.url)).code).toBe(1);
  expect(stub.hits).toHaveLength(2);
});

test('stop of a cluster elsewhere is exit 2, of one that is not there exit 3', async () => {
  const stub = await startStub(launch);
  const elsewhere = await runCommand(control, 'stop', '--url', stub.url);
  expect(elsewhere.code).toBe(2);
  expect(elsewhere.err).toContain(`the launcher of ${stub.url} is not on this machine`);
  const nowhere = await runCommand(control, 'stop', '--url', await deadUrl());
  expect(nowhere.code).toBe(3);
  expect(nowhere.err).toContain('nothing answers at');
});

test('rm of a single node, and of one where nothing runs, says what takes it out', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 404, 'not-found'));
  const alone = await runCommand(removal, 'rm', 'n3', '--url', stub.url);
  const nothing = await runCommand(removal, 'rm', 'n3');
  expect([alone.code, nothing.code]).toEqual([2, 3]);
  for (const { err } of [alone, nothing]) {
    expect(err).toMatch(/hint: .*started with --leave leaves .*\/arbiter\/leave with \{"node":/);
  }
});

test('stop: who does not wait until the cluster has stopped is not told that it has', async () => {
  await ownRunFolder();
  // A launcher that does not hear.
  const launcher = await running('trap "" TERM; echo ready; exec sleep 60');
  const { pid } = launcher as { pid: number };
  register({ name: 'still', pid, ...NOBODY });
  const pause = vi.spyOn(REAL_PACE, 'pause').mockImplementation(async () => {
    process.emit('SIGINT', 'SIGINT');
  });
  const ran = await runCommand(control, 'stop', '--json');
  expect(pause).toHaveBeenCalled();
  expect(ran).toMatchObject({ code: 4, out: '' });
  expect(ran.err).toContain(`"still" was told to stop, and has not yet\nhint: \`kill -9 ${pid}\``);
});

test('stop: a cluster has stopped when its process ends, not when it cannot be found', async () => {
  await ownRunFolder();
  // A launcher that takes its time.
  const launcher = await running('trap "" TERM; echo ready; read line');
  const { pid } = launcher as { pid: number };
  const entry = register({ name: 'slow', pid, ...NOBODY });
  const pause = vi.spyOn(REAL_PACE, 'pause').mockImplementation(async () => {
    entry.remove();
    if (pause.mock.calls.length < 3) return;
    launcher.stdin.end('\n');
    await once(launcher, 'exit');
  });
  expect(await runCommand(control, 'stop')).toMatchObject({ code: 0, out: 'slow stopped\n' });
  expect(launcher.exitCode).not.toBeNull();
});

test('stop: of one that ends already waits for the same end, and asks no second time', async () => {
  await ownRunFolder();
  const launcher = await running('trap "exit 9" TERM; echo ready; read line');
  const { pid } = launcher as { pid: number };
  register({ name: 'ending', pid, ...NOBODY }).leave();
  const pause = vi.spyOn(REAL_PACE, 'pause').mockImplementation(async () => {
    if (pause.mock.calls.length < 3) return;
    launcher.stdin.end('\n');
    await once(launcher, 'exit');
  });
  const ran = await runCommand(control, 'stop', '--name', 'ending', '--json');
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(ran.out)).toEqual({ name: 'ending', pid, state: 'stopped' });
  expect(launcher.exitCode).toBe(0);
  expect(await runCommand(control, 'stop', '--name', 'ending')).toMatchObject({ code: 2, out: '' });
});

test('stop: of several clusters that are being started one is to be named', async () => {
  const folder = await ownRunFolder();
  const launchers = ['a', 'b'].map(() => spawn('sleep', ['60']));
  for (const [i, { pid }] of launchers.entries()) {
    const entry = { name: 'ab'[i], dataDir: null, ...markOf(pid), held: true };
    await writeFile(join(folder, `${entry.name}.${pid}.x.claim`), JSON.stringify(entry));
  }
  const several = await runCommand(control, 'stop');
  expect(several).toMatchObject({ code: 2, out: '' });
  expect(several.err).toContain('several clusters are being started: a, b\nhint: choose one with');
  const none = await runCommand(control, 'stop', '--name', 'c');
  expect([none.code, none.err]).toEqual([2, expect.stringContaining('no cluster named "c" is')]);
  const named = await runCommand(control, 'stop', '--name', 'b');
  expect(named).toEqual({ code: 0, out: 'b stopped\n', err: '' });
  // Another machine's, or one of single nodes, is no business of those that are being started here.
  vi.stubEnv('REPLOG_URL', await deadUrl());
  expect(await runCommand(control, 'stop')).toMatchObject({ code: 3, out: '' });
  vi.stubEnv('REPLOG_URL', '');
  expect(launchers[0]!.signalCode).toBeNull();
  expect((await runCommand(control, 'stop')).out).toBe('a stopped\n');
});

test.runIf(process.platform === 'linux').each([
  ['wakes it, and it ends', 'trap "exit 0" CONT; echo ready; read line', 0],
  ['kills it where it does not end', 'echo ready; exec sleep 60', 6_000],
])('stop: of a node that stood still when its launcher died: %s', async (_, script, passedMs) => {
  await ownRunFolder();
  const node = await running(script);
  node.kill('SIGSTOP');
  const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
  const nodes = [{ node: 'n2', role: null, url: NOWHERE, pid: node.pid! }];
  register({ name: 'gone', pid: dead, ...NOBODY, nodes });
  const other = await runCommand(control, 'stop', '--name', 'other');
  expect([other.code, node.exitCode ?? node.signalCode]).toEqual([2, null]);
  expect((await runCommand(ps, 'ps')).out).toBe(
    'no cluster is running (single nodes are not listed)\n' +
      `n2 (pid ${node.pid}) of gone has outlived its launcher: \`replog stop\` ends it\n`,
  );
  vi.spyOn(REAL_PACE, 'now').mockReturnValueOnce(0).mockReturnValue(passedMs);
  expect(await runCommand(control, 'stop')).toEqual({
    ...{ code: 0, err: '' },
    out: `n2 stopped  pid ${node.pid}, left behind by gone\n`,
  });
  const again = await runCommand(control, 'stop');
  expect([again.code, again.err]).toEqual([3, expect.stringContaining('no cluster is running')]);
});

test('an unknown node is exit 2, a refusal exit 1, no launcher exit 3', async () => {
  const stub = await startStub(launch);
  expect(await runCommand(control, 'stop', 'n9', '--url', stub.url)).toMatchObject({ code: 2 });
  stub.respond((hit, response) =>
    hit.path === '/cluster'
      ? launch(hit, response)
      : sendProblem(response, 409, 'conflict', { detail: 'n3 is stopped.' }),
  );
  const refused = await runCommand(control, 'pause', 'n3', '--url', stub.url);
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(/^replog: n3 is stopped\nhint: `replog ps .*\n$/);
  for (const args of [['kill', 'n1'], ['stop']]) {
    expect(await runCommand(control, ...args)).toMatchObject({ code: 3, out: '' });
  }
});

test('a node is no launcher', async () => {
  const stub = await startStub((_, response) => sendProblem(response, 404, 'not-found'));
  const ran = await runCommand(control, 'stop', 'n1', '--url', stub.url);
  expect(ran.code).toBe(2);
  expect(ran.err).toMatch(/not the launcher/);
  expect(ran.err).toContain('single nodes are started and ended where they run\n');
});

test('what the launcher warns of is said behind an addition or a removal', async () => {
  const stub = await startStub((hit, response) => {
    if (hit.method === 'GET') launch(hit, response);
    else sendJson(response, 200, { node: 'n2', url: 'http://x:2', warning: 'no \u001broom' });
  });
  const err = 'warning: no ␛room\n';
  const added = await runCommand(add, 'add', '--url', stub.url);
  expect(added).toMatchObject({ code: 0, err });
  expect(await runCommand(removal, 'rm', 'n2', '--url', stub.url)).toMatchObject({ code: 0, err });
});

test('add and rm change the cluster', async () => {
  const stub = await startStub(launch);
  const added = await runCommand(add, 'add', '--url', stub.url);
  expect(added).toMatchObject({ code: 0, out: 'n3 added at http://x:3, pid unknown\n' });
  await runCommand(add, 'add', 'n7', '--url', stub.url);
  expect(stub.hits.filter((hit) => hit.method === 'POST').map((hit) => hit.json)).toEqual([
    undefined,
    { node: 'n7' },
  ]);
  for (const id of ['N_X', 'master', 'all', 'arbiter']) {
    const refused = await runCommand(add, 'add', id, '--url', stub.url);
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toMatch(new RegExp(`"${id}" is [^;]*\\nhint: `));
  }
  const removed = await runCommand(removal, 'rm', 'n2', '--json', '--url', stub.url);
  expect(JSON.parse(removed.out)).toEqual({ node: 'n2', state: 'removed' });
  expect(stub.hits.at(-1)).toMatchObject({ method: 'DELETE', path: '/cluster/nodes/n2' });
});

test.each([[['all']], [['n2', 'n1']]])(
  'rm %j: where the master is meant, none goes',
  async (args) => {
    const stub = await startStub(launch);
    const ran = await runCommand(removal, 'rm', ...args, '--url', stub.url);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(
      /^replog: n1 is the master; .* nothing was removed\nhint: .*`replog stop/,
    );
    expect(stub.hits.map(({ method }) => method)).toEqual(['GET']);
  },
);

test('rm of a node that became master meanwhile is refused by the launcher', async () => {
  const detail = 'n2 is the master; only a secondary can be removed.';
  const stub = await startStub((hit, response) =>
    hit.path.endsWith('/n2')
      ? sendProblem(response, 409, 'conflict', { detail })
      : launch(hit, response),
  );
  const ran = await runCommand(removal, 'rm', 'n2', 'n3', '--url', stub.url);
  expect(ran).toMatchObject({ code: 1, out: 'n3 removed\n' });
  expect(ran.err).toMatch(/^replog: n2 is the master; only a secondary can be removed\nhint: /);
});
