// What would become of a write with this write concern. Pure: told from what a master says of
// itself in `GET /health`, which may be old a moment later.

import type { MasterHealth, MemberHealth, WriteConcern } from '../../client/answers.ts';
import { formatDuration } from '../arguments/duration.ts';
import {
  indispensableIn,
  isAlive,
  limitLine,
  majorityOf,
  NOTICED_AFTER,
  nameOf,
  nextLines,
} from './foresight.ts';
import { listed } from './listed.ts';

/** What would become of a write now. */
export interface DryRun {
  readonly w: WriteConcern;
  readonly outcome: 'answered' | 'waits' | 'refused';
  /** The nodes that it would wait for. */
  readonly waitsFor: readonly string[];
  /** Writes up to this `w` would be answered at once; 0: none. */
  readonly satisfiable: number;
  /** Each of these nodes is one that the quorum cannot do without. */
  readonly indispensable: readonly string[];
  readonly lines: readonly string[];
}

/** `now`: wall clock in milliseconds, for how long a state has lasted. `unnoticed`: members that
 * are Unhealthy here, while the master still counts them among the living. */
export function dryRun(
  health: MasterHealth,
  w: WriteConcern,
  now: number,
  unnoticed: readonly string[] = [],
): DryRun {
  const { members, quorum, mode, reason, node } = health;
  const healthy = members.filter(({ status }) => status === 'Healthy');
  const unwell = members.filter(({ status }) => status !== 'Healthy');
  const needed = neededFor(w, health);
  const readOnly = mode === 'read-only';
  const satisfiable = readOnly ? 0 : healthy.length;
  const indispensable = readOnly ? [] : indispensableIn(members, node, quorum);
  const known = { w, satisfiable, indispensable };
  const outlook = [
    limitLine(satisfiable, quorum.size),
    ...noticeLines(health),
    ...nextLines(indispensable, node),
  ];
  if (readOnly) {
    const why = `would be refused: the cluster is read-only${reason === null ? '' : ` (${reason})`}`;
    return {
      ...known,
      outcome: 'refused',
      waitsFor: [],
      lines: [why, 'satisfiable now: no write'],
    };
  }
  if (needed > Math.max(quorum.size, members.length)) {
    const why =
      `could not be met: w=${w}, but the cluster has ${quorum.size} nodes` +
      ' (refused, if its size is configured)';
    return { ...known, outcome: 'refused', waitsFor: [], lines: [why, ...outlook] };
  }
  if (needed <= healthy.length) {
    const behind = healthy.filter(({ lagEntries }) => lagEntries > 0).map(lagOf);
    const lag = behind.length === 0 ? '' : `; ${behind.join(', ')}`;
    const who = `${listed(healthy.map(nameOf))} ${healthy.length === 1 ? 'is' : 'are'} Healthy`;
    const line = `would be answered at once: ${who}${lag}`;
    return { ...known, outcome: 'answered', waitsFor: [], lines: [line, ...outlook] };
  }
  const lacking = needed - healthy.length;
  const some = lacking < unwell.length ? `${lacking} of ` : '';
  const whom = unwell.map((member) =>
    // Since when it is gone the master cannot tell.
    unnoticed.includes(member.node) ? member.node : stateOf(member, now),
  );
  const absent = lacking - unwell.length;
  const more =
    absent > 0 ? `${whom.length > 0 ? ' and ' : ''}${absent} more that have not joined` : '';
  const line = `would wait for ${some}${whom.join(' and ')}${more}`;
  return { ...known, outcome: 'waits', waitsFor: unwell.map(nameOf), lines: [line, ...outlook] };
}

function neededFor(w: WriteConcern, { quorum, members }: MasterHealth): number {
  if (w === 'majority') return majorityOf(quorum.size);
  return w === 'all' ? members.length : w;
}

/** Once the master has noticed who is gone. */
function noticeLines({ members, quorum: { size, needed } }: MasterHealth): string[] {
  const alive = members.filter(isAlive).length;
  if (alive >= needed) return [];
  const counts = `${alive} of ${size} alive, ${needed} needed`;
  return [`the cluster becomes read-only, at the latest ${NOTICED_AFTER} later: ${counts}`];
}

function stateOf({ node, status, since }: MemberHealth, now: number): string {
  return `${node}, ${status} for ${formatDuration(Math.max(0, Math.round(now - Date.parse(since))))}`;
}

const lagOf = ({ node, lagEntries }: MemberHealth): string => `${node} is ${lagEntries} behind`;
