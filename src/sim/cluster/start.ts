// Starts a process: reads what its disk holds, and puts the machine on it, as src/node/serve.ts and
// serve-arbiter.ts do.

import { ArbiterNode } from '../../core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY, type Memory, memoryBeside } from '../../core/effects.ts';
import { incarnation, nodeId } from '../../core/ids.ts';
import { Folds, lastEpochOf } from '../../core/log/ledger.ts';
import type { Entry } from '../../core/operation.ts';
import type { Options } from '../../core/options.ts';
import { hasPeers } from '../../core/recovery/restoration.ts';
import { Replica } from '../../core/replica.ts';
import { cutDamage } from '../../persistence/damage/repair.ts';
import { MemoryPersistence } from '../../persistence/log/memory-persistence.ts';
import { type DurableLog, openSegmentedLog } from '../../persistence/log/segmented-log.ts';
import type { DamagedLog, Persistence } from '../../persistence/persistence.ts';
import { foldedBy } from '../../persistence/upkeep/folded.ts';
import type { FakeDisk } from '../disk/disk.ts';
import { logOn, type Range } from '../disk/disk-log.ts';
import type { Shape } from '../plan/plan.ts';
import type { Site } from './site.ts';

/** How a process is configured. */
export interface Configuration {
  readonly shape: Shape;
  /** Configured size of the cluster as its operator knows it now; null: none. */
  readonly size: number | null;
  readonly options: Options;
  readonly random: () => number;
  /** Calls back after so many milliseconds, in this life of the process; returns how to cancel. */
  readonly after: (ms: number, run: () => void) => () => void;
  /** The process goes on, and its operator is told. */
  readonly damaged: () => void;
  /** The process cannot go on. */
  readonly broken: (error: unknown) => void;
}

/** What a process found on its disk. */
export interface Found {
  readonly entries: readonly Entry[];
  readonly memory: Memory | null;
  /** Damage was taken out of the log: `entries` are what was before it. */
  readonly damage: DamagedLog | null;
  /** What the start has not read, and damage stands before. */
  readonly unreadable: readonly Range[];
}

/** A persistence that may be wrapped by a test. */
export type WrapPersistence = (persistence: Persistence, site: Site) => Persistence;

/** The log of one life of a process. */
export interface OpenedLog {
  readonly persistence: Persistence;
  /** The same, if it is on a disk and looks after itself. */
  readonly kept: DurableLog | null;
}

/** Opens the log of this life of the process. */
export function openLog(site: Site, shape: Shape): OpenedLog {
  const { blockBytes, intervalBytes } = shape.layout;
  if (site.disk === null) {
    const persistence = new MemoryPersistence({
      ...(blockBytes === undefined ? {} : { blockBytes }),
      ...(intervalBytes === undefined ? {} : { intervalBytes }),
    });
    return { persistence, kept: null };
  }
  const own = { pid: site.host.life + 1, started: site.id };
  const processes = {
    self: () => own,
    lives: ({ pid }: { pid: number }) => pid === own.pid,
  };
  const arbiters = arbitersOf(site, shape);
  const salvage = (memory: Memory | null): boolean =>
    shape.salvages && hasPeers(site.id, arbiters, memory);
  const log = openSegmentedLog(site.disk.mount(), { ...shape.layout, processes, salvage });
  return { persistence: log, kept: shape.upkeep ? log : null };
}

/** Which arbiter a node joins; null: it is its own. */
function arbitersOf({ id }: Site, { arbiter, nodes }: Shape): readonly string[] | null {
  if (arbiter === 'own') return ['arbiter'];
  const first = nodes[0]!.id;
  return id === first ? null : [first];
}

/** Cuts off what is damaged in the folder of a process that has ended. Rejects as `cutDamage`
 * does. */
export async function repairFolder(disk: FakeDisk): Promise<void> {
  const processes = { self: () => ({ pid: 0, started: 'operator' }), lives: () => false };
  await cutDamage(disk.mount(), processes);
}

/** Reads the log and begins to serve; resolves with what was read. Rejects as `recover` does. */
export async function startNode(
  site: Site,
  { persistence, kept }: OpenedLog,
  configuration: Configuration,
): Promise<Found> {
  const { shape, options, random } = configuration;
  const { life } = site.host;
  const folds = new Folds(options);
  const read: Entry[] = [];
  const visit = (entry: Entry): void => {
    folds.observe(entry);
    read.push(entry);
  };
  // Without summaries every start reads the whole log.
  const recovered = await persistence.recover(visit, kept === null ? undefined : folds);
  const { entries, unreadable } =
    kept === null ? { entries: read, unreadable: [] } : logOn(site.disk!, recovered.lastIndex);
  const { damage, memory } = recovered;
  const found = { entries, memory, damage: damage ?? null, unreadable };
  if (site.host.life !== life) return found;
  const arbiters = arbitersOf(site, shape);
  const replica = new Replica({
    self: { node: nodeId(site.id), url: site.id },
    incarnation: incarnation(site.host.lifeName),
    durable: site.disk !== null,
    arbiters,
    wants: null,
    size: arbiters === null ? shape.size : null,
    newCluster: site.disk === null ? null : identityBy(site, shape),
    options,
    random,
    meter: persistence,
    recovered,
    folds,
    memory: recovered.memory ?? memoryBeside(lastEpochOf(recovered)),
  });
  site.node!.serve({ replica, persistence, folds });
  const { after, broken, damaged } = configuration;
  kept?.startUpkeep({
    compactTo: () => replica.compactTo,
    ...foldedBy(folds),
    after,
    damaged,
    broken,
  });
  return found;
}

/** As startNode, for an arbiter of its own: its folder is a node's folder without a log. */
export async function startArbiter(
  site: Site,
  { persistence }: OpenedLog,
  { shape, options, size }: Configuration,
): Promise<Found> {
  const { life } = site.host;
  const { memory } = await persistence.recover(() => {});
  const found = { entries: [], memory, damage: null, unreadable: [] };
  if (site.host.life !== life) return found;
  // One that takes the place of a lost one gives the first role to whoever asks first.
  const prefer = site.wiped ? null : nodeId(shape.nodes[0]!.id);
  const identity = identityBy(site, shape);
  const forgetful = !shape.arbiterDurable || (site.wiped && !shape.nameless);
  const named = !shape.nameless && !forgetful;
  const blank = named ? { ...BLANK_MEMORY, cluster: identity } : BLANK_MEMORY;
  const { failover = false } = shape;
  const settings = { size, newCluster: identity, failover, forgetful, prefer };
  site.arbiter!.serve(new ArbiterNode(options, settings, memory ?? blank), persistence);
  return found;
}

/** What a process would call a new cluster. */
function identityBy({ host, wiped }: Site, { nameless }: Shape): string {
  return nameless || wiped ? `cluster-of-${host.lifeName}` : 'a-cluster';
}
