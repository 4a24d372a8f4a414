// A Redis master with two replicas; every write is synced (appendfsync always).

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { eventually, freePorts, type Subject, start, stopAll } from './subject.ts';

export async function redis(folder: string): Promise<Subject> {
  const [master, ...replicas] = await freePorts(3);
  const server = (port: number, more: readonly string[]) => {
    const dir = join(folder, String(port));
    mkdirSync(dir, { recursive: true });
    return start('redis-server', [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', dir, '--save', ''],
      ...['--appendonly', 'yes', '--appendfsync', 'always', ...more],
    ]);
  };
  const follow = ['--replicaof', `127.0.0.1 ${master}`];
  const children = [server(master!, []), ...replicas.map((port) => server(port, follow))];
  const client = new Redis({ port: master!, host: '127.0.0.1' });
  client.on('error', () => undefined);
  await eventually(async () => {
    const info = await client.info('replication');
    if ((info.match(/state=online/g) ?? []).length < 2) throw new Error('replicas are missing');
  });
  client.disconnect();
  return {
    name: 'Redis, XADD + WAIT 2, appendfsync always',
    url: `redis://127.0.0.1:${master}`,
    pids: children.map(({ pid }) => pid!),
    stop: () => stopAll(children),
  };
}
