// Ctrl-C while a command still looks for its nodes, or for the launcher: whoever is asked stands
// still, and the command would wait ten seconds for an answer.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { register as backup } from '../../src/cli/commands/backup.ts';
import { register as chaos } from '../../src/cli/commands/chaos.ts';
import { register as control } from '../../src/cli/commands/control.ts';
import { register as explain } from '../../src/cli/commands/explain.ts';
import { register as fault } from '../../src/cli/commands/fault.ts';
import { register as kv } from '../../src/cli/commands/kv.ts';
import { register as list } from '../../src/cli/commands/list.ts';
import { register as ps } from '../../src/cli/commands/ps.ts';
import { startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

/** The exit code of whoever was told to end by Ctrl-C, as shells have it. */
const INTERRUPTED = 130;

const COMMANDS: readonly [line: string, register: (program: Command) => void][] = [
  ['explain 1', explain],
  ['explain 1 n2', explain],
  ['fault n2 show', fault],
  [`backup n2 ${join(tmpdir(), 'replog-never-written')}`, backup],
  ['list n2', list],
  ['list --read linearizable', list],
  ['kv get colour --read linearizable', kv],
  ['kv list --read linearizable', kv],
  ['chaos', chaos],
  ['ps', ps],
  ['stop', control],
  ['kill n2', control],
];

test.each(COMMANDS)('%s hears the first Ctrl-C', async (line, register) => {
  const silent = await startStub(() => void process.emit('SIGINT', 'SIGINT'));
  const ran = await runCommand(register, ...line.split(' '), '--url', silent.url);
  expect(ran).toMatchObject({ code: INTERRUPTED, out: '' });
  expect(silent.hits).toHaveLength(1);
});
