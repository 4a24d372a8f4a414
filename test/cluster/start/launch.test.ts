// A cluster from the outside, with an arbiter and a master of its own.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { startProblem } from '../../../src/cli/cluster/start-problem.ts';
import { endingOf } from '../../../src/cli/exit.ts';
import {
  type RunningCluster,
  register,
  runningClusters,
  stoppingClusters,
} from '../../../src/cluster/files/registry.ts';
import { readRoster } from '../../../src/cluster/files/roster.ts';
import type { ReadyEvent } from '../../../src/cluster/report.ts';
import { type Launch, type LaunchOptions, launch } from '../../../src/cluster/start/launch.ts';
import { areFree, freeBlock } from '../../../src/cluster/start/ports.ts';
import { serveArbiter } from '../../../src/node/arbiter/serve-arbiter.ts';

let launched: Launch | null = null;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replog-launch-'));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
});

afterEach(async () => {
  await launched?.kill();
  launched = null;
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** Launches a master alone, in memory, and waits until it is ready. */
async function ready(how: Partial<LaunchOptions> = {}): Promise<ReadyEvent> {
  launched = await launch({
    ...{ name: 'one', port: await freeBlock(2), secondaries: 0, dataDir: null, fresh: false },
    ...{ w: null, tokens: null, requireClientToken: false, logLevel: 'error' },
    onEvent: () => undefined,
    onLine: () => undefined,
    startArbiter: serveArbiter,
    ...how,
  });
  return launched.ready;
}

/** What a control route answers. */
async function asked(method: string, url: string): Promise<{ readonly node: string }> {
  const response = await fetch(url, { method });
  return (await response.json()) as { readonly node: string };
}

test.runIf(process.platform === 'linux')(
  'a port that an earlier cluster left taken: who has it, and what ends it',
  async () => {
    const port = await freeBlock(2);
    const holder = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await once(holder, 'listening');
    const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
    const url = `http://127.0.0.1:${port}`;
    const nodes = [{ node: 'n2', role: null, url, pid: process.pid }];
    const gone = { name: 'gone', pid: dead, control: url, arbiter: url, master: null };
    register({ ...gone, nodes, dataDir: null });
    const error = await ready({ port }).catch((problem: unknown) => problem);
    expect(endingOf(startProblem(error, null))).toEqual({
      code: 2,
      sentence: `port ${port} is taken by n2 (pid ${process.pid}) of gone, whose launcher has gone`,
      hint: 'choose another --port, or `replog stop` ends that node',
    });
  },
);

test('a cluster is announced when it says that it is ready, until it has stopped', async () => {
  let found: Promise<readonly RunningCluster[]> | null = null;
  const { control, nodes } = await ready({
    onEvent: ({ event }) => {
      // Whoever reads the line may look at once: the folder is read before this returns.
      if (event === 'ready') found ??= runningClusters();
    },
  });
  const [{ node, url, pid }] = nodes as [(typeof nodes)[number]];
  expect(await found).toMatchObject([
    { name: 'one', pid: process.pid, control, master: url, nodes: [{ node, url, pid }] },
  ]);
  // Nothing else says that it is there: its claim was for the time before.
  expect(readdirSync(folder)).toEqual([`one.${process.pid}.json`]);
  const stopped = launched?.stop();
  expect([await runningClusters(), stoppingClusters()]).toMatchObject([[], [{ name: 'one' }]]);
  await stopped;
  expect(readdirSync(folder)).toEqual([]);
});

test('where no cluster can be announced none is started, and nothing made', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const dataDir = join(folder, 'data');
  for (const [runDir, reason] of [
    [file, 'it is a file'],
    [join(file, 'below'), 'a part of it is a file'],
  ] as const) {
    vi.stubEnv('REPLOG_RUN_DIR', runDir);
    const error = await ready({ dataDir }).catch((problem: unknown) => problem);
    expect(endingOf(startProblem(error, dataDir))).toEqual({
      code: 2,
      sentence: `the cluster could not be found through ${runDir}: ${reason}`,
      hint: expect.stringContaining('REPLOG_RUN_DIR'),
    });
    expect([existsSync(dataDir), launched]).toEqual([false, null]);
  }
});

test('one that is not to be found is not announced', async () => {
  await ready({ unlisted: true });
  expect(await runningClusters()).toEqual([]);
});

test('one that is not ready in the time it was given does not run', async () => {
  const starting = ready({ secondaries: 1, readyWithinMs: 1 });
  await expect(starting).rejects.toThrow('not ready, no progress for 0.001 s');
});

test('goes on where its folders are gone or take no files, and makes up for it', async () => {
  vi.stubEnv('REPLOG_RUN_DIR', join(folder, 'run'));
  const dataDir = join(folder, 'data');
  const lines: string[] = [];
  const onLine = (node: string, line: string) => void lines.push(`${node} | ${line}`);
  const { control } = await ready({ dataDir, onLine });
  rmSync(join(folder, 'run'), { recursive: true });
  mkdirSync(join(dataDir, 'cluster.json.tmp'));
  expect(await asked('POST', `${control}/cluster/nodes`)).toMatchObject({
    node: 'n2',
    warning: expect.stringContaining('cluster.json could not be written: EISDIR'),
  });
  expect(await runningClusters()).toMatchObject([{ nodes: [{ node: 'n1' }, { node: 'n2' }] }]);
  const unwritten = /^launcher \| cluster.json could not be written: EISDIR/;
  expect(lines).toContainEqual(expect.stringMatching(unwritten));
  expect(readRoster(dataDir)?.nodes).toEqual(['n1']);
  rmdirSync(join(dataDir, 'cluster.json.tmp'));
  expect(await asked('POST', `${control}/cluster/nodes/n2/kill`)).toMatchObject({ node: 'n2' });
  expect(readRoster(dataDir)?.nodes).toEqual(['n1', 'n2']);
});

test('leaves no arbiter running where the roster cannot be written', async () => {
  const dataDir = join(folder, 'data');
  await ready({ dataDir });
  await launched?.stop();
  mkdirSync(join(dataDir, 'cluster.json.tmp'));
  const port = await freeBlock(2);
  await expect(ready({ dataDir, port })).rejects.toThrow('EISDIR');
  expect(await areFree([port, port + 1])).toBe(true);
});

test('leaves the folder of a cluster alone that is not announced, as while it starts', async () => {
  const dataDir = join(folder, 'data');
  await ready({ dataDir, unlisted: true });
  const roster = readRoster(dataDir);
  for (const how of [{ fresh: true }, { secondaries: 2 }]) {
    const second = ready({ name: 'two', dataDir, port: await freeBlock(4), ...how });
    await expect(second).rejects.toThrow(/is in use by process \d+/);
    expect(readRoster(dataDir)).toEqual(roster);
    expect(existsSync(join(dataDir, 'n1', 'memory.json'))).toBe(true);
  }
});

test('a folder remembers its nodes and the ids that were used, until it is fresh', async () => {
  const dataDir = join(folder, 'data');
  const first = await ready({ dataDir, w: '1' });
  expect(await asked('POST', `${first.control}/cluster/nodes`)).toMatchObject({ node: 'n2' });
  expect((await runningClusters())[0]?.nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
  await asked('DELETE', `${first.control}/cluster/nodes/n2`);
  // Its process is still to be found, whatever becomes of the launcher.
  const pid = expect.any(Number);
  expect(await runningClusters()).toMatchObject([
    { nodes: [{ node: 'n1' }], removed: [{ node: 'n2', role: 'removed', pid }] },
  ]);
  await launched?.stop();
  expect(readRoster(dataDir)).toEqual({ nodes: ['n1'], removed: ['n2'] });

  const second = await ready({ dataDir, secondaries: null });
  expect(second.nodes.map(({ node }) => node)).toEqual(['n1']);
  expect(await asked('POST', `${second.control}/cluster/nodes`)).toMatchObject({ node: 'n3' });
  await launched?.stop();

  await ready({ dataDir, fresh: true });
  expect(readRoster(dataDir)).toEqual({ nodes: ['n1'], removed: [] });
  expect(['n1', 'n2', 'n3'].map((node) => existsSync(join(dataDir, node)))).toEqual([
    true,
    false,
    false,
  ]);
});
