// The order of the test files. One that takes half a minute and is begun last has a processor to
// itself while the other has nothing to do. A fresh checkout knows no durations: they stand here.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The longest first; a file that is not named begins after all of these. */
const LONG = [
  'test/sim/campaigns.test.ts',
  'test/persistence/exhaustive-cuts.test.ts',
  'test/persistence/exhaustive-compaction.test.ts',
  'test/persistence/segment/outline.test.ts',
  'test/cli/launcher-commands.test.ts',
  'test/persistence/exhaustive-failures.test.ts',
  'test/persistence/exhaustive-flips.test.ts',
  'test/cluster/launcher.test.ts',
  'test/persistence/compaction.test.ts',
  'test/dashboard/memory.test.ts',
  'test/core/random-cluster.test.ts',
  'test/process/launcher.test.ts',
  'test/process/durability.test.ts',
  'test/process/dashboard.test.ts',
  'test/process/chaos.test.ts',
  'test/process/interruption.test.ts',
  'test/process/node-commands.test.ts',
  'test/process/damage.test.ts',
  'test/process/demo.test.ts',
  'test/process/packaging.test.ts',
  'test/process/waiting.test.ts',
  'test/seed/rejoin.test.ts',
  'test/seed/random-work.test.ts',
  'test/seed/late-heartbeats.test.ts',
  'test/process/health.test.ts',
  'test/seed/arbiter.test.ts',
];

function rank({ moduleId }: TestSpecification): number {
  const place = LONG.findIndex((path) => moduleId.endsWith(`/${path}`));
  return place === -1 ? LONG.length : place;
}

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((one, other) => rank(one) - rank(other));
  }
}
