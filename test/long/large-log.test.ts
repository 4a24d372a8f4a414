// A node with a large log: what it takes in memory while it grows, how long it takes to start, also
// right after it was killed at full load, and how long a read of its end takes.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, call, freePorts, type Program } from '../process/program.ts';
import { BATCH, load, median, residentMb } from './batches.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

/** Larger than this is the goal for a log of ten million messages. */
const RESIDENT_MB_MAX = 150;
const GROWTH_MB_MAX = 15;
const READ_MS_MAX = 20;

interface Started {
  readonly program: Program;
  /** From the start of the process to the first `GET /readyz` that is answered with 200. */
  readonly ms: number;
}

async function start(port: number, folder: string): Promise<Started> {
  const startedAt = performance.now();
  const at = ['--id', 'n1', '--port', `${port}`, '--data-dir', join(folder, 'n1')];
  const program = belongings.program(['master', ...at, '--json']);
  const url = `http://127.0.0.1:${port}/readyz`;
  for (;;) {
    const answer = await fetch(url).catch(() => null);
    await answer?.text();
    if (answer?.status === 200) return { program, ms: performance.now() - startedAt };
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe.skipIf(!existsSync('/proc/self/status'))('a node with', () => {
  test.each([
    { count: 1_000_000, readyMs: 500 },
    { count: 10_000_000, readyMs: 3_000 },
  ])('$count messages of 100 bytes', async ({ count, readyMs }) => {
    const folder = await belongings.folder();
    const port = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    let { program } = await start(port, folder);
    const resident: number[] = [];
    const { pid } = program.child;
    let ended = false;
    // Killed while it is busy: the last batches are on their way, and need not be there.
    await load(url, count + 2 * BATCH, 1, (acknowledged) => {
      if (ended) return;
      resident.push(residentMb(pid!));
      ended = acknowledged >= count;
      if (ended) program.child.kill('SIGKILL');
    }).catch((error) => {
      if (!ended) throw error;
    });
    await program.exited;

    const third = Math.floor(resident.length / 3);
    const early = median(resident.slice(third, 2 * third));
    const late = median(resident.slice(-third));
    const killed = await start(port, folder);
    ({ program } = killed);
    await call('GET', `${url}/messages?from=1&limit=100`);
    const reads: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { body, ms } = await call('GET', `${url}/messages?from=${count - 100}&limit=100`);
      expect(body.messages).toHaveLength(100);
      reads.push(ms);
    }
    await program.stop();
    const stopped = await start(port, folder);
    const top = Math.max(...resident);
    const seen = { top, early, late, killedMs: killed.ms, stoppedMs: stopped.ms, reads };
    process.stdout.write(`${count} messages: ${JSON.stringify(seen)}\n`);
    expect(top).toBeLessThanOrEqual(RESIDENT_MB_MAX);
    expect(late - early).toBeLessThanOrEqual(GROWTH_MB_MAX);
    expect(median(reads)).toBeLessThanOrEqual(READ_MS_MAX);
    expect(stopped.ms).toBeLessThanOrEqual(readyMs);
    expect(killed.ms).toBeLessThanOrEqual(readyMs);
  });
});
