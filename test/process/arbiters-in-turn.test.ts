// Several arbiters of one cluster; test/long/etcd.test.ts does the same with the real etcd.

import { readFile } from 'node:fs/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { FakeEtcd, serveEtcd } from '../node/arbiter/etcd/fake-etcd.ts';
import { takeTurns } from './arbiters-in-turn.ts';
import { canCertify, certify } from './certificate.ts';
import { Belongings, call, until } from './program.ts';

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

  test('says, while it stands by, that it has other options than the one in charge', async () => {
    const etcd = await serveEtcd();
    belongings.add(etcd.stop);
    const arbiter = (...how: string[]) =>
      belongings.program(['arbiter', '--json', '--etcd', etcd.url, '--port', '0', ...how]);
    const first = arbiter('--secondaries', '2', '--failover');
    await first.event('in-charge');
    const other = arbiter('--secondaries', '4');
    await other.event('standby');
    const { url } = await first.event('listening');
    const join = { node: 'n1', url: 'http://n1', incarnation: 'n1#1', epoch: 0, lastIndex: 0 };
    expect((await call('POST', `${url}/arbiter/join`, join)).status).toBe(200);
    await until(async () => other.stderr, Boolean, 'it says something');
    expect(JSON.parse(other.stderr)).toMatchObject({
      difference: '--secondaries: 4 here, 2 there; --failover: only there',
      msg: expect.stringContaining('the arbiter in charge has other options'),
    });
  });

  test.skipIf(!canCertify)('shows its certificate to an etcd that asks for one', async () => {
    const { cert, key } = certify(await belongings.folder());
    const tls = { cert: await readFile(cert), key: await readFile(key), requestCert: true };
    const etcd = await serveEtcd(new FakeEtcd(), { ...tls, ca: tls.cert });
    belongings.add(etcd.stop);
    const arbiter = (...how: string[]) => {
      const program = ['arbiter', '--json', '--etcd', etcd.url, '--port', '0', ...how];
      return belongings.program(program, { NODE_EXTRA_CA_CERTS: cert });
    };
    await arbiter('--etcd-cert', cert, '--etcd-key', key).event('in-charge');
    const without = arbiter();
    await until(async () => without.stderr, Boolean, 'it says something');
    expect(without.stderr).toContain('etcd cannot be asked; it is tried again');
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
