// The process in which campaigns and planted bugs are run while other tests are (test/setup/
// background.ts starts it): `node background.ts FIRST LAST` prints what came of them as one line
// of JSON, for test/sim/campaigns.test.ts.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Totals } from '../../src/sim/campaign.ts';
import { catchAgain, seedsBeyond } from '../plants/catch-again.ts';
import type { Find } from '../plants/hunt.ts';
import { hunt, plantedCopy } from '../plants/planted-copy.ts';
import { bundle } from '../setup/bundled.ts';
import { standardOutput } from '../setup/giving-way.ts';

/** What came of it all. */
export interface Computed {
  readonly totals: Totals;
  /** Names of the planted bugs that were not caught again. */
  readonly missed: readonly string[];
  /** What the seeds beyond the campaign's came to without a planted bug. */
  readonly clean: readonly Find[];
}

/** What is in nobody's way may take its time; a copy that turns in circles is ended after this. */
const LIMIT_MS = 240_000;

async function campaign(folder: string, first: number, last: number): Promise<Totals> {
  const program = join(folder, 'campaign-run.mjs');
  await bundle(new URL('campaign-run.ts', import.meta.url), program);
  return JSON.parse(await standardOutput([program, `${first}`, `${last}`])) as Totals;
}

async function computed(folder: string, first: number, last: number): Promise<Computed> {
  const plants = async (): Promise<Pick<Computed, 'missed' | 'clean'>> => {
    // One seed alone is to be looked at: no planted bug is of interest.
    if (first === last) return { missed: [], clean: [] };
    const missed = await catchAgain(folder, LIMIT_MS);
    const clean = await plantedCopy(null, folder, 'again');
    return { missed, clean: await hunt(clean, seedsBeyond(last), LIMIT_MS) };
  };
  const [totals, found] = await Promise.all([campaign(folder, first, last), plants()]);
  return { totals, ...found };
}

// Whoever started it holds the other end of its input. When that is gone, so is all that it began.
process.stdin.resume().on('end', () => process.kill(-process.pid, 'SIGKILL'));

const [first = 1, last = 1] = process.argv.slice(2).map(Number);
const folder = await mkdtemp(join(tmpdir(), 'replog-campaigns-'));
try {
  process.stdout.write(`${JSON.stringify(await computed(folder, first, last))}\n`);
} finally {
  await rm(folder, { recursive: true });
  process.stdin.destroy();
}
