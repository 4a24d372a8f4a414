import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { register as ps } from '../../src/cli/commands/ps.ts';
import { type RunningCluster, register } from '../../src/cluster/files/registry.ts';
import { sendJson, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';
import { launch, NODES } from './launcher-stub.ts';

isolate();

test('ps shows every node', async () => {
  const stub = await startStub(launch);
  const text = await runCommand(ps, 'ps', '--url', stub.url);
  expect(text).toEqual({
    code: 0,
    out:
      'one\n' +
      'NODE  ROLE       STATE    URL         PID\n' +
      'n1    master     running  http://x:1   11\n' +
      'n2    secondary  running  http://x:2   12\n' +
      'n3    secondary  stopped  http://x:3    -\n',
    err: '',
  });
  const json = await runCommand(ps, 'ps', 'secondary:2', '--json', '--url', stub.url);
  expect(JSON.parse(json.out)).toEqual({ name: 'one', nodes: [NODES[2]], removed: [] });
});

test('ps leaves out what a narrow terminal has no room for', async () => {
  const { isTTY, columns } = process.stdout;
  onTestFinished(() => void Object.assign(process.stdout, { isTTY, columns }));
  const stub = await startStub(launch);
  const heading = async (width: number) => {
    Object.assign(process.stdout, { isTTY: true, columns: width });
    const lines = (await runCommand(ps, 'ps', '--url', stub.url)).out.split('\n');
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    return lines[1];
  };
  expect(await heading(42)).toBe('NODE  ROLE       STATE    URL         PID');
  expect(await heading(40)).toBe('NODE  ROLE       STATE    URL');
  expect(await heading(30)).toBe('NODE  ROLE       STATE');
});

test('ps NODE shows the clusters that have it, whatever the others have', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replog-ps-'));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const three = await startStub(launch);
  const none = await startStub((_, response) =>
    sendJson(response, 200, { name: 'two', nodes: [], removed: [] }),
  );
  const entries = [
    register({ ...ANNOUNCED, name: 'one', control: three.url, arbiter: three.url, nodes: [] }),
    register({ ...ANNOUNCED, name: 'two', control: none.url, arbiter: none.url, nodes: [] }),
  ];
  try {
    const third = await runCommand(ps, 'ps', 'n3', '--json');
    expect(JSON.parse(third.out)).toEqual({ name: 'one', nodes: [NODES[2]], removed: [] });
    expect(third.code).toBe(0);
    const ninth = await runCommand(ps, 'ps', 'n9');
    expect([ninth.code, ninth.out]).toEqual([2, '']);
  } finally {
    for (const entry of entries) entry.remove();
    await rm(folder, { recursive: true });
  }
});

test('ps without a cluster says so', async () => {
  expect(await runCommand(ps, 'ps')).toEqual({
    code: 0,
    out: 'no cluster is running (single nodes are not listed)\n',
    err: '',
  });
  expect(await runCommand(ps, 'ps', '--json')).toEqual({ code: 0, out: '', err: '' });
});

const ANNOUNCED = { pid: process.pid, master: null, dataDir: null };

test('ps shows the others when a launcher stands still, and what that one said last', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replog-ps-'));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const answers = await startStub(launch);
  const still = await startStub(() => {});
  const announce = (
    name: string,
    control: string,
    nodes: Pick<RunningCluster, 'nodes' | 'removed'>,
  ) => register({ ...ANNOUNCED, name, control, arbiter: control, ...nodes });
  const nodes = [{ node: 'n1', role: 'master', url: 'http://y:1', pid: 21 }];
  const removed = [{ node: 'n2', role: 'removed', url: 'http://y:2', pid: 22 }];
  const entries = [
    announce('one', answers.url, { nodes: [] }),
    announce('two', still.url, { nodes, removed }),
  ];
  try {
    const text = await runCommand(ps, 'ps');
    expect(text.code).toBe(3);
    expect(text.out).toBe(
      'one\n' +
        'NODE  ROLE       STATE    URL         PID\n' +
        'n1    master     running  http://x:1   11\n' +
        'n2    secondary  running  http://x:2   12\n' +
        'n3    secondary  stopped  http://x:3    -\n' +
        '\ntwo\n' +
        'NODE  ROLE     STATE    URL         PID\n' +
        'n1    master   unknown  http://y:1   21\n' +
        'n2    removed  unknown  http://y:2   22\n',
    );
    const launcher = `the launcher of "two" (pid ${process.pid}) does not answer`;
    expect(text.err).toContain(launcher);
    expect(text.err).toMatch(/hint: `kill -CONT \d+` wakes/);
    const json = await runCommand(ps, 'ps', '--name', 'two', '--json');
    expect(json.code).toBe(3);
    expect(JSON.parse(json.out)).toMatchObject({ name: 'two', nodes: [{ state: 'unknown' }] });
  } finally {
    for (const entry of entries) entry.remove();
    await rm(folder, { recursive: true });
  }
});
