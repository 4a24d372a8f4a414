// A whole node in this process: log, machine, transport and HTTP server, put together and taken
// apart.

import { randomUUID } from 'node:crypto';
import { type Memory, memoryBeside, type Note, type WriteConcern } from '../core/effects.ts';
import { incarnation, nodeId } from '../core/ids.ts';
import { Folds, lastEpochOf } from '../core/log/ledger.ts';
import { DEFAULT_OPTIONS } from '../core/options.ts';
import { hasPeers } from '../core/recovery/restoration.ts';
import { Replica } from '../core/replica.ts';
import type { NodeStatus } from '../core/status.ts';
import { LeftBehind } from '../persistence/damage/left-behind.ts';
import { RealDisk } from '../persistence/disk/real-disk.ts';
import { MemoryPersistence } from '../persistence/log/memory-persistence.ts';
import { type DurableLog, openSegmentedLog } from '../persistence/log/segmented-log.ts';
import { type DamagedLog, LostLog, type Persistence } from '../persistence/persistence.ts';
import { foldedBy } from '../persistence/upkeep/folded.ts';
import { type AppOptions, createApp } from './api/app.ts';
import { systemClock } from './clock.ts';
import {
  createLogger,
  type Logger,
  type LogLevel,
  logFull,
  logNote,
  logUnfinished,
  logUnwritten,
  logUnwrittenLog,
  type Wording,
} from './diagnostics/logger.ts';
import { createMetrics, type Metrics } from './diagnostics/metrics.ts';
import { failing } from './failing.ts';
import { Faults } from './faults/faults.ts';
import { withFaults } from './faults/faulty-persistence.ts';
import { refuseArbiters } from './folder/folder-kind.ts';
import { takeFolder } from './folder/folder-owner.ts';
import { FoundDamage } from './found-damage.ts';
import { startServer } from './http/server.ts';
import type { Tokens } from './http/tokens.ts';
import { freePort, urlOf } from './own-url.ts';
import { Transport } from './peers/transport.ts';
import { realClock } from './runtime/event-queue.ts';
import { lastWrites } from './runtime/last-writes.ts';
import { Runtime } from './runtime/runtime.ts';
import { Trace } from './story/trace.ts';
import { warmUp } from './warm-up.ts';

export interface ServeNodeOptions {
  readonly id: string;
  /** The role its operator asks for; null: whatever the arbiter gives. */
  readonly role: 'master' | 'secondary' | null;
  /** URL of the arbiter, or of several of which one is in charge; null: the node is its own, and so
   * becomes master. */
  readonly join: readonly string[] | null;
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** URL by which others reach this node; null: the one it listens at. They are told it, so its
   * host is one that the node answers for. */
  readonly advertise: string | null;
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  /** null: in memory. */
  readonly dataDir: string | null;
  /** Default write concern of messages. */
  readonly w: WriteConcern;
  /** Offer the routes that break the node on purpose. */
  readonly faults: boolean;
  /** null: no route asks for one. */
  readonly tokens: Tokens | null;
  readonly requireClientToken: boolean;
  readonly allowHosts: readonly string[];
  readonly logLevel: string;
  /** How the lines on stderr are put; absent: as JSON. */
  readonly wording?: Wording;
  /** Something to tell people: changes of role, mode and status, discarded entries, … */
  readonly onNote?: (note: Note) => void;
  /** Called once, when this node has stored something since its start: from now on it is busy. */
  readonly onWork?: () => void;
}

export interface RunningNode {
  readonly url: string;
  readonly node: string;
  role(): string | null;
  status(): NodeStatus;
  /** Leaves the cluster for good; the node goes on serving what it has. */
  retire(): Promise<void>;
  /** Answers who waits, then lets go of port and folder. */
  stop(): Promise<void>;
  /** Rejects if the node cannot go on: a broken invariant, a damaged log. */
  readonly stopped: Promise<void>;
}

/** Rejects with DamagedLog, UnknownFormat, FolderInUse, ForeignUse, or as `listen` does. */
export async function serveNode(options: ServeNodeOptions): Promise<RunningNode> {
  const { id: name, logLevel, wording } = options;
  const logger = createLogger({ level: logLevel as LogLevel, name, wording });
  const faults = options.faults ? new Faults(systemClock()) : undefined;
  const trace = new Trace();
  const damage = new FoundDamage(systemClock());
  const met = (error: DamagedLog): void => damage.met(error, persistence.lastIndex);
  const durable = durableFor(options, met);
  const persistence = withFaults(durable ?? new MemoryPersistence(), faults, trace);
  const folds = new Folds(DEFAULT_OPTIONS);
  const recovery = await persistence.recover((entry) => folds.observe(entry), folds);
  if (recovery.cutBytes > 0) logger.warn({ bytes: recovery.cutBytes }, 'a torn tail was cut off');
  const tell = (note: Note): void => {
    logNote(logger, note);
    damage.note(note);
    options.onNote?.(note);
  };
  noteDamage(recovery, tell);
  try {
    refuseArbiters(options.id, recovery, options.dataDir);
    await takeFolder(options, logger);
    const port = options.port === 0 ? await freePort(options.host) : options.port;
    return await assemble(
      { ...options, port },
      {
        persistence,
        durable,
        folds,
        recovery,
        faults,
        trace,
        logger,
        damage,
        tell,
      },
    );
  } catch (error) {
    await persistence.close();
    throw error;
  }
}

