// Of several starts at the same moment exactly one has the name, and the folder.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claim, startingClusters } from '../../../src/cluster/files/claim.ts';
import { register } from '../../../src/cluster/files/registry.ts';
import { markOf } from '../../../src/cluster/process/liveness.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replog-claim-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** A claim of somebody else, whose file sorts before or behind all others. */
function leave(file: '0.claim' | '~.claim', what: object = {}): void {
  const entry = { name: 'a', dataDir: null, ...markOf(), held: false, ...what };
  writeFileSync(join(dir, file), JSON.stringify(entry));
}

const names = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map(({ status }) => status).sort();

test.each([
  ['one name', () => ({ name: 'a', dataDir: null })],
  ['one folder', (i: number) => ({ name: `a${9 - i}`, dataDir: '/data' })],
])('%s: one of many goes on', async (_, wanted) => {
  const starts = Array.from({ length: 8 }, (_, i) => claim(wanted(i), dir));
  const settled = await Promise.allSettled(starts);
  expect(names(settled)).toEqual(['fulfilled', ...Array.from({ length: 7 }, () => 'rejected')]);
  const [file, ...others] = readdirSync(dir);
  expect(others).toEqual([]);
  expect(JSON.parse(readFileSync(join(dir, `${file}`), 'utf8'))).toMatchObject({ held: true });
  await expect(claim(wanted(0), dir)).rejects.toThrow(/is being started \(pid \d+\)$/);
  for (const one of settled) if (one.status === 'fulfilled') one.value.release();
  (await claim(wanted(0), dir)).release();
  expect(readdirSync(dir)).toEqual([]);
});

test('other names and folders are no rivals, nor are two in memory', async () => {
  const some = [claim({ name: 'a', dataDir: '/a' }, dir), claim({ name: 'b', dataDir: '/b' }, dir)];
  const inMemory = [
    claim({ name: 'c', dataDir: null }, dir),
    claim({ name: 'd', dataDir: null }, dir),
  ];
  expect(names(await Promise.allSettled([...some, ...inMemory]))).not.toContain('rejected');
});

test('who has claimed and looked is starting, until it is announced', async () => {
  leave('0.claim', { name: 'undecided' });
  leave('~.claim', { name: 'killed', startTime: '1', held: true });
  const { release } = await claim({ name: 'a', dataDir: null }, dir);
  expect(startingClusters(dir)).toEqual([{ name: 'a', dataDir: null, ...markOf() }]);
  release();
  expect(startingClusters(dir)).toEqual([]);
  expect(startingClusters(join(dir, 'none'))).toEqual([]);
});

test('whoever was killed has no claim any more, and leaves none', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  leave('0.claim', { pid, held: true });
  // Its pid is another process's by now.
  leave('~.claim', { startTime: '1', held: true });
  await claim({ name: 'a', dataDir: null }, dir);
  expect(readdirSync(dir)).toEqual([expect.stringMatching(/^a\.\d+\.\w+\.claim$/)]);
});

test('gives way at once to who sorts lower, and to who has looked', async () => {
  for (const [file, held] of [
    ['0.claim', false],
    ['~.claim', true],
  ] as const) {
    leave(file, { held });
    const began = performance.now();
    await expect(claim({ name: 'a', dataDir: null }, dir)).rejects.toThrow('is being started');
    // Who waits for an owner that stands still does so for two seconds.
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(readdirSync(dir)).toEqual([file]);
    rmSync(join(dir, file));
  }
});

test('waits for who sorts higher, which may have looked too early', async () => {
  const outcomes: string[] = [];
  for (const end of [() => rmSync(join(dir, '~.claim')), () => leave('~.claim', { held: true })]) {
    leave('~.claim');
    const asked = claim({ name: 'a', dataDir: null }, dir);
    asked.then(
      (mine) => {
        outcomes.push('goes on');
        mine.release();
      },
      () => outcomes.push('gives way'),
    );
    const own = () => readdirSync(dir).find((file) => file.startsWith('a.'));
    expect(JSON.parse(readFileSync(join(dir, `${own()}`), 'utf8'))).toMatchObject({ held: false });
    end();
    await asked.catch(() => undefined);
  }
  expect(outcomes).toEqual(['goes on', 'gives way']);
});

test('gives way to what runs', async () => {
  const url = 'http://127.0.0.1:4000';
  const places = { control: url, arbiter: url, master: url, nodes: [] };
  register({ name: 'a', pid: process.pid, ...places, dataDir: '/data' }, dir);
  const runs = new RegExp(`^a cluster a runs already \\(pid ${process.pid}\\)$`);
  await expect(claim({ name: 'a', dataDir: null }, dir)).rejects.toThrow(runs);
  const used = claim({ name: 'b', dataDir: '/data' }, dir);
  await expect(used).rejects.toThrow('/data is in use by the cluster a (pid');
  expect(readdirSync(dir)).toHaveLength(1);
});

test('takes over what its parent holds for it, whoever asks for the same meanwhile', async () => {
  const parent = { ...markOf(process.ppid), held: true };
  leave('~.claim', parent);
  // It meets what the parent holds, and gives way to that.
  leave('0.claim');
  const mine = await claim({ name: 'a', dataDir: null }, dir);
  const own = readdirSync(dir).find((file) => file.startsWith('a.'));
  expect(JSON.parse(readFileSync(join(dir, `${own}`), 'utf8'))).toMatchObject({ held: true });
  mine.release();
  leave('~.claim', { ...parent, held: false });
  await expect(claim({ name: 'a', dataDir: null }, dir)).rejects.toThrow('is being started');
});
