// A campaign of the simulator, in one process or several. The rule: which seeds are run does not
// depend on how many processes run them.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { addTotals, noTotals, type Totals } from '../../sim/campaign.ts';

export interface CampaignOptions {
  readonly seeds: number;
  readonly from: number;
  readonly minutes?: number;
  readonly jobs: number;
}

/** A run makes much garbage and keeps none of it: a large nursery saves a sixth of the time. */
const NODE_OPTIONS = ['--max-semi-space-size=64'];

/** With a time limit: more seeds than any machine gets through. */
const SEEDS_MAX = 1e9;

/** Runs until all seeds are done, time is up, or a seed has failed. */
export async function runCampaign(
  options: CampaignOptions,
  onProgress: (totals: Totals) => void,
  signal: AbortSignal,
): Promise<Totals> {
  const { from, jobs, minutes } = options;
  const seeds = minutes === undefined ? options.seeds : SEEDS_MAX;
  const totals = noTotals();
  const children = Array.from({ length: Math.min(jobs, seeds) }, (_, i) =>
    start(from + i, seeds - i, jobs),
  );
  const stop = (): void => {
    for (const child of children) if (child.connected) child.disconnect();
  };
  const limit = minutes === undefined ? undefined : setTimeout(stop, minutes * 60_000);
  signal.addEventListener('abort', stop);
  for (const child of children) {
    child.on('message', (part: Totals) => {
      addTotals(totals, part);
      onProgress(totals);
      if (part.failed.length > 0) stop();
    });
  }
  try {
    const ends = await Promise.all(children.map((child) => once(child, 'exit')));
    signal.throwIfAborted();
    const broken = ends.find(([code]) => code !== 0);
    if (broken !== undefined) throw new Error(`a part of the campaign ended with ${broken[0]}`);
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', stop);
    stop();
  }
  return totals;
}

function start(from: number, seeds: number, step: number): ChildProcess {
  const args = ['sim', '--part', '--from', from, '--seeds', seeds, '--step', step].map(String);
  return fork(process.argv[1]!, args, {
    execArgv: [...process.execArgv, ...NODE_OPTIONS],
    // Ctrl-C is the parent's affair.
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
