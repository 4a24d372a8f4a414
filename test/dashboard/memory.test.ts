// That a dashboard which runs for hours is no larger than one that runs for a minute. In a file of
// its own: React decides when it is loaded whether it keeps notes on every update.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { healthyCluster, stepsOf } from './recorded.ts';

// As src/cli/dashboard.ts does before it loads Ink and React.
process.env.NODE_ENV = 'production';
const { mount } = await import('./mounted.ts');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes in use when nothing is left that could go. */
function heapUsed(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Looks for the least: while V8 compiles on another thread, half a megabyte more is in use. */
const LOOKS = 5;

/** 100 bytes an update would come to this; what the machine's own bookkeeping varies by is less. */
const GROWTH_MAX = 600_000;

test('after 10,000 updates, 6,000 more leave no memory behind', async () => {
  const shown = await mount(healthyCluster(1), 40, 8);
  const update = async (count: number): Promise<void> => {
    await shown.tell(stepsOf(healthyCluster(1, 12 + count), 3, 60_000 + count * 250));
    shown.terminal.sent = '';
  };
  let updates = 0;
  /** The least that is in use at some of the updates up to `count`. */
  const leastUntil = async (count: number): Promise<number> => {
    let least = Number.POSITIVE_INFINITY;
    while (updates < count) {
      updates += 1;
      await update(updates);
      if (updates > count - LOOKS) least = Math.min(least, heapUsed());
    }
    return least;
  };
  // By then every list that is kept at a length has that length, and V8 has most of what it keeps
  // of the code: 300 kB from the 2,000th to the 4,000th, 460 to 600 from there to the 10,000th, and
  // some 40 to 120 from there to the 13,000th.
  const before = await leastUntil(10_000);
  const after = await leastUntil(16_000);
  expect(shown.terminal.lines.join('\n')).toContain('16012');
  expect(after - before).toBeLessThan(GROWTH_MAX);
  shown.unmount();
}, 60_000);
