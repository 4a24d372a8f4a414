// Each demo must fail when its guarantee is broken on purpose, and pass when it is not.

import { spawn } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { SHIPPED } from '../../src/scenarios/catalogue.ts';
import { Belongings, ENTRY } from '../process/program.ts';
import { buildMutant } from './mutant.ts';
import { PLANTED_FAULTS } from './planted-faults.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function check(entry: string, demo: string): Promise<Run> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [entry, 'demo', demo, '--check'], {
      env: { ...process.env, NO_COLOR: '1' },
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

describe('a demo fails when its guarantee is broken', () => {
  test('there is a planted fault for every demo', () => {
    expect(PLANTED_FAULTS.map(({ demo }) => demo)).toEqual(SHIPPED);
  });

  test.each(PLANTED_FAULTS)('$demo: $fault', async ({ demo, patches }) => {
    const entry = await buildMutant(await belongings.folder(), patches);
    const { code, stdout, stderr } = await check(entry, demo);
    // It was the demo that noticed, at a line of its file, not a program that does not start.
    expect(stdout, stderr).toMatch(new RegExp(`^FAIL +${demo} .*${demo}\\.yaml:\\d+: expected `));
    process.stdout.write(`  ${stdout.trim()}\n`);
    expect(code).toBe(1);
  });
});

describe('a demo passes when nothing is broken', () => {
  test.each(SHIPPED)('%s', async (demo) => {
    const { code, stdout, stderr } = await check(ENTRY, demo);
    expect(stdout, stderr).toMatch(new RegExp(`^ok +${demo} `));
    expect(code).toBe(0);
  });
});
