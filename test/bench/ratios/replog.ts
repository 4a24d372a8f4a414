// replog itself: its own launcher, a master and secondaries on free ports.

import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePorts, type Subject, start, stopAll } from './subject.ts';

const BIN = fileURLToPath(new URL('../../../bin/replog.js', import.meta.url));

interface Ready {
  readonly event: string;
  readonly pid: number;
  readonly control: string;
  readonly nodes: readonly {
    readonly node: string;
    readonly role: string;
    readonly url: string;
    readonly pid: number;
  }[];
}

export interface ReplogOptions {
  readonly secondaries: number;
  /** null: in memory. */
  readonly dataDir: string | null;
}

/** A cluster, and how to get at its processes. */
export interface Cluster extends Subject {
  readonly launcherPid: number;
  /** Of the control routes. */
  readonly control: string;
  /** Of a secondary: the last one. */
  readonly secondary: { readonly node: string; readonly url: string };
}

export async function replog({ secondaries, dataDir }: ReplogOptions): Promise<Cluster> {
  const [port] = await freePorts(1);
  const where = dataDir === null ? ['--memory'] : ['--data-dir', dataDir, '--fresh'];
  const name = `ratios-${process.pid}-${port}`;
  const child = start(process.execPath, [
    ...[BIN, 'cluster', '--json', '--name', name, '--port', '0'],
    ...['--secondaries', String(secondaries), ...where],
  ]);
  for await (const line of createInterface({ input: child.stdout! })) {
    const ready = JSON.parse(line) as Ready;
    if (ready.event !== 'ready') continue;
    const master = ready.nodes.find(({ role }) => role === 'master')!;
    child.stdout!.resume();
    return {
      name: `replog ${dataDir === null ? 'in memory' : 'durable'}, ${secondaries + 1} nodes`,
      url: master.url,
      launcherPid: ready.pid,
      control: ready.control,
      secondary: ready.nodes.findLast(({ role }) => role === 'secondary')!,
      pids: ready.nodes.map(({ pid }) => pid),
      stop: () => stopAll([child]),
    };
  }
  throw new Error('the cluster did not become ready');
}
