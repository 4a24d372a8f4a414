// replog itself: its own launcher, a master and secondaries on free ports.

import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePorts, type Subject, start, stopAll } from './subject.ts';

const BIN = fileURLToPath(new URL('../../../bin/replog.js', import.meta.url));

interface Ready {
  readonly pid: number;
  readonly nodes: readonly { readonly role: string; readonly url: string; readonly pid: number }[];
}

export interface ReplogOptions {
  readonly secondaries: number;
  /** null: in memory. */
  readonly dataDir: string | null;
}

export async function replog({ secondaries, dataDir }: ReplogOptions): Promise<Subject> {
  const [port] = await freePorts(1);
  const where = dataDir === null ? ['--memory'] : ['--data-dir', dataDir, '--fresh'];
  const name = `ratios-${process.pid}-${port}`;
  const child = start(process.execPath, [
    ...[BIN, 'cluster', '--json', '--name', name, '--port', '0'],
    ...['--secondaries', String(secondaries), ...where],
  ]);
  for await (const line of createInterface({ input: child.stdout! })) {
    const ready = JSON.parse(line) as Ready & { readonly event: string };
    if (ready.event !== 'ready') continue;
    const master = ready.nodes.find(({ role }) => role === 'master')!;
    child.stdout!.resume();
    return {
      name: `replog ${dataDir === null ? 'in memory' : 'durable'}, ${secondaries + 1} nodes`,
      url: master.url,
      pids: ready.nodes.map(({ pid }) => pid),
      stop: () => stopAll([child]),
    };
  }
  throw new Error('the cluster did not become ready');
}
