// A launcher in the background that does not even begin.

import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { launchInBackground } from '../../src/cluster/detach.ts';

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
  const node = process.execPath;
  process.execPath = join(dir, 'no-node');
  try {
    await expect(launchInBackground('one', [], signal)).rejects.toThrow('ENOENT');
  } finally {
    process.execPath = node;
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
