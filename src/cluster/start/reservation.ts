// What is settled before anything of a cluster runs: that it can be, that its ports are free, and
// that its name and its folder are nobody else's.

import { type Claim, claim, refuseRunning } from '../files/claim.ts';
import { type Layout, layoutOf, portsOf } from '../files/layout.ts';
import { claimRunFolder, orphans } from '../files/registry.ts';
import { type Roster, readRoster, rosterFor } from '../files/roster.ts';
import { lackForFailover } from './failover.ts';
import { checkPorts, PortTaken } from './ports.ts';

/** What a cluster is to be. */
export interface Wanted {
  readonly name: string;
  /** Of the master; the other ports follow it. */
  readonly port: number;
  /** null: as many as the folder remembers, else two. */
  readonly secondaries: number | null;
  /** Absolute; null: in memory. */
  readonly dataDir: string | null;
  /** Remove this cluster's earlier data first. */
  readonly fresh: boolean;
  /** Default write concern of messages; null: the nodes' own default. */
  readonly w: string | null;
  /** A master of which a majority hears nothing is replaced by another node. Default: false. */
  readonly failover?: boolean;
  /** Commands on this machine are not to find this cluster by themselves. */
  readonly unlisted?: boolean;
}

/** Nothing is in its way. */
export interface Reservation {
  readonly layout: Layout;
  readonly roster: Roster;
  /** The folder says already which nodes it has. */
  readonly known: boolean;
  readonly claim: Claim;
}

/** Writes nothing but the claim. Rejects with PortTaken, ClusterRuns, DamagedRoster, ForeignFolder,
 * RunFolderUnusable, or RangeError for ports, a write concern or a failover that cannot be. */
export async function reserve(wanted: Wanted): Promise<Reservation> {
  const { dataDir, name, port } = wanted;
  const had = dataDir === null || wanted.fresh ? null : readRoster(dataDir);
  const roster = rosterFor(wanted.secondaries, had);
  const layout = layoutOf({ name, port, nodes: roster.nodes, dataDir });
  if (Number(wanted.w) > roster.nodes.length) {
    throw new RangeError(`w is ${wanted.w}, but the cluster has only ${roster.nodes.length} nodes`);
  }
  const lack = wanted.failover === true ? lackForFailover(roster.nodes.length) : null;
  if (lack !== null) throw new RangeError(lack);
  await checkPorts(portsOf(layout)).catch((error: unknown) => {
    throw withHolder(error);
  });
  return { layout, roster, known: had !== null, claim: await claimFor(wanted) };
}

/** Whose it is from now on. One that is not to be found has no place where it could say so: it only
 * gives way to those that run. */
async function claimFor({ name, dataDir, unlisted }: Wanted): Promise<Claim> {
  const claimed = { name, dataDir };
  if (unlisted !== true) {
    claimRunFolder();
    return claim(claimed);
  }
  await refuseRunning(claimed);
  return { release: () => undefined };
}

/** The error, if a node that was left behind by its launcher holds the port: one that says so. */
function withHolder(error: unknown): unknown {
  if (!(error instanceof PortTaken)) return error;
  const holder = orphans().find(({ url }) => Number(new URL(url).port) === error.port);
  return holder === undefined ? error : new PortTaken(error.port, error.cause, holder);
}
