// `replog sim` as a user runs it: several processes, one result.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Program, until } from './program.ts';

test('two processes share the seeds; the sums are those of one, and a row says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replog-sim-'));
  const ledger = join(folder, 'ledger.md');
  const args = ['sim', '--seeds', '6', '--from', '7', '--json'];
  const sums = async (...more: string[]) => {
    const program = new Program([...args, ...more]);
    const { code } = await program.exited;
    expect(program.stderr).toBe('');
    expect(code).toBe(0);
    const { ms: _, ...rest } = program.lines[0]!;
    return rest;
  };
  try {
    const together = await sums('--jobs', '2', '--ledger', ledger);
    expect(together).toMatchObject({ seeds: 6, failed: [], shortcomings: [] });
    expect(await sums()).toEqual(together);
    expect(await readFile(ledger, 'utf8')).toMatch(/^\| \w+ \| 7…12 \| 6 \| \d+ \| .* \| OK \|$/m);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('Ctrl-C ends it and its processes, even while they start', async () => {
  const program = new Program(['sim', '--minutes', '10', '--jobs', '2', '--json']);
  const { pid } = program.child;
  const parts = async (): Promise<string[]> =>
    (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter(Boolean);
  const started = await until(parts, ({ length }) => length === 2, 'both parts run');
  try {
    expect((await program.kill('SIGINT')).code).toBe(130);
    expect(program.stderr).toBe('replog: interrupted\n');
    for (const part of started) expect(existsSync(`/proc/${part}`)).toBe(false);
  } finally {
    for (const part of started) if (existsSync(`/proc/${part}`)) process.kill(Number(part));
    await program.kill('SIGKILL');
  }
});

test('a wrong option is a mistake of usage', async () => {
  const program = new Program(['sim', '--seeds', '0']);
  expect((await program.exited).code).toBe(2);
  expect(program.stderr).toContain('whole number');
});

test('what is of one run is asked for with its seed', async () => {
  for (const option of [['--trace'], ['--history', 'kept.jsonl']]) {
    const program = new Program(['sim', ...option]);
    expect((await program.exited).code).toBe(2);
    expect(program.stderr).toBe(
      `replog: ${option[0]} is of one run\nhint: say which, e.g. --seed 1\n`,
    );
  }
});

test('what is of many runs is refused with the seed of one', async () => {
  for (const option of ['--seeds', '--from', '--minutes', '--jobs', '--ledger']) {
    const program = new Program(['sim', '--seed', '1', option, '2']);
    expect((await program.exited).code).toBe(2);
    expect(program.stderr).toContain(`--seed and ${option} exclude each other`);
  }
});

test('a ledger that cannot be written is refused before any run', async () => {
  const program = new Program(['sim', '--seeds', '100000', '--ledger', '/nowhere/at/all.md']);
  expect((await program.exited).code).toBe(2);
  expect(program.stderr).toMatch(/^replog: \/nowhere\/at\/all.md cannot be used/);
  expect(program.lines).toEqual([]);
});
