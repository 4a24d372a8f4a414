// A durable cluster that lives for one run: real processes, a folder and ports of its own. The
// rule: it is in nobody's way (other commands do not find it), and nothing of it is left.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Launch, type LaunchOptions, launch } from '../cluster/launch.ts';
import { freeBlock } from '../cluster/ports.ts';
import type { ReadyEvent } from '../cluster/report.ts';

export interface Throwaway {
  readonly ready: ReadyEvent;
  /** Ends all processes and removes the folder. */
  remove(): Promise<void>;
}

export interface ThrowawayOptions {
  readonly secondaries: number;
  readonly startArbiter: LaunchOptions['startArbiter'];
  /** Makes the registry of running clusters another folder, so that nobody finds this one. */
  readonly hideIn: (folder: string) => void;
}

/** Rejects, leaving nothing, if the cluster does not become ready. */
export async function startThrowaway(options: ThrowawayOptions): Promise<Throwaway> {
  const folder = mkdtempSync(join(tmpdir(), 'replog-chaos-'));
  options.hideIn(join(folder, 'run'));
  let launched: Launch | null = null;
  const remove = async (): Promise<void> => {
    await launched?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    launched = await launch({
      name: 'chaos',
      port: await freeBlock(options.secondaries + 2),
      secondaries: options.secondaries,
      dataDir: join(folder, 'data'),
      fresh: false,
      w: null,
      token: null,
      requireClientToken: false,
      logLevel: 'silent',
      onEvent: () => undefined,
      onLine: () => undefined,
      startArbiter: options.startArbiter,
    });
    return { ready: await launched.ready, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
