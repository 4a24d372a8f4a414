// `replog chaos` and `replog replay` on real processes: a short run, judged, played again, and
// nothing left of either.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Belongings, type Line, type Program } from './program.ts';

const belongings = new Belongings();

afterEach(() => belongings.release());

interface End extends Line {
  readonly verdict: { readonly verdict: string; readonly counts: Record<string, number> };
  readonly failures: readonly string[];
  readonly done: Readonly<Record<string, number>>;
}

async function ended(program: Program): Promise<{ code: number | null; end: End }> {
  const end = (await program.event('end')) as End;
  return { code: (await program.exited).code, end };
}

test('chaos finds nothing, a replay does the same again, and nothing is left', async () => {
  const home = await belongings.folder();
  const temporary = await belongings.folder();
  const env = { TMPDIR: temporary, REPLOG_RUN_DIR: join(home, 'run') };
  const file = join(home, 'run.jsonl');

  const args = ['chaos', '--json', '--minutes', '0.06', '--seed', '3', '--record', file];
  const first = belongings.program(args, env, home);
  const begin = await first.event('begin');
  const { code, end } = await ended(first);
  expect([code, end.failures, end.verdict]).toEqual([
    0,
    [],
    expect.objectContaining({ verdict: 'OK', violations: [] }),
  ]);
  expect(end.done.kill).toBeGreaterThanOrEqual(1);
  expect(end.verdict.counts.acknowledged).toBeGreaterThanOrEqual(3);
  expect(end.verdict.counts.reads).toBeGreaterThanOrEqual(10);
  expect(readdirSync(temporary)).toEqual([]);
  expect(readdirSync(home)).toEqual(['run.jsonl']);
  for (const { url } of begin.nodes as { url: string }[]) {
    await expect(fetch(`${url}/livez`)).rejects.toThrow('fetch failed');
  }

  const again = await ended(belongings.program(['replay', file, '--json'], env, home));
  expect([again.code, again.end.verdict.verdict]).toEqual([0, 'OK']);
  expect(again.end.done.kill).toBe(end.done.kill);
  const writes = readFileSync(file, 'utf8').match(/"type":"write"/g)?.length ?? 0;
  const { acknowledged = 0, refused = 0, unknown = 0 } = again.end.verdict.counts;
  expect(acknowledged + refused + unknown).toBe(writes);
  expect(readdirSync(temporary)).toEqual([]);
});

test('a cluster in memory may lose what ends with it; one with a past is left alone', async () => {
  const home = await belongings.folder();
  const env = { REPLOG_RUN_DIR: join(home, 'run') };
  const options = ['--memory', '--secondaries', '1', '--port', '0', '--name', 'm', '--json'];
  await belongings.program(['cluster', ...options], env, home).event('ready');
  const file = join(home, 'run.jsonl');
  const chaos = ['chaos', '--name', 'm', '--minutes', '0.05', '--seed', '3'];
  await belongings.program([...chaos, '--record', file], env, home).exited;
  const starts = readFileSync(file, 'utf8').match(/"event":"start","durable":\w+/g) ?? [];
  expect(new Set(starts)).toEqual(new Set(['"event":"start","durable":false']));

  const past = belongings.program(chaos, env, home);
  expect((await past.exited).code).toBe(2);
  expect(past.stderr).toContain('the log is not empty: losses could not be judged');
});
