// Mistakes about what damage has taken.

import { type Plant, plant } from './plant.ts';

export const DAMAGE_PLANTS: readonly Plant[] = [
  plant(
    'a member that has lost entries to damage counts as heard',
    'B25',
    'src/core/recovery/hearing.ts',
    'const whole = lost === undefined || this.makesUpFor(lost);',
    'const whole = true;',
  ),
  plant(
    'a damaged master writes before it has what it lost',
    'B25',
    'src/core/recovery/own-loss.ts',
    'if (lost === null || makesUpFor(ledger.log, lost, lost.epoch)) return null;',
    'if (lost === null || ledger !== undefined) return null;',
  ),
  plant(
    'what damage took is not remembered',
    'B25',
    'src/persistence/log/segmented-log.ts',
    'await this.bookkeeping.save(marked);\n    await setAside(this.disk, file, keepBytes);',
    'await setAside(this.disk, file, keepBytes);',
  ),
  plant(
    'the log is cut before it is durable that something is lost',
    'B25',
    'src/persistence/log/segmented-log.ts',
    'await this.bookkeeping.save(marked);\n    await setAside(this.disk, file, keepBytes);',
    'await setAside(this.disk, file, keepBytes);\n    await this.bookkeeping.save(marked);',
  ),
  plant(
    'a second damage makes a node forget what the first one took',
    'B25',
    'src/persistence/damage/salvage.ts',
    'const before = base.lost ?? null;',
    'const before = null as Lost | null;',
  ),
  plant(
    'damage right before an interrupted write is taken for a part of it',
    'B25',
    'src/persistence/damage/remains.ts',
    'upTo = Math.max(upTo, durableBefore(bytes, torn));',
    'upTo = Math.max(upTo, lastIndex);',
  ),
];
