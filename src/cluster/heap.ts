// How the memory of a process that serves grows. The rule: what it keeps is small (an index, the
// end of the log), so what it is allowed to leave lying about must be small, too.

import { setFlagsFromString } from 'node:v8';

/**
 * By how much the old part of the heap may outgrow what was alive at its last collection, in
 * percent. V8's own choice is up to 300. With batches of 10,000 messages at full load the resident
 * memory of a node reached 136 MiB with 30 and 197 with V8's choice, each within the first million.
 */
const GROWTH_PERCENT = 30;

/**
 * By what the young part of the heap is multiplied when V8 would have it grow: it stays as small as
 * it is when the server starts. V8 lets it grow to 16 MB, three times over; the same load then took
 * 155 MB instead of 126, and was no faster.
 */
const YOUNG_GROWTH_FACTOR = 1;

/** Called once, when a server or a dashboard starts. V8 looks at both at each collection. */
export function boundHeap(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
  setFlagsFromString(`--semi-space-growth-factor=${YOUNG_GROWTH_FACTOR}`);
}
