// What a node does not do before it listens: each of these took it a tenth of its start or more.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LATE_PARSER } from '../../src/cli/compilation.ts';
import { Belongings, call } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Runs in the process before the program does, and writes to `file` what that has done when it
 * says its first word. What is loaded later, in a quiet moment, is no matter of the start; what V8
 * is told, then or later, is added to `told`, a line each. */
const witness = (file: string, told: string): string => `
  const { appendFileSync, writeFileSync } = require('node:fs');
  const v8 = require('node:v8');
  const flags = [];
  const set = v8.setFlagsFromString;
  v8.setFlagsFromString = (flag) => {
    flags.push(flag);
    appendFileSync(${JSON.stringify(told)}, flag + '\\n');
    set(flag);
  };
  const { stdout } = process;
  const { write } = stdout;
  stdout.write = (...args) => {
    stdout.write = write;
    const loaded = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''));
    writeFileSync(${JSON.stringify(file)}, JSON.stringify({ loaded, flags }));
    return stdout.write(...args);
  };
`;

/** How a program is run to be watched, and how to see what it had done by then. */
async function watched() {
  const folder = await belongings.folder();
  const [file, preload] = [join(folder, 'start.json'), join(folder, 'witness.cjs')];
  const told = join(folder, 'told');
  await writeFile(preload, witness(file, told));
  const seen = async () => JSON.parse(await readFile(file, 'utf8'));
  const flags = async () => (await readFile(told, 'utf8')).split('\n');
  return { env: { NODE_OPTIONS: `--require ${preload}` }, seen, flags };
}

const FETCH = 'internal/deps/undici/undici';

test('a start loads neither fetch nor HTTP/2, and has V8 compile the parser late', async () => {
  const { env, seen } = await watched();
  const master = belongings.program(['master', '--memory', '--json', '--port', '0'], env);
  await master.event('listening');
  const { loaded, flags } = await seen();
  expect(loaded).toContain('http');
  expect(loaded).not.toContain('http2');
  expect(loaded).not.toContain(FETCH);
  expect(flags).toEqual(expect.arrayContaining([...LATE_PARSER]));
});

test('an append is there and back without fetch', async () => {
  const master = belongings.program(['master', '--memory', '--json', '--port', '0']);
  const { url } = await master.event('listening');
  const { env, seen } = await watched();
  const append = belongings.program(['append', 'hello', '--url', String(url), '--json'], env);
  expect(await append.exited).toMatchObject({ code: 0 });
  const { loaded } = await seen();
  expect(loaded).toContain('http');
  expect(loaded).not.toContain(FETCH);
});

const BUDGET = /^--interrupt-budget=/;

test('where V8 compiles late, it is told to hurry: once, by the first append', async () => {
  const { env, flags } = await watched();
  const budgets = async () => (await flags()).filter((flag) => BUDGET.test(flag));
  const master = belongings.program(['master', '--memory', '--json', '--port', '0'], env);
  const { url } = await master.event('listening');
  const health = await call('GET', `${url}/health`);
  expect([health.status, await budgets()]).toEqual([200, []]);
  for (const message of ['a', 'b']) {
    expect((await call('POST', `${url}/messages`, { message })).status).toBe(201);
  }
  const late = Number.parseInt(process.versions.node, 10) < 22;
  expect(await budgets()).toHaveLength(late ? 1 : 0);
});
