// What the master says of the cluster, whichever node a command was pointed at.

import type { Health, MasterHealth } from '../../client/answers.ts';
import { inOrder } from '../arguments/node-selection.ts';
import { Refused } from '../exit.ts';
import { type ArbiterHealth, noneYet } from './arbiter-health.ts';
import { connect, type Target } from './target.ts';

const SEE_WHO_IS_UP = '`replog ps` shows who is up';

/** Its members are in the order of their names. Throws Refused if the node knows no master, and
 * whatever the client throws. */
export async function masterHealth(target: Target, signal: AbortSignal): Promise<MasterHealth> {
  // Whoever answers there need not be a node.
  const health = (await (await connect(target)).health({ signal })) as Health | ArbiterHealth;
  if (health.role === 'master') return byName(health);
  const { master } = health;
  const node = health.role === 'arbiter' ? 'the arbiter' : health.node;
  if (master === null) {
    if (health.role === 'arbiter' && health.members.length === 0) throw noneYet(health, target.url);
    throw new Refused(`${node} knows no master`, SEE_WHO_IS_UP);
  }
  const there = await (await connect(target, master.url)).health({ signal });
  if (there.role === 'master') return byName(there);
  throw new Refused(`${there.node} is not the master that ${node} takes it for`, SEE_WHO_IS_UP);
}

/** A master has them in the order in which they joined. */
const byName = (health: MasterHealth): MasterHealth => ({
  ...health,
  members: inOrder(health.members),
});
