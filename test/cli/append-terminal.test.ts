// `replog append -` where people sit at a terminal.

import { Readable } from 'node:stream';
import { expect, onTestFinished, test, vi } from 'vitest';
import { register as append } from '../../src/cli/commands/append.ts';
import { type Hit, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

/** Makes terminals of these streams, and of the input what is typed or piped. */
function sitAt(input: { readonly typed: boolean }, ...terminals: readonly NodeJS.WriteStream[]) {
  vi.stubEnv('TERM', 'xterm');
  const typed = Object.assign(Readable.from([Buffer.from('a\nb\n')]), { isTTY: input.typed });
  vi.spyOn(process, 'stdin', 'get').mockReturnValue(typed as unknown as typeof process.stdin);
  for (const terminal of terminals) {
    Object.assign(terminal, { isTTY: true, columns: 40 });
    onTestFinished(() => void Object.assign(terminal, { isTTY: undefined, columns: undefined }));
  }
}

async function appending(...flags: readonly string[]) {
  const stub = await startStub(({ json }: Hit, response) => {
    const { length: count } = (json as { messages: string[] }).messages;
    const rest = { w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };
    sendJson(response, 201, { first: 5, last: 4 + count, count, ...rest });
  });
  return runCommand(append, 'append', '-', '--url', stub.url, ...flags);
}

test('a bar says how far an input has come that is not typed', async () => {
  sitAt({ typed: false }, process.stderr, process.stdout);
  expect((await appending()).err).toBe('\r2 messages\u001b[J\r\r \u001b[J\r');
});

test('no bar is in the way of what is typed', async () => {
  sitAt({ typed: true }, process.stderr, process.stdout);
  expect((await appending()).err).toBe('');
});

test('nor of answers; but they may go elsewhere', async () => {
  sitAt({ typed: false }, process.stderr, process.stdout);
  expect((await appending('--json')).err).toBe('');
  Object.assign(process.stdout, { isTTY: undefined });
  sitAt({ typed: false }, process.stderr);
  expect((await appending('--json')).err).toContain('2 messages');
});

test('what became of it is broken between words', async () => {
  sitAt({ typed: true }, process.stderr, process.stdout);
  expect((await appending()).out).toMatch(/^2 messages appended, from 5 to 6 \(1\nbatch, /);
});

test('so is where it stopped', async () => {
  sitAt({ typed: true }, process.stderr, process.stdout);
  const stub = await startStub((_, response) => sendProblem(response, 503, 'no-quorum', {}));
  const { err } = await runCommand(append, 'append', '-', '--url', stub.url);
  expect(err).toMatch(/^replog: it stopped at lines 1 to 2, and\nstored nothing before\n/);
});
