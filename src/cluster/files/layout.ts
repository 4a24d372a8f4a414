// Where everything of a cluster stands: names, ports, folders. Ports follow from the order of the
// nodes alone, so that a cluster that is started again is found where it was.

import { resolve } from 'node:path';
import { LOOPBACK, PORT_MAX } from '../start/ports.ts';

/** One node's place. */
export interface NodePlace {
  readonly node: string;
  readonly port: number;
  readonly url: string;
  /** Absolute; null: in memory. */
  readonly dataDir: string | null;
}

/** Invariant: the master-to-be is first, on the base port; the arbiter follows the last node. */
export interface Layout {
  readonly name: string;
  readonly dataDir: string | null;
  readonly nodes: readonly NodePlace[];
  readonly arbiter: { readonly port: number; readonly dataDir: string | null };
}

/** What a cluster may be called: it is a part of file names. */
export const NAME_PATTERN: RegExp = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The name of a cluster that was not given one. */
export function defaultName(port: number): string {
  return `cluster-${port}`;
}

/** The folder of a cluster that was not given one. */
export function defaultDataDir(name: string, cwd: string): string {
  return resolve(cwd, '.replog', name);
}

/** Ids for the master and so many secondaries: n1, n2, … */
export function nodeIds(secondaries: number): string[] {
  return Array.from({ length: secondaries + 1 }, (_, place) => `n${place + 1}`);
}

/** What commands take instead of an id: a node of that name would take their meaning away. */
const SELECTORS: ReadonlySet<string> = new Set(['all', 'master', 'secondary']);

/** Why a new node is not given this id, which looks like one; null: it may have it. */
export function refusalOfId(id: string): string | null {
  if (SELECTORS.has(id)) return 'is a word that chooses nodes: it cannot be the id of one';
  // Its folder stands beside those of the nodes.
  return id === 'arbiter' ? 'is the name of the arbiter' : null;
}

/** An id that was never used in this cluster, since a name must not return with another's past. */
export function nextNodeId(used: Iterable<string>): string {
  const numbers = [...used].map((id) => Number(/^n(\d{1,9})$/.exec(id)?.[1] ?? 0));
  return `n${Math.max(0, ...numbers) + 1}`;
}

/** Puts the nodes in this order on consecutive ports from `port` on, the arbiter behind them. */
export function layoutOf(cluster: {
  name: string;
  port: number;
  nodes: readonly string[];
  dataDir: string | null;
}): Layout {
  const { name, port, nodes, dataDir } = cluster;
  const arbiterPort = port + nodes.length;
  if (port < 1 || arbiterPort > PORT_MAX) {
    throw new RangeError(`a cluster from port ${port} on needs ports up to ${arbiterPort}`);
  }
  return {
    name,
    dataDir,
    nodes: nodes.map((node, place) => placeOf(node, port + place, dataDir)),
    arbiter: {
      port: arbiterPort,
      dataDir: dataDir === null ? null : resolve(dataDir, 'arbiter'),
    },
  };
}

/** One node on one port. */
export function placeOf(node: string, port: number, dataDir: string | null): NodePlace {
  return {
    node,
    port,
    url: `http://${LOOPBACK}:${port}`,
    dataDir: dataDir === null ? null : resolve(dataDir, node),
  };
}

/** All ports of a layout. */
export function portsOf(layout: Layout): number[] {
  return [...layout.nodes.map((place) => place.port), layout.arbiter.port];
}
