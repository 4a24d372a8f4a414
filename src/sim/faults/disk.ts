// What happens to disks.

import type { Chance } from '../chance.ts';
import { byChance, type FaultSource } from '../disk/disk-fault.ts';
import type { Fault, Shape } from '../plan/plan.ts';
import type { FaultKind } from './kind.ts';

/** Longer than any fault lasts. */
const LATE_MS = 10_000;

const durable = ({ nodes }: Shape): boolean => nodes.some((node) => node.durable);

/** A node that is its own arbiter must not lose its folder: nobody else knows the cluster. */
const replaceable = (shape: Shape): boolean =>
  durable(shape) && shape.arbiter === 'own' && shape.nodes.length > 1;

function disk(
  name: string,
  says: string,
  source: (fault: Fault, chance: Chance) => FaultSource,
): FaultKind {
  return {
    name,
    says,
    arbiterToo: true,
    suits: durable,
    begin: (cluster, fault, chance) => cluster.troubleDisk(fault.node, name, source(fault, chance)),
  };
}

export const DISK_FAULTS: readonly FaultKind[] = [
  disk('eio', 'calls to a disk fail', ({ amount }, chance) =>
    byChance({ fail: amount * 0.3 }, chance.next),
  ),
  disk('sync-fails', 'writes and syncs of a disk fail, reads work', ({ amount }, chance) => {
    const fails = byChance({ fail: 0.2 + amount * 0.8 }, chance.next);
    return (call) => (call.kind === 'sync' || call.kind === 'write' ? fails(call) : null);
  }),
  disk('enospc', 'a disk is full', ({ amount }, chance) =>
    byChance({ full: 0.3 + amount * 0.7 }, chance.next),
  ),
  disk('short', 'reads and writes of a disk end early', ({ amount }, chance) =>
    byChance({ short: amount * 0.8 }, chance.next),
  ),
  disk('slow-disk', 'calls to a disk take long', ({ amount }, chance) =>
    byChance({ slow: 0.5, slowMs: amount * 1_500 }, chance.next),
  ),
  disk('hang', 'calls to a disk are never answered', ({ amount }, chance) =>
    byChance({ hang: amount * 0.2 }, chance.next),
  ),
  {
    name: 'late-log',
    says: 'what a node appends is on its disk much later than on the others; then the power goes',
    arbiterToo: false,
    // What was compacted meanwhile must not have needed it.
    suits: ({ upkeep }) => upkeep,
    begin: (cluster, { node, forMs, amount }) => {
      const mend = cluster.troubleDisk(node, 'late-log', ({ kind, path }) =>
        kind === 'write' && path.endsWith('.seg') ? { kind: 'slow', ms: LATE_MS } : null,
      );
      cluster.later(forMs, () => {
        mend();
        cluster.crash(node, { power: true, severity: amount });
        cluster.startAfter(node, 20);
      });
      return undefined;
    },
  },
  {
    name: 'flip',
    says: 'bits on a disk turn over, in writes and in reads',
    arbiterToo: false,
    suits: replaceable,
    begin: (cluster, { node, amount }, chance) => {
      const flips = byChance({ flip: amount * 0.2 }, chance.next);
      return cluster.flipBits(node, 'flip', flips);
    },
  },
];
