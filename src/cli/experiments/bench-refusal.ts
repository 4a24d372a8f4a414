// Whether a measurement can come to anything: asked before it begins, since one in which nothing is
// acknowledged takes as long as any other.

import type { MasterHealth, WriteConcern } from '../../client/answers.ts';
import { Refused, UsageError } from '../exit.ts';
import { dryRun } from '../printing/dry-run.ts';

const WAY_OUT = 'choose another write concern; `replog health` shows who is missing';

/** Throws Refused where a write with one of these would be refused, or would wait for a node that
 * is away. `now`: wall clock in milliseconds. */
export function refuseUnmeetable(
  health: MasterHealth,
  concerns: readonly WriteConcern[],
  now: number,
): void {
  // Who is late may have answered before the first write: that alone is no reason to refuse.
  const members = health.members.map((member) =>
    member.status === 'Suspected' ? { ...member, status: 'Healthy' as const } : member,
  );
  for (const w of concerns) {
    const { outcome, lines } = dryRun({ ...health, members }, w, now);
    if (outcome !== 'answered') throw new Refused(`a write with w=${w} ${lines[0]}`, WAY_OUT);
  }
}

/** The same for a cluster of so many nodes that is yet to be started. Throws UsageError. */
export function refuseTooMany(nodes: number, concerns: readonly WriteConcern[]): void {
  const w = concerns.find((one) => typeof one === 'number' && one > nodes);
  if (w === undefined) return;
  throw new UsageError(
    `w=${w} cannot be met by a throw-away cluster of ${nodes === 1 ? 'one node' : `${nodes} nodes`}`,
    'use --secondaries, or a lower write concern',
  );
}
