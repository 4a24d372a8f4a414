// An arbiter that is lost with its folder: the nodes still say which cluster it was. And one whose
// cluster it was not.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { Belongings, call, freePorts, messages } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const TEXTS = ['one', 'two', 'three'];

describe.concurrent('a cluster goes on with all that was acknowledged', () => {
  test('where the folder of its arbiter is gone', async () => {
    const home = await belongings.folder();
    const env = { REPLOG_RUN_DIR: join(home, 'run') };
    const port = await freePorts(4);
    const args = ['cluster', '--json', '--port', `${port}`, '--data-dir', join(home, 'data')];
    const urls = [0, 1, 2].map((i) => `http://127.0.0.1:${port + i}`);
    const append = (message: string) =>
      call('POST', `${urls[0]}/messages`, { message, w: 'all', timeoutMs: 10_000 });
    const first = belongings.program(args, env, home);
    await first.event('ready');
    for (const message of TEXTS) expect((await append(message)).status).toBe(201);
    await first.stop();
    await rm(join(home, 'data', 'arbiter'), { recursive: true });

    await belongings.program(args, env, home).event('ready');
    expect((await append('four')).body).toMatchObject({ index: 4 });
    const expected = [...TEXTS, 'four'];
    const lists = await Promise.all(urls.map((url) => messages(url)));
    expect(lists).toEqual([expected, expected, expected]);
  });

  test('where the disk of a master that is its own arbiter is gone', async () => {
    const group = await Group.prepare(belongings, { size: 3, durable: true });
    for (const node of [1, 2, 3]) await group.start(node);
    await group.caughtUp();
    for (const message of TEXTS) expect((await group.append(message, 3)).status).toBe(201);
    await group.end(1, 'SIGKILL');
    await rm(group.folderOf(1), { recursive: true });

    await group.start(1);
    await group.caughtUp();
    expect((await group.append('four', 3)).body).toMatchObject({ index: 4 });
    expect(await messages(group.master)).toEqual([...TEXTS, 'four']);
  });
});

describe.concurrent('a node with the data of another cluster', () => {
  test('B45: is refused, says so, and is no member', async () => {
    const alone = { size: 1, durable: true };
    const [group, other] = await Promise.all([
      Group.start(belongings, alone),
      Group.start(belongings, alone),
    ]);
    expect((await other.append('of the other', 1)).status).toBe(201);
    expect((await group.append('of this one', 1)).status).toBe(201);
    await other.end(1, 'SIGTERM');
    const place = ['--port', `${await freePorts(1)}`, '--data-dir', other.folderOf(1)];
    const args = ['secondary', '--json', '--id', 'n2', '--join', group.master, ...place];
    const refused = await belongings.program(args).event('refused');
    expect(refused).toMatchObject({ code: 'wrong-cluster' });
    expect((await group.health()).members).toMatchObject([{ node: 'n1' }]);
    expect((await group.append('undisturbed', 'all')).body.acks).toEqual(['n1']);
  });
});
