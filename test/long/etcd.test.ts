// Arbiters with the real etcd: Debian's etcd-server, or any other 3.4 or later that is in PATH.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { describeEtcd, type EtcdSubject } from '../contracts/etcd.suite.ts';
import { takeTurns } from '../process/arbiters-in-turn.ts';
import { canCertify, certify, type Identity } from '../process/certificate.ts';
import { Belongings, call, freePorts, until } from '../process/program.ts';

const installed = spawnSync('etcd', ['--version']).status === 0;
if (!installed) process.stdout.write('skipped: no etcd here (apt-get install etcd-server)\n');

/** `identity`: it speaks TLS, and asks clients for a certificate of the same authority. */
async function startEtcd(identity: Identity | null = null): Promise<EtcdSubject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'replog-etcd-'));
  const port = await freePorts(2);
  const peers = `http://127.0.0.1:${port + 1}`;
  const clients = `http${identity === null ? '' : 's'}://127.0.0.1:${port}`;
  const tls =
    identity === null
      ? []
      : [
          ...['--cert-file', identity.cert, '--key-file', identity.key],
          ...['--client-cert-auth', '--trusted-ca-file', identity.cert],
        ];
  const args = [
    ...['--data-dir', folder, '--log-level', 'error', '--initial-cluster', `default=${peers}`],
    ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
    ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
    ...tls,
  ];
  const child: ChildProcess = spawn('etcd', args, { stdio: 'ignore' });
  await until(() => listens(port), Boolean, 'etcd listens');
  const read = () => call('POST', `${clients}/v3/kv/range`, { key: 'YQ==' });
  if (identity === null) await until(read, ({ status }) => status === 200, 'etcd answers');
  return {
    url: clients,
    stop: async () => {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      await rm(folder, { recursive: true });
    },
  };
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** From then on it asks for a name, and lets `replog` see and write what begins with `replog/`. */
async function closeTo(url: string, password: string): Promise<void> {
  const [key, range_end] = ['replog/', 'replog0'].map((text) => btoa(text));
  const perm = { permType: 'READWRITE', key, range_end };
  for (const [what, body] of [
    ['user/add', { name: 'root', password: 'root' }],
    ['user/grant', { user: 'root', role: 'root' }],
    ['user/add', { name: 'replog', password }],
    ['role/add', { name: 'arbiters' }],
    ['role/grant', { name: 'arbiters', perm }],
    ['user/grant', { user: 'replog', role: 'arbiters' }],
    ['enable', {}],
  ] as const) {
    expect((await call('POST', `${url}/v3/auth/${what}`, body)).status, what).toBe(200);
  }
}

async function changePassword(url: string, password: string): Promise<void> {
  const root = { name: 'root', password: 'root' };
  const { token } = (await call('POST', `${url}/v3/auth/authenticate`, root)).body;
  const changed = await fetch(`${url}/v3/auth/user/changepw`, {
    ...{ method: 'POST', headers: { authorization: token } },
    body: JSON.stringify({ name: 'replog', password }),
  });
  expect(changed.status).toBe(200);
}

const join = (url: string, node: string) =>
  call('POST', `${url}/arbiter/join`, {
    ...{ node, url: `http://${node}`, incarnation: `${node}#1`, epoch: 0, lastIndex: 0 },
  });

describe.skipIf(!installed)('with the real etcd', () => {
  describeEtcd('etcd', startEtcd);

  const belongings = new Belongings();
  afterAll(() => belongings.release());

  test('G24: an arbiter is followed by another one, which replaces the master', async () => {
    const etcd = await startEtcd();
    belongings.add(etcd.stop);
    await takeTurns(belongings, etcd.url);
  });

  const arbiter = (etcd: string, how: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    belongings.program(['arbiter', '--json', '--etcd', etcd, '--port', '0', ...how], env);

  test('clusters with other prefixes have an arbiter in charge each', async () => {
    const etcd = await startEtcd();
    belongings.add(etcd.stop);
    for (const prefix of ['one/', 'other/']) {
      const program = arbiter(etcd.url, ['--etcd-prefix', prefix]);
      expect(await program.event('in-charge')).toMatchObject({ members: [] });
      const { url } = await program.event('listening');
      expect((await join(url!, 'n1')).body).toMatchObject({ result: 'JoinedMaster', epoch: 1 });
    }
  });

  test('the one in charge says why nobody is answered where etcd takes no write', async () => {
    const etcd = await startEtcd();
    belongings.add(etcd.stop);
    const program = arbiter(etcd.url);
    const { url } = await program.event('listening');
    await program.event('in-charge');
    const alarm = (action: string) =>
      call('POST', `${etcd.url}/v3/maintenance/alarm`, { action, alarm: 'NOSPACE' });
    await alarm('ACTIVATE');
    const joined = join(url!, 'n1');
    await until(async () => program.stderr, Boolean, 'it says something');
    expect(JSON.parse(program.stderr)).toMatchObject({
      error: expect.stringContaining('database space exceeded'),
      msg: expect.stringContaining('cannot be written'),
    });
    await alarm('DEACTIVATE');
    expect((await joined).body).toMatchObject({ result: 'JoinedMaster' });
  });

  test('a name and password, which may be set anew while it is in charge', async () => {
    const etcd = await startEtcd();
    belongings.add(etcd.stop);
    await closeTo(etcd.url, 'secret');
    const unnamed = arbiter(etcd.url);
    const user = ['--etcd-user', 'replog'];
    const wrong = arbiter(etcd.url, user, { REPLOG_ETCD_PASSWORD: 'wrong' });
    for (const program of [unnamed, wrong]) expect((await program.exited).code).toBe(1);
    expect(unnamed.stderr).toContain('user name is empty');
    expect(wrong.stderr).toContain('invalid user ID or password');

    const program = arbiter(etcd.url, user, { REPLOG_ETCD_PASSWORD: 'secret' });
    const { url } = await program.event('listening');
    await program.event('in-charge');
    expect((await join(url!, 'n1')).status).toBe(200);
    // What it was given for its password is worth nothing from then on.
    await changePassword(etcd.url, 'secret');
    expect((await join(url!, 'n2')).status).toBe(200);
    expect(program.stderr).toBe('');
  });

  test.skipIf(!canCertify)('a certificate of the client', async () => {
    const { cert, key } = certify(await belongings.folder());
    const etcd = await startEtcd({ cert, key });
    belongings.add(etcd.stop);
    const shown = ['--etcd-cert', cert, '--etcd-key', key];
    const program = arbiter(etcd.url, shown, { NODE_EXTRA_CA_CERTS: cert });
    const { url } = await program.event('listening');
    await program.event('in-charge');
    expect((await join(url!, 'n1')).status).toBe(200);
  });
});
