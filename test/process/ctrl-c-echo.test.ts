// What a terminal shows of Ctrl-C does not stay behind.

import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, ENTRY, freePorts } from './program.ts';
import { Terminal, tmuxWorks } from './terminal.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

describe.skipIf(!tmuxWorks)('on a terminal', () => {
  test.each([
    ['master', []],
    ['secondary', ['--join', 'http://127.0.0.1:1', '--log-level', 'error']],
    ['arbiter', []],
  ])('after Ctrl-C to a single %s the prompt begins a line', async (command, more) => {
    const folder = await belongings.folder();
    const terminal = new Terminal(folder, { REPLOG_RUN_DIR: folder });
    belongings.add(async () => terminal.close());
    const args = [command, ...more, '--memory', '--port', `${await freePorts(1)}`];
    terminal.type(`${process.execPath} ${ENTRY} ${args.join(' ')}`, 'Enter');
    await terminal.shows(/listens at/);
    terminal.type('C-c');
    const screen = await terminal.shows(/listens at.*\n(?:.*\n)*ready>/);
    expect(screen).not.toContain('^C');
    expect(screen).toMatch(/^ready>\s*$/m);
  });
});
