// `replog chaos`: throws faults at a cluster while clients write and read; judges what was seen.

import type { Command } from 'commander';
import { lackForFailover } from '../../cluster/start/failover.ts';
import { minutesUpTo } from '../arguments/minutes.ts';
import { refuseRecorded } from '../arguments/record-file.ts';
import { refuseWithout } from '../arguments/vain-options.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { findLauncher } from '../cluster/launcher.ts';
import {
  addTargetOptions,
  connect,
  findTarget,
  type Target,
  type TargetOptions,
} from '../cluster/target.ts';
import { UsageError } from '../exit.ts';
import type { Ground } from '../experiments/chaos-session.ts';
import { untilInterrupted } from '../interrupt.ts';
import { examples } from '../printing/examples.ts';

interface ChaosOptions extends TargetOptions {
  readonly minutes?: number;
  readonly seed?: number;
  readonly untilCovered?: true;
  readonly secondaries?: number;
  readonly failover?: true;
  readonly record?: string;
  readonly json?: boolean;
}

const SECONDARIES = 2;
const SECONDARIES_MAX = 10;
const MINUTES_MAX = 24 * 60;

/** Enough for every cell of the table on a machine that is not busy otherwise. */
const COVERED_WITHIN_MINUTES = 15;

export function register(program: Command): void {
  addTargetOptions(program.command('chaos'), 'a cluster of its own')
    .description(
      'kill, pause and break nodes while clients write and read; then judge what they saw',
    )
    .option('--minutes <n>', 'how long (default: 1)', minutesUpTo(MINUTES_MAX))
    .option('--seed <n>', 'draw the same faults and requests again', wholeNumber(0, 2 ** 32 - 1))
    .option('--until-covered', 'until every fault was met by every kind of write')
    .option(
      '--secondaries <n>',
      'of the cluster it starts (default: 2)',
      wholeNumber(1, SECONDARIES_MAX),
    )
    .option('--failover', 'start it with --failover, and take its master away for longer at times')
    .option('--record <file>', 'write down everything that was done and seen, for `replog replay`')
    .option('--json', 'print one JSON object per event')
    .addHelpText(
      'after',
      `${examples(
        ['replog chaos', 'a minute on a durable cluster of its own, of which nothing is left'],
        ['replog chaos --minutes 5 --seed 42', 'longer, and drawn as last time'],
        ['replog chaos --record run.jsonl', 'keep it: `replog replay run.jsonl`'],
        ['replog chaos --name mine', 'on a running cluster: it writes there, and breaks it'],
      )}\nExit code: 0 all guarantees held, 1 one is broken, 4 it cannot be told.\n`,
    )
    .action(chaos);
}

async function chaos(options: ChaosOptions): Promise<void> {
  if (isOwn(options))
    refuseWithout(options.tokenFile, undefined, '--token-file', '--url or --name');
  const { json = false, record, untilCovered = false } = options;
  if (record !== undefined) refuseRecorded(record);
  const minutes = options.minutes ?? (untilCovered ? COVERED_WITHIN_MINUTES : 1);
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const { runSession } = await import('../experiments/chaos-session.ts');
  await untilInterrupted(async (signal) => {
    const ground = await groundFor(options, signal);
    // On a cluster that has a past, keys and messages must not be those of an earlier run.
    const tag = isOwn(options) ? `c${seed}` : `c${seed}-${Date.now().toString(36)}`;
    const durationMs = Math.round(minutes * 60_000);
    const settings = { seed, tag, durationMs, untilCovered, script: null, record, json };
    try {
      await runSession(ground, settings, signal);
    } finally {
      await ground.leave();
    }
  });
}

const isOwn = ({ url, name }: ChaosOptions): boolean => url === undefined && name === undefined;

async function groundFor(options: ChaosOptions, signal: AbortSignal): Promise<Ground> {
  const { throwawayGround } = await import('../experiments/chaos-session.ts');
  const { failover = false, secondaries } = options;
  if (isOwn(options)) {
    const size = (secondaries ?? SECONDARIES) + 1;
    const lack = failover ? lackForFailover(size) : null;
    if (lack !== null) throw new UsageError(lack, 'choose another number for --secondaries');
    return throwawayGround({ secondaries: size - 1, failover }, signal);
  }
  if (secondaries !== undefined || failover) {
    const vain = failover ? '--failover' : '--secondaries';
    throw new UsageError(`${vain} is for a cluster that chaos starts itself`, 'leave it out');
  }
  const target = await findTarget(options);
  const { launcher, report } = await findLauncher(target, { signal });
  if (report.dataDir === null) await refusePast(report.nodes, target, signal);
  return {
    nodes: report.nodes,
    control: launcher.url,
    token: target.token,
    durable: report.dataDir !== null,
    name: `the cluster ${report.name}`,
    leave: () => Promise.resolve(),
  };
}

/** What ends with the last node that had it may be any part of the log. What stood in it before the
 * run is not known to the judges, so they could not tell how much of it is lost. */
async function refusePast(
  nodes: Ground['nodes'],
  target: Target,
  signal: AbortSignal,
): Promise<void> {
  for (const { url } of nodes) {
    const { lastIndex } = await (await connect(target, url)).health({ signal });
    if (lastIndex === 0) continue;
    throw new UsageError(
      'the cluster keeps its log in memory, and the log is not empty: losses could not be judged',
      'use a cluster that is new, or one that keeps its data on disk',
    );
  }
}
