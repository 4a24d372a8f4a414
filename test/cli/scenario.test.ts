// `replog scenario check`: all files are read, also behind one that is none.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { register } from '../../src/cli/commands/scenario.ts';
import { runCommand } from './command-run.ts';

const GOOD = 'title: t\nrule: { guarantee: G8, text: x }\nsteps:\n  - append: a\n';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'replog-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('every file is read, and every one that is no scenario is named', async () => {
  const one = await file('one.yaml', GOOD.replace('append', 'apend'));
  const good = await file('good.yaml', GOOD);
  const two = await file('two.yaml', GOOD.replace('title', 'titel'));
  const { code, err, out } = await runCommand(register, 'scenario', 'check', one, good, two);
  expect(out).toBe(`${good}: a scenario of 1 step for G8\n`);
  expect(err).toContain(`${one}:4: "apend" is no verb`);
  expect(err).toContain(`${two}:1: "titel" has no place here`);
  expect(code).toBe(2);
});
