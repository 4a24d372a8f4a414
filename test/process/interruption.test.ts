// How client commands end when a signal comes or their output has no room: in time, with a code
// and a word that say what is known.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { sendJson, startStub } from '../client/stub-server.ts';
import { Belongings, call, ENTRY, freePorts, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Each with the code of a process that it ends before anything was sent. */
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

const STORED = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly err: string }>;
  /** Where a cluster that is ready is written down. */
  readonly runDir: string;
}

/** Nobody reads what it prints, unless `stdout` is a file. */
async function start(args: readonly string[], stdout: 'pipe' | number = 'pipe'): Promise<Running> {
  const runDir = await belongings.folder();
  const child = spawn(process.execPath, [ENTRY, ...args], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { ...process.env, NO_COLOR: '1', REPLOG_RUN_DIR: runDir },
  });
  belongings.add(async () => child.kill('SIGKILL'));
  let err = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, err }));
  return { child, ended, runDir };
}

function streamOf(response: ServerResponse, ...messages: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const [place, message] of messages.entries()) {
    const entry = { index: place + 1, epoch: 1, at: '2026-01-01T00:00:00.000Z', op: 'append' };
    response.write(`id: ${entry.index}\ndata: ${JSON.stringify({ ...entry, message })}\n\n`);
  }
}

test.each(SIGNALS)(
  'list --follow: %s ends it though nobody reads what it prints',
  async (signal, code) => {
    const stub = await startStub((_, response) => streamOf(response, 'm'.repeat(3 << 20)));
    const { child, ended } = await start(['list', '--follow', '--url', stub.url]);
    // It has begun to print, and the pipe is full.
    await once(child.stdout!, 'readable');
    child.kill(signal);
    // Only now: the end of a pipe that nobody reads is never seen.
    await once(child, 'exit');
    child.stdout!.resume();
    expect(await ended).toEqual({ code, err: 'replog: interrupted\n' });
  },
);

test.each(SIGNALS)(
  'health --watch: %s ends it though nobody reads what it prints',
  async (signal) => {
    const node = { node: 'n2', role: 'secondary', epoch: 1, master: null, status: 'ok' };
    const health = { ...node, lastIndex: 1, commitIndex: 1, more: 'm'.repeat(3 << 20) };
    const stub = await startStub((_, response) => sendJson(response, 200, health));
    const { child, ended } = await start(['health', '--watch', '--json', '--url', stub.url]);
    await once(child.stdout!, 'readable');
    const toldAt = performance.now();
    child.kill(signal);
    await once(child, 'exit');
    expect(performance.now() - toldAt).toBeLessThan(1_000);
    child.stdout!.resume();
    expect(await ended).toEqual({ code: 0, err: '' });
  },
);

test.each(SIGNALS)(
  'append: %s while it waits is exit 4 and names the key that tells the outcome',
  async (signal) => {
    const stub = await startStub(() => {});
    const { child, ended } = await start(['append', 'm', '--key', 'k', '--url', stub.url]);
    await stub.arrived(1);
    child.kill(signal);
    const { code, err } = await ended;
    expect(code).toBe(4);
    expect(err).toContain('outcome unknown, key k');
  },
);

test.runIf(existsSync('/dev/full'))(
  'append: what is appended is, but an answer that cannot be written is exit 1',
  async () => {
    const stub = await startStub((_, response) => sendJson(response, 201, STORED));
    const full = openSync('/dev/full', 'w');
    const { ended } = await start(['append', 'a', 'b', '--url', stub.url], full);
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toMatch(
      /^replog: the output cannot be written: there is no room left\nhint: .+\n$/,
    );
    expect(stub.hits.map(({ json }) => json)).toEqual([{ message: 'a' }, { message: 'b' }]);
  },
);

test('append: a reader of the answers who goes away is no error', async () => {
  const stub = await startStub((_, response) => sendJson(response, 201, STORED));
  const { child, ended } = await start(['append', 'a', 'b', '--url', stub.url]);
  child.stdout!.destroy();
  expect(await ended).toEqual({ code: 0, err: '' });
  expect(stub.hits).toHaveLength(2);
});

test.each(SIGNALS)('append: %s ends it though nobody reads the answers', async (signal, code) => {
  const receipt = 'm'.repeat(3 << 20);
  const stub = await startStub((_, response) => sendJson(response, 201, { ...STORED, receipt }));
  const { child, ended } = await start(['append', 'a', 'b', '--url', stub.url]);
  await once(child.stdout!, 'readable');
  child.kill(signal);
  await once(child, 'exit');
  child.stdout!.resume();
  const said = 'replog: stored are 1 of 2 arguments, the last at index 3\nreplog: interrupted\n';
  expect(await ended).toEqual({ code, err: said });
});

test('a command that ends when it is told to leaves its reader a moment, no more', async () => {
  const folder = await belongings.folder();
  const source = (path: string) =>
    JSON.stringify(new URL(`../../src/cli/${path}`, import.meta.url));
  const script = join(folder, 'command.mjs');
  await writeFile(
    script,
    `import { untilInterrupted } from ${source('interrupt.ts')};
    import { endWithoutReader } from ${source('printing/output.ts')};
    await untilInterrupted(async (signal) => {
      process.stdout.write('m'.repeat(3 << 20));
      const alive = setInterval(() => undefined, 1_000);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      clearInterval(alive);
    });
    endWithoutReader();`,
  );
  const child = spawn(process.execPath, ['--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  belongings.add(async () => child.kill('SIGKILL'));
  await once(child.stdout, 'readable');
  child.kill('SIGINT');
  expect(await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })).toEqual([0, null]);
});

/** The end of a pipe that holds all it can, and that nobody reads. */
async function fullPipe(): Promise<number> {
  const name = join(await belongings.folder(), 'pipe');
  execFileSync('mkfifo', [name]);
  const fd = openSync(name, constants.O_RDWR | constants.O_NONBLOCK);
  belongings.add(async () => closeSync(fd));
  for (const size of [4_096, 1]) {
    try {
      for (;;) writeSync(fd, Buffer.alloc(size));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
  }
  return fd;
}

test.each(['cluster --secondaries 0 --memory', 'master --memory', 'arbiter --memory'])(
  '%s ends in time though nobody reads what it prints',
  async (command) => {
    const port = await freePorts(2);
    const args = [...command.split(' '), '--port', `${port}`];
    const { child, runDir } = await start(args, await fullPipe());
    const hasPrinted = command.startsWith('cluster')
      ? async () => (await readdir(runDir)).length > 0
      : async () => (await call('GET', `http://127.0.0.1:${port}/livez`)).status === 200;
    await until(hasPrinted, Boolean, `${command} is there`);
    const toldAt = performance.now();
    child.kill('SIGTERM');
    const [code] = await once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
    expect(code).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(4_000);
  },
);
