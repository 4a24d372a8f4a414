// `replog dashboard`: the live view of a cluster that runs already, here or elsewhere.

import type { Command } from 'commander';
import {
  addTargetOptions,
  connect,
  findTarget,
  type Target,
  type TargetOptions,
} from '../cluster/target.ts';
import { UsageError } from '../exit.ts';
import { examples } from '../printing/examples.ts';
import { showHealth } from './health.ts';

export function register(program: Command): void {
  addTargetOptions(program.command('dashboard'))
    .description("watch every node's log, lag and health, and break things by keys")
    .option('--json', 'no screen: the health once a second, as `replog health --watch --json`')
    .addHelpText(
      'after',
      examples(
        ['replog dashboard', 'the cluster that runs on this machine'],
        ['replog dashboard --url http://10.0.0.5:4000', 'any cluster, through one of its nodes'],
        ['replog health --watch', 'the same in plain lines, without a terminal'],
      ),
    )
    .action(openOn);
}

interface DashboardOptions extends TargetOptions {
  readonly json?: true;
}

async function openOn(options: DashboardOptions): Promise<void> {
  if (options.json) return showHealth({ ...options, watch: true });
  const { onTerminal, showDashboard } = await import('../dashboard.ts');
  if (!onTerminal()) {
    throw new UsageError(
      'the dashboard needs a terminal',
      '`replog health --watch --json` shows the same to scripts',
    );
  }
  const target = await findTarget(options);
  // A URL where nothing answers is said plainly, before the screen is taken.
  const { untilInterrupted } = await import('../interrupt.ts');
  await untilInterrupted(async (signal) => {
    const control = target.control ?? (await launcherAt(target, signal));
    if (control === null) await (await connect(target)).health({ signal });
    await showDashboard(
      {
        control,
        url: target.url,
        name: target.cluster?.name ?? target.url,
        token: target.token,
        owner: false,
        flags: flagsOf(options),
      },
      signal,
    );
  });
}

/** What finds the same cluster again, on a command line. */
function flagsOf({ url, name }: TargetOptions): string {
  if (url !== undefined) return `--url ${url}`;
  return name === undefined ? '' : `--name ${name}`;
}

/** The target's URL, if it is a launcher's. */
async function launcherAt(target: Target, signal: AbortSignal): Promise<string | null> {
  const { ProblemError } = await import('../../client/problems.ts');
  try {
    await (await connect(target)).cluster({ signal });
    return target.url;
  } catch (error) {
    if (error instanceof ProblemError) return null;
    throw error;
  }
}
