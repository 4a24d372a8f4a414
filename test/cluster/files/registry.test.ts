import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunningCluster } from '../../../src/cluster/files/registry.ts';
import {
  claimRunFolder,
  orphans,
  register,
  runFolder,
  runningClusters,
  stoppingClusters,
} from '../../../src/cluster/files/registry.ts';
import { draftOf } from '../../../src/cluster/files/whole-file.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replog-run-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

function cluster(name: string, pid = process.pid): RunningCluster {
  return {
    name,
    pid,
    control: 'http://127.0.0.1:4003',
    arbiter: 'http://127.0.0.1:4003',
    master: 'http://127.0.0.1:4000',
    nodes: [{ node: 'n1', role: 'master', url: 'http://127.0.0.1:4000', pid }],
    dataDir: null,
  };
}

describe('runningClusters', () => {
  it('shows what is registered, by name, until it is removed', async () => {
    const b = register(cluster('b'), dir);
    const a = register(cluster('a'), dir);
    expect(await runningClusters(dir)).toEqual([cluster('a'), cluster('b')]);
    a.update({ ...cluster('a'), master: null });
    expect((await runningClusters(dir))[0]?.master).toBeNull();
    a.remove();
    b.remove();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('orders by name, whatever the files are called', async () => {
    for (const name of ['b', 'a-1', 'a', 'a.1']) register(cluster(name), dir);
    const names = (await runningClusters(dir)).map(({ name }) => name);
    expect(names).toEqual(['a', 'a-1', 'a.1', 'b']);
  });

  it('lets nobody else see or change it', () => {
    const folder = join(dir, 'deep', 'run');
    register(cluster('a'), folder);
    const modes = [folder, join(folder, readdirSync(folder)[0]!)].map(
      (path) => statSync(path).mode,
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o700, 0o600]);
  });

  it('does not return after its removal', async () => {
    const registration = register(cluster('a'), dir);
    registration.remove();
    registration.update(cluster('a'));
    expect(await runningClusters(dir)).toEqual([]);
  });

  it('shows none that is ending, which is known until nothing of it is left', async () => {
    const registration = register(cluster('a'), dir);
    expect(stoppingClusters(dir)).toEqual([]);
    registration.leave();
    registration.update(cluster('a'));
    expect(await runningClusters(dir)).toEqual([]);
    expect(stoppingClusters(dir)).toMatchObject([{ name: 'a', pid: process.pid }]);
    registration.leave();
    expect(stoppingClusters(dir)).toHaveLength(1);
    registration.remove();
    expect([stoppingClusters(dir), readdirSync(dir)]).toEqual([[], []]);
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    register(cluster('killed', pid), dir).leave();
    expect([stoppingClusters(dir), readdirSync(dir)]).toEqual([[], []]);
  });

  it('leaves no draft behind where it cannot be written', () => {
    const file = `a.${process.pid}.json`;
    mkdirSync(join(dir, file, 'full'), { recursive: true });
    expect(() => register(cluster('a'), dir)).toThrow();
    expect(readdirSync(dir)).toEqual([file]);
  });

  it('tidies up the drafts of writers that were killed, and no others', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    const [own, stray] = [draftOf(join(dir, 'a.1.json')), join(dir, 'stray.tmp')];
    const left = [`a.${pid}.json.${pid}.0123abcd.tmp`, `a.${pid}.9.claim.${pid}.0123abcd.tmp`];
    for (const path of [own, stray, ...left.map((name) => join(dir, name))]) {
      writeFileSync(path, '');
    }
    claimRunFolder(dir);
    expect(readdirSync(dir).map((name) => join(dir, name))).toEqual([own, stray]);
  });

  it('passes over a launcher that is dead, and cleans up after it', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', '0']);
    register(cluster('dead', pid), dir);
    expect(await runningClusters(dir)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')(
    'takes a launcher for dead that was killed but not yet collected by its parent',
    async () => {
      // The shell becomes a program that never asks for its child's end.
      const parent = spawn('sh', ['-c', 'sleep 100 & echo $!; exec sleep 100']);
      try {
        const [line] = (await once(parent.stdout, 'data')) as [Buffer];
        const pid = Number(line.toString());
        // Until it is that program, it is a shell, which may ask.
        const program = () => readFileSync(`/proc/${parent.pid}/comm`, 'utf8');
        await vi.waitFor(() => expect(program()).toBe('sleep\n'));
        register(cluster('killed', pid), dir);
        expect(await runningClusters(dir)).toHaveLength(1);
        process.kill(pid, 'SIGKILL');
        await vi.waitFor(async () => expect(await runningClusters(dir)).toEqual([]));
        // Its pid is still taken: the case is the one that is meant.
        expect(() => process.kill(pid, 0)).not.toThrow();
      } finally {
        parent.kill('SIGKILL');
      }
    },
  );

  it.runIf(process.platform === 'linux')(
    'tells a process from a later one of its pid',
    async () => {
      register(cluster('old'), dir);
      const file = join(dir, readdirSync(dir)[0]!);
      const entry = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...entry, startTime: '1' }));
      expect(await runningClusters(dir)).toEqual([]);
    },
  );

  it('ignores files that are not its own, and a folder that is not there', async () => {
    writeFileSync(join(dir, 'a.json'), '{');
    writeFileSync(join(dir, 'b.json'), '[]');
    writeFileSync(join(dir, 'c.txt'), 'x');
    // To the system, 0 and less are groups of processes, which live.
    for (const pid of [0, -1]) {
      writeFileSync(join(dir, `d${pid}.json`), JSON.stringify(cluster('d', pid)));
    }
    expect(await runningClusters(dir)).toEqual([]);
    expect(readdirSync(dir)).toHaveLength(5);
    expect(await runningClusters(join(dir, 'missing'))).toEqual([]);
  });

  // No file can be made there, as on a disk that is read-only, though the folder is this user's.
  it.runIf(process.platform === 'linux')('claims no folder that takes no files', () => {
    expect(() => claimRunFolder('/proc/self')).toThrow('/proc/self cannot be used: ');
    // To make one there would never come to an end.
    expect(() => claimRunFolder('/proc/none/run')).toThrow('no folder can be made there');
  });

  it.runIf(process.getuid?.() === 0)('does not believe a folder of another user', async () => {
    register(cluster('a'), dir);
    spawnSync('chown', ['12345', dir]);
    expect(await runningClusters(dir)).toEqual([]);
    expect(() => register(cluster('b'), dir)).toThrow('another user');
    expect(() => claimRunFolder(dir)).toThrow(`${dir} belongs to another user`);
  });
});

