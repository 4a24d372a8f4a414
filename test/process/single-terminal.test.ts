// What a single node says on a terminal: lines for people, and JSON for whoever asks for it.

import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, ENTRY, freePorts } from './program.ts';
import { Terminal, tmuxWorks } from './terminal.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

const WARNING = '"level":"warn"';

describe.skipIf(!tmuxWorks)('a secondary that finds no arbiter', () => {
  test.each([
    ['says so in one plain line', '', 0],
    ['says it as JSON, too, with --log-level', ' --log-level warn', 1],
    ['says it as JSON where stderr is no terminal', ' 2>&1 >said | tee said', 1],
  ])('%s', async (_what, more, warnings) => {
    const folder = await belongings.folder();
    const terminal = new Terminal(folder, { REPLOG_RUN_DIR: folder, LANG: 'C.UTF-8' }, 250);
    belongings.add(async () => terminal.close());
    const args = `secondary --join http://127.0.0.1:1 --memory --port ${await freePorts(1)}`;
    terminal.type(`cd ${folder}; ${process.execPath} ${ENTRY} ${args}${more}`, 'Enter');
    // The logger is told first, so that its line stands there by then.
    const screen = await terminal.shows(/no role yet|"event":"unanswered"/);
    expect(screen.split(WARNING)).toHaveLength(warnings + 1);
    terminal.type('C-c');
    await terminal.shows(/^ready>\s*$/m);
  });
});
