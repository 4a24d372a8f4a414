import { expect, onTestFinished, test } from 'vitest';
import { register as dashboard } from '../../src/cli/commands/dashboard.ts';
import { startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

/** Both ends of this process look like a terminal until the test is over. */
function onTerminal(): void {
  for (const stream of [process.stdin, process.stdout]) {
    const { isTTY } = stream;
    onTestFinished(() => void Object.assign(stream, { isTTY }));
    Object.assign(stream, { isTTY: true });
  }
  const { columns, rows } = process.stdout;
  onTestFinished(() => void Object.assign(process.stdout, { columns, rows }));
  Object.assign(process.stdout, { columns: 80, rows: 24 });
}

test('Ctrl-C ends it also while nobody says whether a launcher is there', async () => {
  onTerminal();
  // Answers nothing, as a process that stands still.
  const stub = await startStub(() => void process.emit('SIGINT', 'SIGINT'));
  const ran = await runCommand(dashboard, 'dashboard', '--url', stub.url);
  expect(stub.hits.map(({ path }) => path)).toEqual(['/cluster']);
  expect(ran.code).toBe(130);
});
