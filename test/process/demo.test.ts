// `replog demo` and `replog scenario` as a user runs them, on real processes; nothing is
// left behind.

import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Processes whose command line names this folder. */
function processesIn(folder: string): string[] {
  const all = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(folder));
}

/** Where a demo keeps its temporary folders, and announces nothing. */
async function surroundings(): Promise<{ folder: string; env: NodeJS.ProcessEnv }> {
  const folder = await belongings.folder();
  return { folder, env: { TMPDIR: folder, REPLOG_RUN_DIR: join(folder, 'run') } };
}

describe('replog demo', () => {
  test('G15: --check plays a durable demo in one line', async () => {
    const { folder, env } = await surroundings();
    const demo = belongings.program(['demo', 'crash-durability', '--check'], env);
    expect([(await demo.exited).code, demo.stderr]).toEqual([0, '']);
    expect(demo.lines.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^ok +crash-durability +G15 +[\d.]+ s$/),
    ]);
    expect([readdirSync(folder), processesIn(folder)]).toEqual([[], []]);
  });

  test('Ctrl-C in the middle leaves nothing behind', async () => {
    const { folder, env } = await surroundings();
    const demo = belongings.program(['demo', 'crash-durability', '--json'], env);
    await demo.line(({ type }) => type === 'step', 'its first step');
    await until(
      async () => processesIn(folder),
      ({ length }) => length === 3,
      'three nodes run',
    );
    // It is waiting for an answer, or for a node: neither is waited for any more.
    const interruptedAt = performance.now();
    expect((await demo.kill('SIGINT')).code).toBe(130);
    expect(performance.now() - interruptedAt).toBeLessThan(10_000);
    expect([readdirSync(folder), processesIn(folder)]).toEqual([[], []]);
  });
});

describe('replog scenario run', () => {
  test('says at which line of the file what was expected, and what was seen', async () => {
    const { folder, env } = await surroundings();
    const file = join(folder, 'mine.yaml');
    writeFileSync(
      file,
      `title: two nodes
rule: { guarantee: G1, text: not so }
cluster: { secondaries: 1 }
steps:
  - append: hello
    w: 2
    expect:
      status: 201
      acks: [n1]
`,
    );
    const run = belongings.program(['scenario', 'run', file, '--check'], env);
    expect((await run.exited).code).toBe(1);
    expect(run.lines[0]!.text).toMatch(/^FAIL +mine .*mine\.yaml:9: expected acks n1; seen: n1 n2/);
    expect(processesIn(folder)).toEqual([]);

    writeFileSync(file, 'title: x\nsteps: [{ apend: hello }]\n');
    const check = belongings.program(['scenario', 'check', file], env);
    expect((await check.exited).code).toBe(2);
    expect(check.stderr).toContain(`${file}:2: "apend" is no verb`);
  });
});
