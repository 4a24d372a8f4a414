// How the memory of a process that serves grows. The rule: what it keeps is small (an index, the
// end of the log), so what it is allowed to leave lying about must be small, too; but everything
// that is under way must fit into the young part, or it is carried to the old one and left there.

import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * By how much the old part of the heap may outgrow what was alive at its last collection, in
 * percent. V8's own choice is up to 300. With batches of 10,000 messages at full load the resident
 * memory of a node reached 136 MiB with 30 and 197 with V8's choice, each within the first million.
 */
const GROWTH_PERCENT = 30;

/**
 * How large both halves of the young part may become together, in bytes. V8 begins with 2 MB, lets
 * it grow while much of it survives, and stops at 32 MB (Node 20) or 128 MB (Node 24). At 2 MB what
 * 128 requests have under way is most of it: the same load then takes twice the processor time
 * (docs/measurements.md, "The young part of the heap").
 */
export const YOUNG_BYTES_MAX: number = 16 << 20;

/** By what V8 multiplies the young part when it has it grow: its own choice, and what stops it. */
const GROWS_BY = 2;
const STAYS = 1;

/** Called once, when a server or a dashboard starts. V8 looks at both at each collection. */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  let factor = GROWS_BY;
  // The greatest size can be told to V8 only before it starts, which is long over. It grows by one
  // step at a time, after a collection, and no sooner than much has survived since the step before.
  const collections = new PerformanceObserver(() => {
    const wanted = youngBytes() < YOUNG_BYTES_MAX ? GROWS_BY : STAYS;
    if (wanted === factor) return;
    factor = wanted;
    setFlagsFromString(`--semi-space-growth-factor=${wanted}`);
  });
  collections.observe({ entryTypes: ['gc'] });
}

/** How large both halves of the young part are together, in bytes. */
export function youngBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name: name }) => name === 'new_space')?.space_size ?? 0;
}
