// A launcher in the background that does not even begin.

import { getEventListeners } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { launchInBackground } from '../../../src/cluster/process/detach.ts';
import { freeBlock } from '../../../src/cluster/start/ports.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'replog-detach-'));
  vi.stubEnv('REPLOG_RUN_DIR', dir);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true, force: true });
});

test('a launcher that cannot be started is an error, and nothing listens any more', async () => {
  const { signal } = new AbortController();
  const place = { name: 'one', port: await freeBlock(2), secondaries: 0, dataDir: null };
  const wanted = { ...place, fresh: false, w: null };
  const node = process.execPath;
  process.execPath = join(dir, 'no-node');
  try {
    await expect(launchInBackground(wanted, [], signal)).rejects.toThrow('ENOENT');
  } finally {
    process.execPath = node;
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  // Nor is its name anybody's, and no output is kept: there was none.
  expect(readdirSync(dir)).toEqual([]);
});

test.each([
  [2, []],
  [1, ['one.log']],
])('of a start that fails with code %d, what is left to read is %j', async (code, left) => {
  const { signal } = new AbortController();
  const place = { name: 'one', port: await freeBlock(2), secondaries: 0, dataDir: null };
  const wanted = { ...place, fresh: false, w: null };
  const failed = { type: 'failed', code, sentence: 'it cannot be', hint: null };
  const node = process.execPath;
  const launcher = join(dir, '..', `${basename(dir)}-launcher`);
  writeFileSync(launcher, `#!${node}\nprocess.send(${JSON.stringify(failed)});\n`, { mode: 0o700 });
  process.execPath = launcher;
  try {
    const { outcome } = await launchInBackground(wanted, [], signal);
    expect(outcome).toEqual(failed);
  } finally {
    process.execPath = node;
    rmSync(launcher);
  }
  expect(readdirSync(dir)).toEqual(left);
});
