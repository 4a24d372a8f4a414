// What the processes of a cluster do not do before it is ready: each of these took them a tenth of
// their start or more.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { LATE_PARSER } from '../../src/cli/compilation.ts';
import { Belongings, freePorts } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

interface Start {
  readonly command: string;
  /** Modules of Node. */
  readonly loaded: readonly string[];
  /** Settings of V8 that the program has made. */
  readonly flags: readonly string[];
}

/** Runs in every process before the program does; adds a line to `file` when the process ends. */
const witness = (file: string): string => `
  const { appendFileSync } = require('node:fs');
  const v8 = require('node:v8');
  const flags = [];
  const set = v8.setFlagsFromString;
  v8.setFlagsFromString = (flag) => { flags.push(flag); set(flag); };
  process.on('exit', () => {
    const loaded = process.moduleLoadList.map((name) => name.replace('NativeModule ', ''));
    const start = { command: process.argv[2], loaded, flags };
    appendFileSync(${JSON.stringify(file)}, JSON.stringify(start) + '\\n');
  });
`;

test('a start loads neither fetch nor HTTP/2, and has V8 compile the parser late', async () => {
  const folder = await belongings.folder();
  const [file, preload] = [join(folder, 'starts.jsonl'), join(folder, 'witness.cjs')];
  await writeFile(preload, witness(file));
  const env = { REPLOG_RUN_DIR: folder, NODE_OPTIONS: `--require ${preload}` };
  const port = ['--port', String(await freePorts(4))];
  const cluster = belongings.program(['cluster', '--json', '--memory', ...port], env);
  await cluster.event('ready');
  await cluster.stop();

  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const starts = lines.map((line) => JSON.parse(line) as Start);
  expect(starts.map(({ command }) => command).sort()).toEqual(['cluster', 'node', 'node', 'node']);
  for (const { loaded, flags } of starts) {
    expect(loaded).toContain('http');
    expect(loaded).not.toContain('http2');
    expect(loaded).not.toContain('internal/deps/undici/undici');
    expect(flags).toEqual(expect.arrayContaining([...LATE_PARSER]));
  }
});
