// What a cluster of three and its launcher use while nobody wants anything of them.

import { setTimeout as after } from 'node:timers/promises';
import type { Cluster } from './replog.ts';
import { median, rowOf } from './row.ts';
import { eachRound, type Situation } from './situation.ts';
import { cpuMs, type Memory, memoryOf } from './subject.ts';

/** What a start leaves behind is over by then: within the first 25 s every process takes 150 ms of
 * processor time at once, after which it holds some 10 MB less. */
const SETTLED_AFTER_MS = 25_000;

/** The system tells processor time in ticks of 10 ms, two numbers for each of four processes; in a
 * shorter time they are too coarse for a bound of 0.6 %. */
const OVER_MS = 20_000;

const NAME = 'idle cluster of three with its launcher';

interface Use extends Memory {
  /** Percent of one core. */
  readonly cpu: number;
}

async function use({ pids, launcherPid }: Cluster): Promise<Use> {
  const all = [launcherPid, ...pids];
  await after(SETTLED_AFTER_MS);
  const before = cpuMs(all);
  const startedAt = performance.now();
  await after(OVER_MS);
  const cpu = ((cpuMs(all) - before) / (performance.now() - startedAt)) * 100;
  return { cpu, ...memoryOf(all) };
}

export const IDLE: Situation = {
  name: NAME,
  measure: async ({ count }, told) => {
    const seen = await eachRound(count, async (cluster) => {
      const found = await use(cluster);
      const mb = `${found.together.toFixed(0)} MB together (${found.each.toFixed(0)} one by one)`;
      told(`${found.cpu.toFixed(2)} % of a core, ${mb}`);
      return found;
    });
    const row = (what: string, goal: number, unit: string, of: (one: Use) => number) =>
      rowOf({ work: `${NAME}: ${what}`, goal, better: 'less', unit }, median(seen.map(of)));
    return [
      row('of a core', 0.6, '%', ({ cpu }) => cpu),
      row('resident together', 220, 'MB', ({ together }) => together),
    ];
  },
};
