// What a terminal shows of Ctrl-C, and of a question for a key, does not stay behind.

import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, ENTRY, freePorts } from './program.ts';
import { Terminal, tmuxWorks } from './terminal.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

async function openTerminal(columns = 100): Promise<Terminal> {
  const folder = await belongings.folder();
  const terminal = new Terminal(folder, { REPLOG_RUN_DIR: folder, LANG: 'C.UTF-8' }, columns);
  belongings.add(async () => terminal.close());
  return terminal;
}

describe.skipIf(!tmuxWorks)('on a terminal', () => {
  test.each([
    ['master', [], /is read-write/],
    ['secondary', ['--join', 'http://127.0.0.1:1'], /no role yet/],
    ['arbiter', [], /listens at/],
  ])('after Ctrl-C to a single %s the prompt begins a line', async (command, more, last) => {
    const terminal = await openTerminal();
    const args = [command, ...more, '--memory', '--port', `${await freePorts(1)}`];
    terminal.type(`${process.execPath} ${ENTRY} ${args.join(' ')}`, 'Enter');
    // Nothing comes behind that by itself: it would stand behind the ^C.
    await terminal.shows(last);
    terminal.type('C-c');
    const screen = await terminal.shows(/listens at.*\n(?:.*\n)*ready>/);
    expect(screen).not.toContain('^C');
    expect(screen).toMatch(/^ready>\s*$/m);
  });

  test('nor does it stand before what a demo says of it', async () => {
    const terminal = await openTerminal();
    terminal.type(`${process.execPath} ${ENTRY} demo quorum`, 'Enter');
    await terminal.shows(/A cluster is started for it/);
    terminal.type('C-c');
    await terminal.shows(/^replog: interrupted$/m);
    expect(terminal.screen).not.toContain('^C');
  });

  test('of the question for a key nothing is left on a narrow terminal either', async () => {
    const terminal = await openTerminal(30);
    terminal.type(`${process.execPath} ${ENTRY} demo quorum --step`, 'Enter');
    await terminal.shows(/any key: go on/);
    terminal.type('q');
    await terminal.shows(/^replog: interrupted$/m);
    expect(terminal.screen).not.toContain('any key');
  });
});
