// Options that nothing would heed: they are refused before anything is asked, started or written.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/main.ts';
import { runCommand } from '../command-run.ts';
import { isolate } from '../isolation.ts';

isolate();

test.each([
  ['health --interval 5s', '--interval says nothing without --watch'],
  ['append --dry-run --key k', '--dry-run and --key exclude each other'],
  ['append --dry-run --key=', '--dry-run and --key exclude each other'],
  ['append --dry-run --timeout 5s a', '--dry-run and --timeout exclude each other'],
  ['restore --check FILE DIR', '--check and DATA-DIR exclude each other'],
  ['restore --check --node FILE', '--check and --node exclude each other'],
  ['backup --url http://127.0.0.1:9 src FILE', '--url and a data folder exclude each other'],
  ['backup --name a src FILE', '--name and a data folder exclude each other'],
  ['backup --token-file FILE src OTHER', '--token-file and a data folder exclude each other'],
  ['bench --throw-away --url http://127.0.0.1:9', '--throw-away and --url exclude each other'],
  ['bench --throw-away --name a', '--throw-away and --name exclude each other'],
  ['bench --throw-away --token-file FILE', '--throw-away and --token-file exclude each other'],
  ['chaos --token-file FILE', '--token-file says nothing without --url or --name'],
  ['sim --minutes 1 --seeds 5', '--minutes and --seeds exclude each other'],
  ['demo --list --step', '--list and --step exclude each other'],
  ['demo --list --speed 2', '--list and --speed exclude each other'],
  ['demo --list --check', '--list and --check exclude each other'],
  ['demo --step', '--step says nothing without NAME'],
  ['demo quorum --check --speed 2', '--check and --speed exclude each other'],
  ['demo quorum --json --step', '--json and --step exclude each other'],
  ['scenario run FILE --check --step', '--check and --step exclude each other'],
  ['demo quorum --step --speed 2', '--step and --speed exclude each other'],
])('%s', async (line, sentence) => {
  const { code, err, out } = await runCommand(COMMANDS, ...line.split(' '));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(`replog: ${sentence}`);
  expect(err).toMatch(/\nhint: .+\n$/);
});

test('bench: no cluster runs that would ask for a token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replog-test-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'token');
  await writeFile(file, 'secret\n');
  const { code, err } = await runCommand(COMMANDS, 'bench', '--token-file', file);
  expect(code).toBe(2);
  expect(err).toContain('--token-file is for a running cluster, and none runs\nhint: ');
});

test('demo NAME --list is about that one', async () => {
  const { code, err, out } = await runCommand(COMMANDS, 'demo', 'quorum', '--list', '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject([{ name: 'quorum' }]);
});
