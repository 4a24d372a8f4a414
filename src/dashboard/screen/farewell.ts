// What is left on the normal screen when the dashboard is gone: how the cluster stood, and where.

import type { ClusterState } from '../cluster/cluster-state.ts';
import { masterAnswers, masterOf, memberOf, silenceOf } from '../cluster/cluster-state.ts';
import { seconds } from './span-words.ts';

/** Plain lines, without colour. */
export function farewellLines(state: ClusterState): string[] {
  const master = masterOf(state);
  const reason = master?.reason == null ? '' : ` (${master.reason})`;
  // What a master said that does not answer any more is not how things stand.
  const answers = masterAnswers(state);
  const heard = answers ? `${master?.mode}${reason}` : 'no answer from the master';
  const mode = master === null ? 'no master' : `${heard}, epoch ${master.epoch}`;
  return [
    `${state.name}: ${mode}, last index ${state.lastIndex}`,
    ...state.nodes.map((view) => {
      const status = (answers ? memberOf(state, view.node)?.status : null) ?? 'no status';
      const how = view.process === null || view.process === 'running' ? status : view.process;
      const silentMs = silenceOf(state, view);
      const age = silentMs === null ? '' : `, no answer for ${seconds(silentMs)}`;
      const last = view.health?.lastIndex ?? '-';
      return `  ${view.node}  ${view.role ?? 'no role'}  ${how}${age}  last ${last}  ${view.url}`;
    }),
    ...(state.control === null ? [] : [`  control  ${state.control}`]),
  ];
}