interface Prepared {
  readonly persistence: Persistence;
  /** The same log, if it is on disk. */
  readonly durable: DurableLog | null;
  readonly folds: Folds;
  readonly recovery: Awaited<ReturnType<Persistence['recover']>>;
  readonly faults: Faults | undefined;
  readonly trace: Trace;
  readonly logger: Logger;
  readonly damage: FoundDamage;
  /** Says a note to all who are to hear it. */
  readonly tell: (note: Note) => void;
}

async function assemble(options: ServeNodeOptions, prepared: Prepared): Promise<RunningNode> {
  const { persistence, folds, faults, trace, logger } = prepared;
  const { host, port, tokens } = options;
  const url = options.advertise ?? urlOf(host, port);
  const transport = new Transport(tokens === null ? {} : { tokens });
  const failure = failing();
  const broken = (error: unknown): void => {
    logger.fatal({ err: error }, 'the node cannot go on');
    failure.fail(error);
  };
  const metrics = createMetrics(() => runtime.status());
  const replica = replicaFor(options, url, prepared);
  const runtime = new Runtime({
    replica,
    persistence,
    folds,
    outgoing: transport,
    clock: realClock,
    options: DEFAULT_OPTIONS,
    note: (note) => {
      prepared.tell(note);
      if (note.event === 'lost') failure.fail(new LostLog(note.after, note.upTo));
    },
    ...(options.dataDir === null
      ? {}
      : { leftBehind: new LeftBehind(new RealDisk(options.dataDir)) }),
    broken,
    unwritten: logUnwritten(logger),
    unwrittenLog: logUnwrittenLog(logger),
    persistTook: observing(metrics, options.onWork),
    trace,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const guarded = { ...appOptions(options, prepared), advertise: url };
  const app = createApp(runtime, { ...guarded, metrics, stopping: signal });
  const server = await startServer({ app, host, port, stopping, full: logFull(logger) });
  runtime.start();
  const giveUp = warmUp(
    () => runtime.status(),
    [() => server.load(), () => loadMetrics(metrics, logger)],
  );
  prepared.durable?.startUpkeep({
    compactTo: () => replica.compactTo,
    ...foldedBy(folds),
    after: realClock.after,
    damaged: metByUpkeep(prepared),
    broken,
  });
  return {
    url,
    node: options.id,
    role: () => runtime.status().role,
    status: () => runtime.status(),
    retire: async () => {
      await runtime.retire();
    },
    stop: async () => {
      giveUp();
      faults?.end();
      server.part();
      await runtime.stop();
      await server.stop();
      runtime.close();
      await lastWrites(persistence, realClock, logUnfinished(logger));
      await transport.close();
      await persistence.close();
    },
    stopped: failure.promise,
  };
}

function loadMetrics(metrics: Metrics, logger: Logger): void {
  metrics.prepare().catch((error: unknown) => {
    // The node does its work without metrics; who asks for them is told, and tries again.
    logger.warn({ err: error }, 'the metrics cannot be loaded');
  });
}

function replicaFor(options: ServeNodeOptions, url: string, prepared: Prepared): Replica {
  const { persistence, folds, recovery } = prepared;
  return new Replica({
    self: { node: nodeId(options.id), url },
    incarnation: incarnation(randomUUID()),
    bornAtMs: Date.now(),
    durable: persistence.durable,
    arbiters: options.join,
    wants: options.role,
    size: options.size,
    // Only what is on disk can be mixed up with another cluster's.
    newCluster: options.dataDir === null ? null : randomUUID(),
    options: DEFAULT_OPTIONS,
    random: Math.random,
    meter: persistence,
    recovered: recovery,
    folds,
    memory: recovery.memory ?? memoryBeside(lastEpochOf(recovery)),
  });
}

function appOptions(options: ServeNodeOptions, prepared: Prepared): AppOptions {
  const { faults, trace, logger, damage } = prepared;
  const { tokens, allowHosts, requireClientToken } = options;
  return {
    logger,
    trace,
    damage,
    defaultW: options.w,
    allowHosts,
    requireClientToken,
    ...(tokens === null ? {} : { tokens }),
    ...(faults === undefined ? {} : { faults }),
  };
}

function durableFor(
  options: ServeNodeOptions,
  damaged: (error: DamagedLog) => void,
): DurableLog | null {
  const { dataDir, id, join } = options;
  const salvage = (memory: Memory | null): boolean => hasPeers(id, join, memory);
  return dataDir === null ? null : openSegmentedLog(new RealDisk(dataDir), { salvage, damaged });
}

/** Like any read that meets damage: the rest goes on, and the next start mends it. */
function metByUpkeep({ damage, logger, persistence }: Prepared): (error: DamagedLog) => void {
  return (error) => {
    damage.met(error, persistence.lastIndex);
    logger.error({ err: error }, 'damage was found; restart this node');
  };
}

/** Says what damage was taken out of the log, now or in an earlier life that has not mended it. */
function noteDamage({ memory, lastIndex }: Prepared['recovery'], tell: Prepared['tell']): void {
  const { place, upTo = lastIndex } = memory?.lost ?? {};
  if (place === undefined) return;
  const { file, offset } = place;
  tell({ event: 'damaged', file, offset, after: lastIndex, upTo });
}

/** What is told how long each Persist has taken, and that there was one. */
function observing(metrics: Metrics, onWork: (() => void) | undefined): (ms: number) => void {
  let first = onWork;
  return (ms) => {
    first?.();
    first = undefined;
    metrics.observePersist(ms);
  };
}
