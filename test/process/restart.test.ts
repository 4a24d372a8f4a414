// Nodes that come back: with their disk, with an empty memory, after an orderly end and after kill
// -9. The tests run side by side.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { Launched } from './launched.ts';
import { Belongings, call, freePorts, messages } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

describe.concurrent.each<[where: string, args: string[]]>([
  ['on disk', []],
  ['in memory', ['--memory']],
])('in a cluster %s', (_, args) => {
  test('G11: a secondary, and the master twice, come back to all that was there', async () => {
    const cluster = await Launched.start(belongings, args);
    const expected = ['one', 'two', 'three'];
    const headers = { 'idempotency-key': 'first' };
    expect((await cluster.append('one', 'all', headers)).body.index).toBe(1);
    for (const message of expected.slice(1)) await cluster.append(message, 'all');

    await cluster.act('n3', 'stop');
    expected.push('without n3');
    expect((await cluster.append('without n3', 2)).body.index).toBe(4);
    await cluster.act('n3', 'start');
    expected.push('with n3');
    expect((await cluster.append('with n3', 'all')).body).toMatchObject({ index: 5 });
    expect(await cluster.lists()).toEqual([expected, expected, expected]);

    const epochs = [await cluster.epoch()];
    // First in order, then without a word: the log must survive a second restart, too.
    for (const [end, message] of [
      ['stop', 'after a stop'],
      ['kill', 'after kill -9'],
    ] as const) {
      await cluster.act('n1', end);
      await cluster.act('n1', 'start');
      expected.push(message);
      const { status, body } = await cluster.appendSoon(message, 'all');
      expect([status, body.index]).toEqual([201, expected.length]);
      expect(await cluster.lists()).toEqual([expected, expected, expected]);
      epochs.push(await cluster.epoch());
    }
    expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
    expect(new Set(epochs).size).toBe(3);

    const known = await cluster.append('one', 'all', headers);
    expect([known.status, known.body.index, known.body.duplicate]).toEqual([200, 1, true]);
    expect(await cluster.lists()).toEqual([expected, expected, expected]);
  });
});

describe.concurrent('a folder', () => {
  test('B33: is one process’s at a time, and a killed one lets go of it', async () => {
    const group = await Group.prepare(belongings, { size: 1, durable: true });
    await group.start(1);
    await group.caughtUp();
    expect((await group.append('first', 1)).status).toBe(201);

    const elsewhere = group.args(1);
    elsewhere[elsewhere.indexOf('--port') + 1] = `${await freePorts(1)}`;
    const second = belongings.program(elsewhere);
    expect((await second.exited).code).toBe(1);
    expect(second.stderr).toContain(group.folderOf(1));
    expect(second.stderr).toContain(`${group.program(1).child.pid}`);
    expect((await group.append('undisturbed', 1)).status).toBe(201);

    await group.end(1, 'SIGKILL');
    await group.start(1);
    await group.caughtUp();
    expect((await group.append('after kill -9', 1)).status).toBe(201);

    // What it remembers is gone: its epochs go on from the log.
    await group.end(1, 'SIGTERM');
    await rm(join(group.folderOf(1), 'memory.json'));
    await group.start(1);
    await group.caughtUp();
    expect((await group.append('without memory', 1)).status).toBe(201);

    expect(await messages(group.master)).toEqual([
      'first',
      'undisturbed',
      'after kill -9',
      'without memory',
    ]);
  });
});

describe.concurrent('a node with 100,000 entries', () => {
  const BATCH = 10_000;
  const COUNT = 10 * BATCH;

  test('B19, B20: says nothing before it has read them all', async () => {
    const group = await Group.prepare(belongings, { size: 1, durable: true });
    await group.start(1);
    await group.caughtUp();
    for (let first = 0; first < COUNT; first += BATCH) {
      const texts = Array.from({ length: BATCH }, (_, i) => `message ${first + i}`);
      const body = { messages: texts, w: 1 };
      expect((await call('POST', `${group.master}/messages/batch`, body)).status).toBe(201);
    }
    await group.end(1, 'SIGKILL');

    const program = belongings.program(group.args(1));
    const seen: number[] = [];
    let silent = 0;
    let ready = false;
    while (!ready) {
      try {
        ready = (await call('GET', `${group.master}/readyz`)).status === 200;
        const { status, body } = await call('GET', `${group.master}/log?limit=1`);
        if (status === 200) seen.push(body.lastIndex);
      } catch {
        silent += 1;
        if (program.child.exitCode !== null) throw new Error(program.stderr);
      }
      // It needs the processor to start; what it says too early for longer than this is seen.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(silent).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set([COUNT]));
    // What is appended while it is listed makes no hole in the list.
    const expected = Array.from({ length: COUNT }, (_, i) => `message ${i}`);
    let listed = false;
    const listing = messages(group.master).finally(() => {
      listed = true;
    });
    while (!listed) {
      expected.push(`meanwhile ${expected.length}`);
      expect((await group.append(expected.at(-1)!, 1)).status).toBe(201);
    }
    const list = await listing;
    expect(list.length).toBeGreaterThanOrEqual(COUNT);
    expect(list).toEqual(expected.slice(0, list.length));
  });
});
