// What happens to the master in an order that mere chance seldom finds.

import type { Chance } from '../chance.ts';
import type { Cluster } from '../cluster.ts';
import { byChance } from '../disk-fault.ts';
import type { Fault } from '../plan.ts';
import type { NetworkTrouble } from '../weather.ts';
import type { FaultKind } from './kind.ts';

/** So long one secondary alone gets what the master has not persisted. */
const AHEAD_MS = 250;

/** Longer than any write that is kept from the master's disk may take. */
const SLOW_MS = 3_000;

/** Longer than a master needs to notice that it is alone. */
const ALONE_MS = 7_000;

const cut = (from: string, to: string): NetworkTrouble => ({ kind: 'cut', from, to });

function masterOf(cluster: Cluster): string | null {
  return cluster.nodes.find(({ node }) => node?.status?.role === 'master')?.id ?? null;
}

/** Begins all of them; returns how to end them. */
function begin(cluster: Cluster, name: string, troubles: readonly NetworkTrouble[]): () => void {
  const ends = troubles.map((trouble) => cluster.network.weather.begin(name, trouble));
  return () => {
    for (const end of ends) end();
  };
}

/** Writes to the node's log fail, and leave something all the same. Returns how to end it. */
function failingWrites(cluster: Cluster, node: string, chance: Chance): () => void {
  return cluster.troubleDisk(node, 'ahead', ({ kind, path }) => {
    if (kind !== 'write' || !path.endsWith('.seg')) return null;
    return { kind: 'fail', code: 'EIO', leftover: chance.pick(['all', 'half', 'cached']) };
  });
}

/** The fault's nodes, without the master: who gets ahead, and the others. */
function secondariesOf(cluster: Cluster, master: string, { node, peer }: Fault) {
  const ids = cluster.nodes.map(({ id }) => id).filter((id) => id !== master);
  const ahead = [node, peer].find((id) => ids.includes(id)) ?? ids[0]!;
  return { ahead, others: ids.filter((id) => id !== ahead) };
}

export const MASTER_FAULTS: readonly FaultKind[] = [
  {
    name: 'ahead',
    says: 'a secondary has what its master loses with the power, and is away when that returns',
    arbiterToo: false,
    suits: ({ nodes }) => nodes.length > 2 && nodes[0]!.durable,
    begin: (cluster, fault, chance) => {
      const master = masterOf(cluster);
      if (master === null) return undefined;
      cluster.hit('ahead');
      const { ahead, others } = secondariesOf(cluster, master, fault);
      const mend = cluster.troubleDisk(
        master,
        'ahead',
        byChance({ slow: 1, slowMs: SLOW_MS }, () => 0.9),
      );
      const reunite = begin(
        cluster,
        'ahead',
        others.map((id) => cut(master, id)),
      );
      const works = chance.happens(0.5) ? failingWrites(cluster, ahead, chance) : () => {};
      let end = (): void => {
        mend();
        reunite();
      };
      cluster.later(AHEAD_MS, () => {
        end();
        end = begin(cluster, 'ahead', [cut(ahead, '*'), cut('*', ahead)]);
        cluster.crash(master, { power: true, severity: 1 });
        cluster.startAfter(master, 20);
        cluster.later(Math.max(fault.forMs, 1_500), () => end());
        // By then it has dropped what its new master does not have.
        const dropped = Math.max(fault.forMs, 1_500) + chance.between(300, 1_500);
        cluster.later(dropped, works);
        if (chance.happens(0.5)) return;
        // Another life must not find that again.
        cluster.later(dropped + chance.between(50, 600), () => {
          cluster.crash(ahead, { power: false, severity: 0 });
          cluster.startAfter(ahead, 20);
        });
      });
      return undefined;
    },
  },
  {
    name: 'alone',
    says: 'the master reaches no other node for longer than it takes to notice',
    arbiterToo: false,
    suits: ({ nodes }) => nodes.length > 1,
    begin: (cluster) => {
      const master = masterOf(cluster);
      if (master === null) return undefined;
      cluster.hit('alone');
      const end = begin(cluster, 'alone', [cut(master, '*'), cut('*', master)]);
      cluster.later(ALONE_MS, end);
      return undefined;
    },
  },
];
