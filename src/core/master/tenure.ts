// How long a master is certain that nobody has taken its place, where a silent one is replaced. The
// rule: its members are its clock. One that has answered a heartbeat hears it for as long as it
// waits, from when that was sent; and fewer than a majority cannot replace it.

import { majority } from './quorum.ts';

/** Of the time that a member waits: clocks do not run alike. */
const CERTAIN = 0.9;

/**
 * Up to when it is certain; ∞: for good. `assuredAt`: of each member, when the last heartbeat was
 * sent that it has answered without having told the arbiter that its master is silent; -∞: none.
 * `size` ≥ 1; all times in milliseconds.
 */
export function tenureUntil(
  assuredAt: readonly number[],
  size: number,
  masterSilenceMs: number,
): number {
  // Whom this master does not know may have said anything.
  const unknown = Math.max(0, size - 1 - assuredAt.length);
  const enough = majority(size) - unknown;
  if (enough > assuredAt.length) return Number.POSITIVE_INFINITY;
  if (enough <= 0) return Number.NEGATIVE_INFINITY;
  const rising = [...assuredAt].sort((a, b) => a - b);
  return rising[enough - 1]! + CERTAIN * masterSilenceMs;
}
