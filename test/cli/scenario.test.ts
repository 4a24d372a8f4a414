// `replog scenario check`: all files are read, also behind one that is none.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { register } from '../../src/cli/commands/scenario.ts';
import { SHIPPED } from '../../src/scenarios/catalogue.ts';
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

test('with --json each file has an object, also one that is none or not there', async () => {
  const broken = await file('one.yaml', GOOD.replace('append', 'apend'));
  const good = await file('good.yaml', GOOD);
  const none = join(folder, 'none.yaml');
  const files = [broken, none, good];
  const { code, out, err } = await runCommand(register, 'scenario', 'check', '--json', ...files);
  expect(err).toContain(`${none} cannot be read: there is no such file or folder`);
  const objects = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(objects).toEqual([
    { file: broken, errors: [{ line: 4, message: expect.stringContaining('no verb') }] },
    {
      file: none,
      errors: [{ line: null, message: 'cannot be read: there is no such file or folder' }],
    },
    { file: good, title: 't', guarantee: 'G8', steps: 1 },
  ]);
  expect(code).toBe(2);
});

test.each(['G0', 'G08', 'G25', 'G99', 'G1000', 'g8'])('%s is no guarantee', async (name) => {
  const path = await file('one.yaml', GOOD.replace('G8', name));
  const { code, err } = await runCommand(register, 'scenario', 'check', path);
  expect(err).toContain(`${path}:2: rule.guarantee: expected a guarantee, G1 to G24`);
  expect(code).toBe(2);
});

test('those that come with replog are listed, with how to play them, and where', async () => {
  const { code, out } = await runCommand(register, 'scenario', 'list');
  expect(code).toBe(0);
  for (const name of SHIPPED) expect(out).toMatch(new RegExp(`^${name} +G\\d+ +\\w`, 'm'));
  expect(out).toContain('`replog demo NAME`');
  const json = await runCommand(register, 'scenario', 'list', '--json');
  const listed = JSON.parse(json.out) as { name: string; title: string; file: string }[];
  expect(listed.map(({ name }) => name)).toEqual(SHIPPED);
  for (const { title, file } of listed) expect(await readFile(file, 'utf8')).toContain(title);
});
