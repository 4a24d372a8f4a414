// How large the young part of a server's heap becomes (src/cluster/process/heap.ts).

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { YOUNG_BYTES_MAX } from '../../src/cluster/process/heap.ts';
import { Belongings } from './program.ts';

const LOAD = fileURLToPath(new URL('heap-load.ts', import.meta.url));

const belongings = new Belongings();
afterEach(() => belongings.release());

test('the young part of the heap grows to what is under way, and no further', async () => {
  const env = { ...process.env, TMPDIR: await belongings.folder() };
  const args = ['--import', 'tsx', LOAD];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  expect(Number(stdout)).toBe(YOUNG_BYTES_MAX);
});
