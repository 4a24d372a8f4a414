// A secondary that gets ahead of its master, and finds a new epoch when it is back: an order of
// things that mere chance seldom finds.

import type { Chance } from '../chance.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { byChance } from '../disk/disk-fault.ts';
import type { Fault } from '../plan/plan.ts';
import { beginAll, cut } from './cuts.ts';
import type { FaultKind } from './kind.ts';
import { masterOf } from './master.ts';
import { inNextWrite } from './mid-write.ts';

/** So long one secondary alone gets what the master has not persisted. */
const AHEAD_MS = 250;

/** Longer than any write that is kept from the master's disk may take. */
const SLOW_MS = 3_000;

/** The others go on without it for so long at least. */
const AWAY_MS = 1_500;

const NAME = 'ahead';

/** Writes to the node's log fail, and leave something all the same. Returns how to end it. */
function failingWrites(cluster: Cluster, node: string, chance: Chance): () => void {
  return cluster.troubleDisk(node, NAME, ({ kind, path }) => {
    if (kind !== 'write' || !path.endsWith('.seg')) return null;
    return { kind: 'fail', code: 'EIO', leftover: chance.pick(['all', 'half', 'cached']) };
  });
}

/** Nothing of the node's log can be dropped. Returns how to end it. */
function failingCuts(cluster: Cluster, node: string): () => void {
  return cluster.troubleDisk(node, NAME, ({ kind, path }) => {
    if ((kind !== 'truncate' && kind !== 'remove') || !path.endsWith('.seg')) return null;
    return { kind: 'fail', code: 'EIO' };
  });
}

/** The fault's nodes, without the master: who gets ahead, and the others. */
function secondariesOf(cluster: Cluster, master: string, { node, peer }: Fault) {
  const ids = cluster.nodes.map(({ id }) => id).filter((id) => id !== master);
  const ahead = [node, peer].find((id) => ids.includes(id)) ?? ids[0]!;
  return { ahead, others: ids.filter((id) => id !== ahead) };
}

/** What befalls the node that was ahead when it is back; `works`: its writes succeed again. */
type Return = (cluster: Cluster, node: string, chance: Chance, works: () => void) => void;

function kill(cluster: Cluster, node: string, severity: number): void {
  cluster.crash(node, { power: false, severity });
  cluster.startAfter(node, 20);
}

/** Long enough to drop what its new master does not have. */
const dropsMs = (chance: Chance): number => chance.between(300, 1_500);

const RETURNS: readonly Return[] = [
  (cluster, _, chance, works) => cluster.later(dropsMs(chance), works),
  // Another life must not find what was dropped.
  (cluster, node, chance, works) => {
    const dropped = dropsMs(chance);
    cluster.later(dropped, works);
    cluster.later(dropped + chance.between(50, 600), () => kill(cluster, node, 0));
  },
  // Nor what failed writes have left, where the first that succeeds is shorter.
  (cluster, node, chance, works) => {
    cluster.later(chance.between(150, 600), () => {
      works();
      inNextWrite(cluster, node, NAME, () => kill(cluster, node, 1));
    });
  },
  // It has accepted the epoch, and cannot drop anything: its next life finds all of it.
  (cluster, node, chance, works) => {
    const drops = failingCuts(cluster, node);
    cluster.later(dropsMs(chance), () => {
      works();
      drops();
      kill(cluster, node, 0);
    });
  },
];

export const AHEAD: FaultKind = {
  name: NAME,
  says: 'a secondary has what its master loses with the power, and is away when that returns',
  arbiterToo: false,
  suits: ({ nodes }) => nodes.length > 2 && nodes[0]!.durable,
  begin: (cluster, fault, chance) => {
    const master = masterOf(cluster);
    if (master === null) return undefined;
    cluster.hit(NAME);
    const { ahead, others } = secondariesOf(cluster, master, fault);
    const slow = byChance({ slow: 1, slowMs: SLOW_MS }, () => 0.9);
    const mend = cluster.troubleDisk(master, NAME, slow);
    const cuts = others.map((id) => cut(master, id));
    const reunite = beginAll(cluster, NAME, cuts);
    const works = chance.happens(0.5) ? failingWrites(cluster, ahead, chance) : () => {};
    cluster.later(AHEAD_MS, () => {
      mend();
      reunite();
      const join = beginAll(cluster, NAME, [cut(ahead, '*'), cut('*', ahead)]);
      cluster.crash(master, { power: true, severity: 1 });
      cluster.startAfter(master, 20);
      cluster.later(Math.max(fault.forMs, AWAY_MS), () => {
        join();
        chance.pick(RETURNS)(cluster, ahead, chance, works);
      });
    });
    return undefined;
  },
};
