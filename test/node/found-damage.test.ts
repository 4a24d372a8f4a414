// A node on a damaged disk says so, on a route of its own: nobody has to have seen its output.

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { logIndex } from '../../src/core/ids.ts';
import { createApp } from '../../src/node/api/app.ts';
import { followerHealth, masterHealth } from '../../src/node/api/success.ts';
import { systemClock } from '../../src/node/clock.ts';
import { FoundDamage } from '../../src/node/found-damage.ts';
import { type ServeNodeOptions, serveNode } from '../../src/node/serve.ts';
import { DamagedLog } from '../../src/persistence/persistence.ts';
import { call } from './calls.ts';
import { FakeEngine } from './fake-engine.ts';
import { LONE_NODE } from './lone-node.ts';

const place = { file: 'log-1.seg', offset: 463, after: logIndex(3), upTo: logIndex(11) };

test('GET /health tells it once it was noted, and when it was mended', async () => {
  const times = ['2030-01-01T00:00:00.000Z', '2030-01-01T00:00:05.000Z'];
  const damage = new FoundDamage({ iso: () => times.shift()! });
  const engine = new FakeEngine();
  const app = createApp(engine, { clock: systemClock(), damage });
  const told = async () => (await call(app, 'GET', '/health')).body;
  expect(await told()).not.toHaveProperty('damage');
  // Found by a version that did not write the place down.
  damage.note({ event: 'repaired', upTo: logIndex(2) });
  expect(await told()).not.toHaveProperty('damage');
  damage.note({ event: 'damaged', ...place });
  const found = { ...place, foundAt: '2030-01-01T00:00:00.000Z', mendedAt: null };
  const master = await told();
  expect(master.damage).toEqual(found);
  expect(masterHealth.safeParse(master).error).toBeUndefined();
  damage.note({ event: 'repaired', upTo: logIndex(11) });
  engine.state = engine.follower('secondary');
  const secondary = await told();
  expect(secondary.damage).toEqual({ ...found, mendedAt: '2030-01-01T00:00:05.000Z' });
  expect(followerHealth.safeParse(secondary).error).toBeUndefined();
});

test('and what a read met while it ran, which a restart mends, before anything else', async () => {
  let second = 0;
  const damage = new FoundDamage({ iso: () => `2030-01-01T00:00:0${second++}.000Z` });
  const app = createApp(new FakeEngine(), { clock: systemClock(), damage });
  const told = async () => (await call(app, 'GET', '/health')).body;
  damage.note({ event: 'damaged', ...place });
  damage.met(new DamagedLog('log-0000000000000041.seg', 77, 'a wrong checksum'), 90);
  damage.met(new DamagedLog('log-0000000000000001.seg', 32, 'a wrong checksum'), 91);
  damage.note({ event: 'repaired', upTo: logIndex(11) });
  const { damage: found, ...rest } = await told();
  const known = { file: 'log-0000000000000041.seg', offset: 77, after: 40, upTo: 90 };
  const times = { foundAt: '2030-01-01T00:00:01.000Z', mendedAt: null };
  expect(found).toEqual({ ...known, ...times, running: true });
  expect(masterHealth.safeParse({ ...rest, damage: found }).error).toBeUndefined();
});

async function serve(own: Partial<ServeNodeOptions>) {
  const node = await serveNode({ ...LONE_NODE, ...own });
  onTestFinished(() => node.stop());
  const health = async () => (await fetch(`${node.url}/health`)).json();
  const append = async (message: string) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ message, w: 'all' });
    return (await fetch(`${node.url}/messages`, { method: 'POST', headers, body })).status;
  };
  return { node, health, append };
}

/** Turns a bit over in the record with this text; */
async function flip(dataDir: string, text: string): Promise<string> {
  const file = (await readdir(dataDir)).find((name) => name.endsWith('.seg'))!;
  const bytes = await readFile(join(dataDir, file));
  const at = bytes.indexOf(text);
  bytes[at] = bytes[at]! ^ 1;
  await writeFile(join(dataDir, file), bytes);
  return file;
}

/** A secondary that has three messages, the second of them damaged once it was stopped. */
async function damaged() {
  const dataDir = await mkdtemp(join(tmpdir(), 'replog-damage-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const master = await serve({});
  const follower = { id: 'n2', role: 'secondary', join: [master.node.url], dataDir } as const;
  const first = await serve(follower);
  for (const message of ['one', 'two', 'three']) {
    await expect.poll(() => master.append(message)).toBe(201);
  }
  await expect.poll(first.health).toMatchObject({ lastIndex: 3 });
  expect(await first.health()).not.toHaveProperty('damage');
  await first.node.stop();
  return { master, file: await flip(dataDir, 'two'), start: () => serve(follower) };
}

test('a secondary that starts on a damaged disk tells it, and that it has mended it', async () => {
  const { file, start } = await damaged();
  const again = await start();
  expect(await again.health()).toMatchObject({ lastIndex: 1, damage: { file, after: 1 } });
  // Its master takes it for the earlier process until that has been silent for a while.
  await expect
    .poll(again.health, { timeout: 15_000 })
    .toMatchObject({ lastIndex: 3, damage: { after: 1, mendedAt: expect.any(String) } });
});

test('one that is restarted before it has mended damage tells it once more', async () => {
  const { master, file, start } = await damaged();
  await master.node.stop();
  const missed = { file, offset: expect.any(Number), after: 1, upTo: 3, mendedAt: null };
  const found = await start();
  expect(await found.health()).toMatchObject({ lastIndex: 1, damage: missed });
  await found.node.stop();
  const again = await start();
  expect(await again.health()).toMatchObject({ lastIndex: 1, damage: missed });
});
