// Mistakes of clusters in which another node takes over from a silent master.

import { type Plant, plant } from './plant.ts';

export const FAILOVER_PLANTS: readonly Plant[] = [
  plant(
    'a replaced master acknowledges until it is told',
    'B36',
    'src/core/master/writers.ts',
    'this.held = !certain;',
    'this.held = false;',
  ),
  plant(
    'one member that hears nothing is enough to replace a master',
    'B36',
    'src/core/arbiter/succession.ts',
    'if (!this.areEnough([...fresh.keys()], Math.max(size, this.size))) return false;',
    '',
  ),
];
