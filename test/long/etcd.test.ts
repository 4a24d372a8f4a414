// Arbiters with the real etcd: Debian's etcd-server, or any other 3.4 or later that is in PATH.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { describeEtcd, type EtcdSubject } from '../contracts/etcd.suite.ts';
import { takeTurns } from '../process/arbiters-in-turn.ts';
import { Belongings, call, freePorts, until } from '../process/program.ts';

const installed = spawnSync('etcd', ['--version']).status === 0;
if (!installed) process.stdout.write('skipped: no etcd here (apt-get install etcd-server)\n');

async function startEtcd(): Promise<EtcdSubject> {
  const folder = await mkdtemp(join(tmpdir(), 'replog-etcd-'));
  const port = await freePorts(2);
  const [clients, peers] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`];
  const args = [
    ...['--data-dir', folder, '--log-level', 'error', '--initial-cluster', `default=${peers}`],
    ...['--listen-client-urls', clients, '--advertise-client-urls', clients],
    ...['--listen-peer-urls', peers, '--initial-advertise-peer-urls', peers],
  ];
  const child: ChildProcess = spawn('etcd', args, { stdio: 'ignore' });
  const read = () => call('POST', `${clients}/v3/kv/range`, { key: 'YQ==' });
  await until(read, ({ status }) => status === 200, 'etcd answers');
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

describe.skipIf(!installed)('with the real etcd', () => {
  describeEtcd('etcd', startEtcd);

  const belongings = new Belongings();
  afterAll(() => belongings.release());

  test('G24: an arbiter is followed by another one, which replaces the master', async () => {
    const etcd = await startEtcd();
    belongings.add(etcd.stop);
    await takeTurns(belongings, etcd.url);
  });
});
