// What changed between two answers, told as events. The dashboard hears no events of its own: it
// notices them, and what comes and goes between two looks it does not see.

import type { Health, MasterHealth } from '../../client/answers.ts';
import type { ClusterState, News, NodeView, SeenNode, Tone } from './cluster-state.ts';
import { processWord } from './condition.ts';
import { changesOfDamage } from './damage.ts';

const TONES: Readonly<Record<string, Tone>> = {
  Healthy: 'good',
  Suspected: 'warn',
  Unhealthy: 'bad',
  running: 'good',
  paused: 'warn',
  exited: 'bad',
};

/** Nodes that came, went, or whose process is in another state. The first list tells nothing. */
export function changesOfNodes(before: readonly NodeView[], after: readonly SeenNode[]): News[] {
  if (before.length === 0) return [];
  const known = new Map(before.map((node) => [node.node, node]));
  const told: News[] = [];
  for (const { node, state, role, pid } of after) {
    const was = known.get(node);
    if (was === undefined) told.push({ text: `${node} was added`, tone: 'good' });
    else if (role === 'removed' && was.role !== 'removed') {
      told.push({ text: `${node} was removed`, tone: 'warn' });
    } else if (was.process !== null && state !== null && was.process !== state) {
      const how = state === 'running' && pid !== null ? `running (pid ${pid})` : processWord(state);
      told.push({ text: `${node} is ${how}`, tone: TONES[state] ?? 'plain' });
    } else if (pid !== null && was.pid !== null && was.pid !== pid) {
      told.push({ text: `${node} has a new process (pid ${pid})`, tone: 'plain' });
    }
  }
  const now = new Set(after.map(({ node }) => node));
  for (const { node } of before) {
    if (!now.has(node)) told.push({ text: `${node} is gone`, tone: 'warn' });
  }
  return told;
}

/** What a node's answer says that its last one did not. */
export function changesOfHealth(state: ClusterState, node: string, health: Health): News[] {
  const view = state.nodes.find((one) => one.node === node);
  if (view === undefined) return [];
  const was = view.health;
  const ofDamage = changesOfDamage(node, was?.damage, health.damage);
  if (was === null) return ofDamage;
  const told: News[] = [...ofDamage];
  if (view.silentSince !== null) told.push({ text: `${node} answers again`, tone: 'good' });
  // The list of nodes may have said so already.
  const isTold = health.role === 'removed' && view.role === 'removed';
  if (was.role !== health.role && health.role !== null && !isTold) {
    told.push({ text: `${node} is ${health.role} in epoch ${health.epoch}`, tone: 'plain' });
  } else if (was.epoch !== health.epoch && health.role === 'master') {
    told.push({ text: `epoch ${health.epoch}, master ${node}`, tone: 'plain' });
  }
  if (health.lastIndex < was.lastIndex) {
    const text = `${node} begins again at #${health.lastIndex} (was #${was.lastIndex})`;
    told.push({ text, tone: 'warn' });
  }
  if (was.role === 'master' && health.role === 'master') told.push(...asMaster(was, health));
  return told;
}

function asMaster(was: MasterHealth, is: MasterHealth): News[] {
  const told: News[] = [];
  const before = new Map(was.members.map((member) => [member.node, member.status]));
  for (const { node, status } of is.members) {
    const from = before.get(node);
    if (from === undefined || from === status) continue;
    told.push({ text: `${node} is ${status} (was ${from})`, tone: TONES[status] ?? 'plain' });
  }
  if (was.mode !== is.mode) {
    const reason = is.reason === null ? '' : `: ${is.reason}`;
    told.push({
      text: `the cluster is ${is.mode}${reason}`,
      tone: is.mode === 'read-only' ? 'bad' : 'good',
    });
  }
  return told;
}
