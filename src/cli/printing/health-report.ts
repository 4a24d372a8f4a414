// The state of a cluster as a table for people.

import type {
  FollowerHealth,
  FoundDamage,
  Health,
  MasterHealth,
  MemberHealth,
} from '../../client/answers.ts';
import { formatDuration } from '../arguments/duration.ts';
import { inOrder } from '../arguments/node-selection.ts';
import { cleanText } from './clean-text.ts';
import type { Styles } from './colour.ts';
import { type Cell, fittedTable } from './table.ts';
import { fitted, type Screen } from './text-width.ts';

const HEADING = ['NODE', 'ROLE', 'STATUS', 'ACKED', 'LAG', 'LAST HEARTBEAT', 'RETRY'] as const;

/** What is left out first where the terminal is too narrow: a line that wraps is read by nobody.
 * The head names the master, and who is not Healthy has not been heard. */
const EXPENDABLE: readonly (typeof HEADING)[number][] = [
  ...(['RETRY', 'LAST HEARTBEAT', 'ROLE', 'ACKED'] as const),
];

/** The lines for one node's answer to `GET /health`. */
export function healthLines(
  health: Health,
  styles: Styles,
  screen: Screen = process.stdout,
): string[] {
  const lines =
    health.role === 'master'
      ? masterLines(health, styles, screen)
      : fitted(followerLine(health), screen);
  const { damage } = health;
  return damage === undefined
    ? lines
    : [...lines, ...fitted(damageLine(health.node, damage), screen).map(styles.yellow)];
}

function damageLine(node: string, found: FoundDamage): string {
  const { file, offset, after, upTo, mendedAt, running } = found;
  if (running) {
    return cleanText(
      `${node} met damage in ${file} at byte ${offset}: what is there cannot be read until ${node} ` +
        'is restarted and has fetched it from others',
    );
  }
  const state =
    mendedAt === null
      ? `it has up to ${after} and fetches the rest, up to ${upTo} at least`
      : 'it has again what that took';
  return cleanText(`${node} found damage at its start, in ${file} at byte ${offset}: ${state}`);
}

function masterLines(health: MasterHealth, styles: Styles, screen: Screen): string[] {
  const { quorum, mode, reason } = health;
  const counts = `${quorum.alive} of ${quorum.size} alive, ${quorum.needed} needed`;
  const facts = [
    reason === null ? mode : `${mode} (${reason})`,
    `epoch ${health.epoch}`,
    // The reason may have said so.
    ...(reason?.startsWith('no quorum') ? [] : [counts]),
    `last index ${health.lastIndex}`,
    `on a majority up to ${health.commitIndex}`,
  ];
  const [head = '', ...more] = fitted(
    cleanText(`master ${health.node}: ${facts.join(', ')}`),
    screen,
  );
  const paint = mode === 'read-write' ? styles.green : styles.red;
  const members = inOrder(health.members);
  const rows = members.map((member) => memberRow(member, styles));
  const errors = members.flatMap(({ node, lastError }) =>
    lastError === null ? [] : fitted(cleanText(`last error of ${node}: ${lastError}`), screen),
  );
  return [
    head.replace(`: ${mode}`, () => `: ${paint(mode)}`),
    ...more,
    '',
    ...fittedTable(HEADING, rows, EXPENDABLE, screen, styles.bold),
    ...errors,
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
