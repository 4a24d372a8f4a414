// Commands on a terminal that shows ASCII only.

import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sendJson, startStub } from '../client/stub-server.ts';
import { Belongings, ENTRY } from './program.ts';
import { Terminal, tmuxWorks } from './terminal.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

describe.skipIf(!tmuxWorks)('where the locale has no UTF-8', () => {
  test('a terminal is sent none, a pipe is; errors and JSON included', async () => {
    const folder = await belongings.folder();
    const stub = await startStub((_, response) => sendJson(response, 200, ANSWER));
    const env = { REPLOG_RUN_DIR: join(folder, 'run'), LC_ALL: 'C', REPLOG_URL: stub.url };
    const terminal = new Terminal(folder, env);
    belongings.add(async () => terminal.close());
    const replog = `${process.execPath} ${ENTRY}`;
    terminal.type(`clear; ${replog} list; ${replog} list --json; ${replog} list | od -An -tx1`);
    terminal.type('Enter');
    // The last one is for the pipe: ü, line feed.
    await terminal.shows(/^ c3 bc 0a$/m);
    expect(terminal.screen).toMatch(/^\?\n/);
    expect(terminal.screen).toContain('["\\u00fc"]');
    terminal.type(`clear; ${replog} list --w…`, 'Enter');
    await terminal.shows(/unknown option '--w~'/);
  });
});

const ANSWER = { messages: ['ü'], lastIndex: 1, next: null };
