// A NATS JetStream cluster of three with a file stream of three replicas.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, RetentionPolicy, StorageType } from 'nats';
import { eventually, freePorts, type Subject, start, stopAll } from './subject.ts';

export const STREAM = 'bench';

export async function nats(folder: string): Promise<Subject> {
  const ports = await freePorts(6);
  const names = ['a', 'b', 'c'];
  const routes = names.map((_, i) => `nats://127.0.0.1:${ports[i * 2 + 1]}`).join(',');
  const children = names.map((name, i) => {
    const file = join(folder, `${name}.conf`);
    const store = join(folder, name);
    writeFileSync(
      file,
      `server_name: ${name}\nlisten: 127.0.0.1:${ports[i * 2]}\n` +
        `jetstream { store_dir: "${store}" }\n` +
        `cluster { name: bench, listen: 127.0.0.1:${ports[i * 2 + 1]}, routes: [${routes}] }\n`,
    );
    return start('nats-server', ['-c', file]);
  });
  const urls = names.map((_, i) => `127.0.0.1:${ports[i * 2]}`);
  const leader = await eventually(async () => {
    const connection = await connect({ servers: urls[0]!, timeout: 2_000 });
    try {
      const manager = await connection.jetstreamManager();
      const info = await manager.streams.add({
        name: STREAM,
        subjects: [STREAM],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        num_replicas: 3,
      });
      return info.cluster?.leader ?? 'a';
    } finally {
      await connection.close();
    }
  });
  return {
    name: 'NATS JetStream, R3 file',
    url: urls[names.indexOf(leader)] ?? urls[0]!,
    pids: children.map(({ pid }) => pid!),
    stop: () => stopAll(children),
  };
}
