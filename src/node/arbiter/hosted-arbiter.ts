// An arbiter as the server around it sees it, and the one that is alone: it remembers in its
// folder, or in memory.

import { randomUUID } from 'node:crypto';
import { ArbiterNode } from '../../core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY } from '../../core/effects.ts';
import { nodeId } from '../../core/ids.ts';
import { DEFAULT_OPTIONS } from '../../core/options.ts';
import { RealDisk } from '../../persistence/disk/real-disk.ts';
import { MemoryPersistence } from '../../persistence/log/memory-persistence.ts';
import { openSegmentedLog } from '../../persistence/log/segmented-log.ts';
import type { ArbiterView } from '../api/arbiter-app.ts';
import { type Logger, logCrowded, logUnwritten } from '../diagnostics/logger.ts';
import { refuseNodes } from '../folder/folder-kind.ts';
import type { Transport } from '../peers/transport.ts';
import { realClock } from '../runtime/event-queue.ts';
import { ArbiterRuntime } from './arbiter-runtime.ts';

/** An arbiter and what it remembers by. */
export interface HostedArbiter {
  readonly view: ArbiterView;
  /** It can be reached, at this URL: it begins its work. */
  begin(url: string): void;
  resize(size: number | null): void;
  /** While the server ends: another one may be in charge, and who waits here is told. Resolves
   * whatever becomes of that. */
  resign(): Promise<void>;
  /** After the server: lets go of all that it has. */
  close(): Promise<void>;
}

/** How one is set up. */
export interface ArbiterSettings {
  /** See ServeArbiterOptions. */
  readonly dataDir: string | null;
  readonly size: number | null;
  readonly prefer?: string;
  readonly failover?: boolean;
}

/** What is around it. */
export interface Surroundings {
  readonly transport: Transport;
  readonly logger: Logger;
  /** It cannot go on. */
  readonly failed: (error: unknown) => void;
}

/** The only arbiter of its cluster. Rejects with DamagedLog, UnknownFormat, FolderInUse or
 * ForeignUse. */
export async function soleArbiter(
  { dataDir, prefer, failover = false, size }: ArbiterSettings,
  { failed, logger, transport }: Surroundings,
): Promise<HostedArbiter> {
  // An arbiter's folder is a node's folder without a log.
  const persistence =
    dataDir === null ? new MemoryPersistence() : openSegmentedLog(new RealDisk(dataDir));
  const recovery = await persistence.recover(() => {});
  try {
    refuseNodes(recovery, dataDir);
  } catch (error) {
    await persistence.close();
    throw error;
  }
  const preferred = prefer === undefined ? null : nodeId(prefer);
  const forgetful = dataDir === null;
  const settings = { size, newCluster: randomUUID(), failover, forgetful, prefer: preferred };
  const runtime = new ArbiterRuntime({
    arbiter: new ArbiterNode(DEFAULT_OPTIONS, settings, recovery.memory ?? BLANK_MEMORY),
    outgoing: transport,
    clock: realClock,
    remember: (changed) => persistence.remember(changed),
    unwritten: logUnwritten(logger),
    broken: failed,
    crowded: logCrowded(logger),
  });
  return {
    view: runtime,
    begin: () => runtime.start(),
    resize: (wanted) => runtime.resize(wanted),
    resign: () => Promise.resolve(),
    close: async () => {
      runtime.close();
      await transport.close();
      await persistence.close();
    },
  };
}
