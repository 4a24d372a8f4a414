// A three-node etcd; the load goes to the JSON gateway of its leader.

import { join } from 'node:path';
import { eventually, freePorts, type Subject, start, stopAll } from './subject.ts';

interface Status {
  readonly header?: { readonly member_id?: string };
  readonly leader?: string;
}

export async function etcd(folder: string): Promise<Subject> {
  const names = ['a', 'b', 'c'];
  const ports = await freePorts(6);
  const clientOf = (i: number): string => `http://127.0.0.1:${ports[i * 2]}`;
  const peerOf = (i: number): string => `http://127.0.0.1:${ports[i * 2 + 1]}`;
  const cluster = names.map((name, i) => `${name}=${peerOf(i)}`).join(',');
  const children = names.map((name, i) =>
    start('etcd', [
      ...['--name', name, '--data-dir', join(folder, name), '--log-level', 'error'],
      ...['--listen-client-urls', clientOf(i), '--advertise-client-urls', clientOf(i)],
      ...['--listen-peer-urls', peerOf(i), '--initial-advertise-peer-urls', peerOf(i)],
      ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
    ]),
  );
  const statuses = await eventually(async () => {
    const all = await Promise.all(names.map((_, i) => statusOf(clientOf(i))));
    if (all.some(({ leader }) => leader === undefined || leader === '0')) throw new Error('young');
    return all;
  });
  const leader = statuses.findIndex(({ header, leader: of }) => header?.member_id === of);
  return {
    name: 'etcd, 3 nodes',
    url: clientOf(Math.max(0, leader)),
    pids: children.map(({ pid }) => pid!),
    stop: () => stopAll(children),
  };
}

async function statusOf(url: string): Promise<Status> {
  const answer = await fetch(`${url}/v3/maintenance/status`, { method: 'POST', body: '{}' });
  return (await answer.json()) as Status;
}