describe.runIf(process.platform === 'linux')('orphans', () => {
  it('are the nodes that live while their launcher does not', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
    const node = (id: string, pid: number | null) => ({
      ...{ node: id, role: null, url: `http://127.0.0.1:1/${id}`, pid },
    });
    const nodes = [node('n1', dead), node('n2', process.pid), node('n3', null)];
    register({ ...cluster('gone', dead), nodes }, dir);
    register({ ...cluster('here'), nodes: [node('n1', process.pid)] }, dir);
    const found = { node: 'n2', cluster: 'gone', pid: process.pid, url: 'http://127.0.0.1:1/n2' };
    expect(orphans(dir)).toEqual([{ ...found, startTime: expect.any(String) }]);
    // It is remembered for as long as there are any.
    expect(await runningClusters(dir)).toMatchObject([{ name: 'here' }]);
    expect(orphans(dir)).toHaveLength(1);
  });

  it('are also those that a launcher had not ended yet when it was killed over it', () => {
    const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
    const nodes = [{ node: 'n2', role: null, url: 'http://127.0.0.1:1', pid: process.pid }];
    register({ ...cluster('gone', dead), nodes }, dir).leave();
    register({ ...cluster('done', dead), nodes: [] }, dir).leave();
    claimRunFolder(dir);
    // What nobody can be ended of is not remembered.
    expect(readdirSync(dir)).toEqual([`gone.${dead}.leaving`]);
    expect([stoppingClusters(dir), orphans(dir)]).toMatchObject([[], [{ node: 'n2' }]]);
  });

  it('of them nothing is left to anybody who looks, once nobody of theirs is', async () => {
    const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
    register({ ...cluster('done', dead), nodes: [] }, dir).leave();
    expect(readdirSync(dir)).toEqual([`done.${dead}.leaving`]);
    expect(await runningClusters(dir)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('are removed nodes too: their processes go on for as long as the launcher', () => {
    const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
    const url = 'http://127.0.0.1:1';
    const removed = [{ node: 'n2', role: 'removed', url, pid: process.pid }];
    register({ ...cluster('gone', dead), removed }, dir);
    expect(orphans(dir)).toMatchObject([{ node: 'n2', cluster: 'gone', pid: process.pid }]);
  });

  it('are not later processes with the same pid, nor those of which that is not known', () => {
    const { pid: dead } = spawnSync(process.execPath, ['-e', '0']);
    const nodes = [{ node: 'n1', role: null, url: 'http://127.0.0.1:1', pid: process.pid }];
    register({ ...cluster('gone', dead), nodes }, dir);
    const file = join(dir, readdirSync(dir)[0]!);
    const entry = JSON.parse(readFileSync(file, 'utf8')) as object;
    for (const nodeStarts of [{ n1: '1' }, { n1: null }, undefined]) {
      writeFileSync(file, JSON.stringify({ ...entry, nodeStarts }));
      expect(orphans(dir)).toEqual([]);
    }
  });
});

describe('runFolder', () => {
  it('is what the environment says, else a folder of this user', () => {
    expect(runFolder({ REPLOG_RUN_DIR: '/r', XDG_RUNTIME_DIR: '/x' })).toBe('/r');
    expect(runFolder({ XDG_RUNTIME_DIR: '/x' })).toBe('/x/replog');
    expect(runFolder({})).toMatch(/replog-\w+$/);
  });
});
