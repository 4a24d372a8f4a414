// The state of a cluster as a table for people.

import type { FollowerHealth, Health, MasterHealth, MemberHealth } from '../client/answers.ts';
import { cleanText } from './clean-text.ts';
import type { Styles } from './colour.ts';
import { formatDuration } from './duration.ts';
import { inOrder } from './node-selection.ts';
import { type Cell, tableLines } from './table.ts';

const HEADING = [
  'NODE',
  'ROLE',
  'STATUS',
  'ACKED',
  'LAG',
  'LAST HEARTBEAT',
  'RETRY',
  'LAST ERROR',
] as const;

/** The lines for one node's answer to `GET /health`. */
export function healthLines(health: Health, styles: Styles): string[] {
  return health.role === 'master' ? masterLines(health, styles) : [followerLine(health)];
}

function masterLines(health: MasterHealth, styles: Styles): string[] {
  const { quorum, mode, reason } = health;
  const state =
    mode === 'read-write'
      ? styles.green('read-write')
      : styles.red(cleanText(`read-only${reason === null ? '' : ` (${reason})`}`));
  const facts = [
    `epoch ${health.epoch}`,
    `${quorum.alive} of ${quorum.size} alive, ${quorum.needed} needed`,
    `last index ${health.lastIndex}`,
    `on a majority up to ${health.commitIndex}`,
  ];
  const rows = inOrder(health.members).map((member) => memberRow(member, styles));
  return [
    `master ${cleanText(health.node)}: ${state}, ${facts.join(', ')}`,
    '',
    ...tableLines(HEADING, rows, styles.bold),
  ];
}

function memberRow(member: MemberHealth, styles: Styles): Cell[] {
  const isMaster = member.role === 'master';
  const colour = { Healthy: styles.green, Suspected: styles.yellow, Unhealthy: styles.red };
  return [
    member.node,
    member.role,
    { text: member.status, style: colour[member.status] ?? ((text) => text) },
    member.ackedIndex,
    { text: member.lagEntries === 0 ? '0' : lagOf(member), right: true },
    isMaster || member.lastHeartbeatMs === null ? null : ago(member.lastHeartbeatMs),
    member.retryInMs === null
      ? null
      : `#${member.attempts} in ${formatDuration(Math.round(member.retryInMs))}`,
    member.lastError,
  ];
}

function lagOf({ lagEntries, lagMs }: MemberHealth): string {
  return `${lagEntries} (${formatDuration(Math.round(lagMs))})`;
}

function ago(ms: number): string {
  return `${formatDuration(Math.round(ms))} ago`;
}

function followerLine(health: FollowerHealth): string {
  const { role, node, master, epoch, lastIndex, commitIndex, status } = health;
  const follows = master === null ? 'knows no master' : `follows ${master.node} at ${master.url}`;
  return cleanText(
    `${role ?? 'no role yet'} ${node}: ${status}, ${follows}, epoch ${epoch},` +
      ` last index ${lastIndex}, on a majority up to ${commitIndex}`,
  );
}
