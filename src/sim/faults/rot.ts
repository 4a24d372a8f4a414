// Damage to what a node has stored long ago, which is noticed by who reads it. Which clusters meet
// that is drawn apart (src/sim/plan/drawn-rot.ts), with what else goes wrong then.

import type { Chance } from '../chance.ts';
import type { FakeDisk } from '../disk/disk.ts';
import { cutShort, loseSector, removeFile, turnBit, turnBookkeepingBit } from './decay.ts';
import type { FaultKind } from './kind.ts';

/** The `amount` of a fault whose node goes on running. */
export const GOES_ON = 1;

/** `decay` damages something on the disk; it returns whether there was anything to damage. */
function rot(
  name: string,
  says: string,
  decay: (disk: FakeDisk, chance: Chance) => boolean,
): FaultKind {
  return {
    name,
    says: `${says}; its process ends and starts, or goes on`,
    arbiterToo: false,
    suits: () => false,
    begin: (cluster, { node, forMs, amount }, chance) => {
      const site = cluster.site(node);
      if (site.disk === null) return undefined;
      const goesOn = amount === GOES_ON && site.host.up;
      if (!goesOn) cluster.crash(node, { power: false, severity: 0 });
      if ((goesOn || site.down) && decay(site.disk, chance)) {
        cluster.hit(name);
        site.flipped = true;
      }
      if (!goesOn) cluster.startAfter(node, forMs);
      return undefined;
    },
  };
}

export const ROT_FAULTS: readonly FaultKind[] = [
  rot('rot', 'a bit turns over in what a node has stored', turnBit),
  rot('lost-sector', 'a sector of what a node has stored is zeros', loseSector),
  rot('short-file', 'the end of a segment that others follow is gone', cutShort),
  rot('lost-file', 'a segment that others follow is gone', removeFile),
  rot('rot-memory', "a bit turns over in a node's bookkeeping", turnBookkeepingBit),
];
