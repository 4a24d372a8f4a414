// A measurement that compares a cluster with itself or with a bound, not with another program.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, replog } from './replog.ts';
import type { Row } from './row.ts';

export interface Settings {
  /** Rounds. */
  readonly count: number;
  /** Of one stretch that counts. */
  readonly seconds: number;
}

export interface Situation {
  readonly name: string;
  /** `told`: a line about each round. */
  readonly measure: (settings: Settings, told: (line: string) => void) => Promise<readonly Row[]>;
}

/** What `look` finds out about each of so many new durable clusters of three. */
export async function eachRound<T>(
  count: number,
  look: (cluster: Cluster) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (let round = 0; round < count; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'replog-ratios-'));
    try {
      const cluster = await replog({ secondaries: 2, dataDir: folder });
      try {
        found.push(await look(cluster));
      } finally {
        await cluster.stop();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return found;
}
