// A small disk filled to the brim under load. The rule: the node becomes read-only and says why,
// nothing that was acknowledged is damaged, and writes resume when there is room again.

import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, call, freePorts, messages, until } from '../process/program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const DISK_BYTES = 6 << 20;
const BALLAST_BYTES = 3 << 20;
const CLIENTS = 8;

/** A mounted folder of a few MiB; null where that may not be done. */
async function smallDisk(): Promise<string | null> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return null;
  const folder = join(await belongings.folder(), 'small');
  await mkdir(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder]);
  } catch {
    return null;
  }
  belongings.add(async () => execFileSync('umount', [folder]));
  return folder;
}

/** Appends from all sides until the disk is full. Returns what was acknowledged, by index. */
async function fill(url: string, round: number): Promise<Map<number, string>> {
  const acknowledged = new Map<number, string>();
  let full = false;
  const client = async (number: number): Promise<void> => {
    for (let count = 0; !full; count += 1) {
      const message = `round ${round} client ${number} message ${count} ${'x'.repeat(3_000)}`;
      const { status, body } = await call('POST', `${url}/messages`, { message, timeoutMs: 500 });
      if (status === 201) acknowledged.set(body.index, message);
      else if (status === 503 && body.code === 'storage-unavailable') full = true;
      else expect([status, body.code]).toEqual([504, 'write-concern-timeout']);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(i)));
  return acknowledged;
}

/** Everything that was acknowledged is where it was acknowledged, and nothing is there twice. */
async function judge(url: string, acknowledged: ReadonlyMap<number, string>): Promise<void> {
  const log = await messages(url);
  const wrong = [...acknowledged].filter(([index, message]) => log[index - 1] !== message);
  expect(wrong.map(([index]) => index)).toEqual([]);
  expect(new Set(log).size).toBe(log.length);
}

describe('B30, G15: a disk filled to the brim', () => {
  test('read-only with a reason, no damage, writes resume; also over kill -9', async ({ skip }) => {
    const folder = await smallDisk();
    if (folder === null) skip('mounting a small disk takes root on Linux');
    const ballast = join(folder!, 'ballast');
    await writeFile(ballast, Buffer.alloc(BALLAST_BYTES, 'x'));
    const port = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const args = ['master', '--id', 'n1', '--port', `${port}`, '--json'];
    const start = async () => {
      const program = belongings.program([...args, '--data-dir', join(folder!, 'n1')]);
      await program.event('listening');
      return program;
    };
    const ready = () =>
      until(
        () => call('GET', `${url}/health`),
        ({ body }) => body.mode === 'read-write',
        'writes',
      );
    let program = await start();
    await ready();

    const first = await fill(url, 1);
    expect(first.size).toBeGreaterThan(100);
    const { body } = await call('GET', `${url}/health`);
    expect(body).toMatchObject({ mode: 'read-only', reason: expect.stringContaining('no room') });
    await judge(url, first);

    await rm(ballast);
    await ready();
    const { status } = await call('POST', `${url}/messages`, { message: 'room again' });
    expect(status).toBe(201);
    await judge(url, first);

    // Full again, and killed: the next process finds everything, and goes on when it can.
    const second = await fill(url, 2);
    const all = new Map([...first, ...second]);
    await program.kill('SIGKILL');
    program = await start();
    await until(
      () => messages(url),
      (log) => log.length >= Math.max(...all.keys()),
      'the log',
    );
    await judge(url, all);
    execFileSync('mount', ['-o', `remount,size=${2 * DISK_BYTES}`, folder!]);
    await ready();
    const last = await call('POST', `${url}/messages`, { message: 'more room' });
    expect(last.status).toBe(201);
    await judge(url, new Map([...all, [last.body.index, 'more room']]));
  });
});
