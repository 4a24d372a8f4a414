// Who there is: as the launcher lists them, or as the nodes know of each other.

import type { ClusterReport, Health } from '../../client/answers.ts';
import type { SeenNode } from './cluster-state.ts';

/** What an observer reports of it. */
export interface KnownNodes {
  readonly type: 'nodes';
  readonly name: string;
  readonly nodes: readonly SeenNode[];
}

/** The nodes of a launcher, in the order of their names. */
export function nodesIn({ name, nodes, removed }: ClusterReport): KnownNodes {
  return { type: 'nodes', name, nodes: [...nodes, ...(removed ?? [])].sort(byId) };
}

/** The nodes that a node knows of, where no launcher lists them. */
export function membersIn(health: Health, url: string, known: readonly SeenFrom[]): KnownNodes {
  const seen = (node: string, at: string, role: string | null): SeenNode => {
    return { node, url: at, role, pid: null, state: null };
  };
  if (health.role === 'master') {
    const nodes = health.members.map((member) => seen(member.node, member.url, member.role));
    return { type: 'nodes', name: url, nodes: nodes.sort(byId) };
  }
  const others = known.filter(({ node }) => node !== health.node);
  const master = health.master;
  const nodes = [
    ...others.map((one) => seen(one.node, one.url, one.role)),
    seen(health.node, url, health.role),
    ...(master === null || others.some(({ node }) => node === master.node)
      ? []
      : [seen(master.node, master.url, 'master')]),
  ];
  return { type: 'nodes', name: url, nodes: nodes.sort(byId) };
}

type SeenFrom = Pick<SeenNode, 'node' | 'url' | 'role'>;

const { compare } = new Intl.Collator('en', { numeric: true });

/** n2 before n10. */
function byId(a: { readonly node: string }, b: { readonly node: string }): number {
  return compare(a.node, b.node);
}
