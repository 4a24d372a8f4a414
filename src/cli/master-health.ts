// What the master says of the cluster, whichever node a command was pointed at.

import type { MasterHealth } from '../client/answers.ts';
import { Refused } from './exit.ts';
import { connect, type Target } from './target.ts';

/** Throws Refused if the node knows no master, and whatever the client throws. */
export async function masterHealth(target: Target, signal: AbortSignal): Promise<MasterHealth> {
  const health = await (await connect(target)).health({ signal });
  if (health.role === 'master') return health;
  const { master, node } = health;
  const hint = '`replog ps` shows who is up';
  if (master === null) throw new Refused(`${node} knows no master`, hint);
  const there = await (await connect(target, master.url)).health({ signal });
  if (there.role === 'master') return there;
  throw new Refused(`${there.node} is not the master that ${node} takes it for`, hint);
}
