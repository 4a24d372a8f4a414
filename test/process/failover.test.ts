// Another node takes over from a master that is dead, or stands still. The tests run side by side.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { Launched } from './launched.ts';
import { Belongings, call, freePorts, messages, until } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** The node that leads, of those that answer, as soon as one other than `former` does. */
async function nextMaster(urls: readonly string[], former: string): Promise<string> {
  const others = urls.filter((url) => url !== former);
  const leading = async (): Promise<string | undefined> => {
    const all = await Promise.all(others.map((url) => call('GET', `${url}/health`)));
    return others.find((_, i) => all[i]!.body.role === 'master' && all[i]!.body.reason === null);
  };
  return (await until(leading, (url) => url !== undefined, 'another node leads'))!;
}

const append = (url: string, message: string, w: number | string) =>
  call('POST', `${url}/messages`, { message, w, timeoutMs: 10_000 });

describe.concurrent('a cluster with failover', () => {
  test('G24: goes on without its master, with what a majority had, and takes it back', async () => {
    const cluster = await Launched.start(belongings, ['--failover']);
    const { master } = cluster;
    const acknowledged = ['one', 'two', 'three'];
    for (const message of acknowledged) {
      expect((await append(master, message, 'majority')).status).toBe(201);
    }
    expect((await call('GET', `${master}/health`)).body.failover).toBe(true);
    await cluster.act('n1', 'kill');
    // A client that was told of the others finds the next one by itself.
    const client = new ReplogClient({ url: master, others: cluster.urls.slice(1) });
    expect((await client.append('four', { w: 'majority' })).index).toBe(4);
    const heir = await nextMaster(cluster.urls, master);
    expect((await call('GET', `${heir}/health`)).body.epoch).toBe(2);

    await cluster.act('n1', 'start');
    expect((await append(heir, 'five', 'all')).status).toBe(201);
    const expected = [...acknowledged, 'four', 'five'];
    expect(await cluster.lists()).toEqual([expected, expected, expected]);
    expect((await call('GET', `${master}/health`)).body).toMatchObject({
      role: 'secondary',
      epoch: 2,
      master: { url: heir },
    });
  });

  test('G24: a master that stood still acknowledges nothing that the next one lacks', async () => {
    const cluster = await Launched.start(belongings, ['--failover', '--memory']);
    const { master } = cluster;
    expect((await append(master, 'one', 'all')).status).toBe(201);
    await cluster.act('n1', 'pause');
    // It waits in the sockets of a process that stands still.
    const lone = append(master, 'lone', 1);
    const heir = await nextMaster(cluster.urls, master);
    expect((await append(heir, 'two', 'majority')).body.index).toBe(2);
    await cluster.act('n1', 'resume');
    const { body, status } = await lone;
    expect([307, 503]).toContain(status);
    expect(['not-master', 'no-master']).toContain(body.code);
    expect((await append(heir, 'three', 'all')).status).toBe(201);
    expect(await messages(master)).toEqual(['one', 'two', 'three']);
  });

  test('G24: so does one whose arbiter was started again, with another size', async () => {
    const home = await belongings.folder();
    const port = await freePorts(4);
    const urls = [1, 2, 3].map((i) => `http://127.0.0.1:${port + i}`);
    const at = (name: string, nth: number): string[] => {
      return ['--json', '--port', `${port + nth}`, '--data-dir', join(home, name)];
    };
    const arbiter = async (secondaries: number) => {
      const how = ['--failover', '--secondaries', `${secondaries}`];
      const started = belongings.program(['arbiter', ...how, ...at('arbiter', 0)]);
      await started.event('listening');
      return started;
    };
    const sized = (size: number): Promise<unknown> => {
      const look = () => call('GET', `${urls[0]}/health`);
      return until(look, ({ body }) => body.quorum?.size === size, `the size is ${size}`);
    };
    let running = await arbiter(3);
    const joined = ['--join', `http://127.0.0.1:${port}`];
    const nodes = [];
    for (const nth of [1, 2, 3]) {
      nodes.push(belongings.program(['node', '--id', `n${nth}`, ...joined, ...at(`n${nth}`, nth)]));
      await nodes.at(-1)!.event('role');
    }
    expect((await append(urls[0]!, 'one', 3)).status).toBe(201);
    await running.kill('SIGTERM');
    running = await arbiter(2);
    await sized(3);
    await until(
      () => readFile(join(home, 'arbiter', 'memory.json'), 'utf8'),
      (memory) => {
        const known = JSON.parse(memory).memory.arbiter.noted;
        return known.size === 3 && known.nodes.length === 3 && known.established.length === 3;
      },
      'the arbiter remembers who counts',
    );
    await running.kill('SIGKILL');
    running = await arbiter(2);
    await nodes[0]!.kill('SIGKILL');
    const heir = await nextMaster(urls, urls[0]!);
    expect((await append(heir, 'two', 'majority')).body.index).toBe(2);
  });
});
