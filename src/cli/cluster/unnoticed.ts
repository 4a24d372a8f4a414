// Members whose process is not running, which their master has not noticed yet: for up to 4 s it
// counts them among the living, and who goes by that alone is told that more can be lost than can.

import type { MasterHealth } from '../../client/answers.ts';
import { findLauncher } from './launcher.ts';
import type { Target } from './target.ts';

/** What the launcher knows is worth no longer wait: without it the master's word is told. */
const ASK_MS = 1_000;

/** States of a process that answers nobody. */
const SILENT: ReadonlySet<string> = new Set(['stopped', 'exited', 'paused']);

/** A member, and the state of its process. */
export interface Ended {
  readonly node: string;
  readonly state: string;
}

/** Those of the members that are not `named`; none where no launcher is known, or it is silent. */
export async function unnoticed(
  target: Target,
  { members }: MasterHealth,
  named: readonly string[],
  interrupted: AbortSignal,
): Promise<readonly Ended[]> {
  if (target.control === null) return [];
  const counted = members.filter(({ status }) => status !== 'Unhealthy').map(({ node }) => node);
  try {
    const signal = AbortSignal.any([interrupted, AbortSignal.timeout(ASK_MS)]);
    const { report } = await findLauncher(target, { signal });
    return report.nodes.filter(
      ({ node, state }) => SILENT.has(state) && counted.includes(node) && !named.includes(node),
    );
  } catch {
    interrupted.throwIfAborted();
    return [];
  }
}

/** What the master will say when it has noticed. */
export function withoutThem(health: MasterHealth, ended: readonly Ended[]): MasterHealth {
  const gone = new Set(ended.map(({ node }) => node));
  const members = health.members.map((member) =>
    gone.has(member.node) ? { ...member, status: 'Unhealthy' as const } : member,
  );
  return { ...health, members };
}

/** That it is taken for gone, for people. */
export function notedLine({ node, state }: Ended): string {
  return `${node} is ${state === 'exited' ? 'down' : state}, which the master has yet to notice`;
}
