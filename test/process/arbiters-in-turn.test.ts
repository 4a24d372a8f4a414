// Several arbiters of one cluster; test/long/etcd.test.ts does the same with the real etcd.

import { afterAll, describe, expect, test } from 'vitest';
import { serveEtcd } from '../node/arbiter/etcd/fake-etcd.ts';
import { takeTurns } from './arbiters-in-turn.ts';
import { Belongings } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

describe.concurrent('an arbiter that remembers in etcd', () => {
  test('G24: is followed by another one, which replaces the master', async () => {
    const etcd = await serveEtcd();
    belongings.add(etcd.stop);
    await takeTurns(belongings, etcd.url);
  });

  test.each([
    [['--memory'], '--etcd and --memory exclude each other'],
    [['--data-dir', '/tmp/x'], '--etcd and --data-dir exclude each other'],
    [['--etcd-prefix', ''], 'the prefix is empty'],
  ])('is not started with %j', async (more, said) => {
    const program = belongings.program(['arbiter', '--etcd', 'http://127.0.0.1:1', ...more]);
    expect((await program.exited).code).toBe(2);
    expect(program.stderr).toContain(said);
  });

  test('waits for an etcd that is not there, says so once, and ends when told to', async () => {
    const how = ['--etcd', 'http://127.0.0.1:1', '--port', '0', '--json'];
    const program = belongings.program(['arbiter', ...how]);
    const { url } = await program.event('listening');
    const asked = await fetch(`${url}/readyz`);
    expect([asked.status, await asked.json()]).toMatchObject([503, { code: 'standby' }]);
    expect((await program.kill('SIGTERM')).code).toBe(0);
    const warnings = program.stderr.trim().split('\n');
    expect(warnings.map((line) => JSON.parse(line).msg)).toEqual([
      'etcd cannot be asked; it is tried again',
    ]);
  });

  test('ends where what answers is no etcd, and says what it did', async () => {
    const stranger = await serveEtcd();
    belongings.add(stranger.stop);
    const how = ['--etcd', `${stranger.url}/elsewhere`, '--port', '0'];
    const program = belongings.program(['arbiter', ...how]);
    expect((await program.exited).code).not.toBe(0);
    expect(program.stderr).toContain(`${stranger.url}/elsewhere answered 404`);
  });
});
