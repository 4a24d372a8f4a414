// Campaigns and planted bugs compute for minutes and wait for nothing. They are begun with the
// first test, in processes that give way to every other, and so have the time that other tests
// spend waiting; test/sim/campaigns.test.ts asks at a socket what came of them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { givingWay } from './giving-way.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the process's output comes, when it has ended. */
    background: string;
    /** The seeds of the campaign: the first and the last. */
    seeds: readonly [number, number];
  }
}

const PROGRAM = fileURLToPath(new URL('../sim/background.ts', import.meta.url));

function seedsAskedFor(): [number, number] {
  const { REPLOG_SEED, REPLOG_SEEDS } = process.env;
  if (REPLOG_SEED !== undefined) return [Number(REPLOG_SEED), Number(REPLOG_SEED)];
  return [1, Number(REPLOG_SEEDS ?? 1_000)];
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const seeds = seedsAskedFor();
  const folder = mkdtempSync(join(tmpdir(), 'replog-background-'));
  // It leads a group: when its input ends, as it does however this process ends, all of that go.
  const child = givingWay(
    spawn(process.execPath, ['--import', 'tsx', PROGRAM, ...seeds.map(String)], {
      detached: true,
      env: { ...process.env, TMPDIR: folder },
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const ended = once(child, 'close');
  const output = text(child.stdout!);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    output.then((lines) => socket.end(lines));
  });
  const place = join(folder, 'socket');
  await once(server.listen(place), 'listening');
  project.provide('background', place);
  project.provide('seeds', seeds);
  return async () => {
    child.stdin?.end();
    await ended;
    server.close();
    rmSync(folder, { recursive: true });
  };
}
