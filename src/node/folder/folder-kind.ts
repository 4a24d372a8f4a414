// Whose folder it is: that of a node, which has a log and epochs of its own, or that of an arbiter,
// which has neither. The rule: a server that was given a folder of the other kind leaves it alone,
// because what it would remember there is not what the other one had.

import { ForeignUse, type Recovery } from '../../persistence/persistence.ts';

type Found = Pick<Recovery, 'memory' | 'lastIndex'>;

/** For an arbiter: throws ForeignUse where a node has kept its data. */
export function refuseNodes({ memory, lastIndex }: Found, folder: string | null): void {
  if (lastIndex === 0 && (memory?.epoch ?? 0) === 0) return;
  throw new ForeignUse(`${folder} holds the data of a node, and no arbiter can work on them`);
}

/** For the node of this id: throws ForeignUse where an arbiter has kept what it knows. A node that
 * is its own arbiter, and ended at its very first start, knows nobody but itself there. */
export function refuseArbiters(
  id: string,
  { memory, lastIndex }: Found,
  folder: string | null,
): void {
  if (lastIndex > 0 || memory === null || memory.epoch > 0) return;
  if (memory.arbiter?.members.some(({ node }) => node !== id) !== true) return;
  throw new ForeignUse(`${folder} holds what an arbiter remembers, and no node can work on that`);
}
