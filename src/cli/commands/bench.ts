// replog bench: how fast a cluster takes messages, and how long each takes.

import type { Command } from 'commander';
import type { BenchOptions, BenchResult } from '../../bench/bench.ts';
import type { WriteConcern } from '../../client/answers.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { parseWriteConcern } from '../arguments/write-concern.ts';
import { isArbiter } from '../cluster/arbiter-health.ts';
import { masterHealth } from '../cluster/master-health.ts';
import { NothingThere } from '../cluster/no-node.ts';
import {
  addTargetOptions,
  connect,
  findTarget,
  type Target,
  type TargetOptions,
} from '../cluster/target.ts';
import { Refused, UsageError } from '../exit.ts';
import { refuseTooMany, refuseUnmeetable } from '../experiments/bench-refusal.ts';
import { untilInterrupted } from '../interrupt.ts';
import { benchLines, comparisonLines } from '../printing/bench-report.ts';
import { counted } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine, printLines } from '../printing/output.ts';
import { Progress } from '../printing/progress.ts';

interface BenchFlags extends TargetOptions {
  readonly w: WriteConcern;
  readonly compare?: readonly WriteConcern[];
  readonly size: number;
  readonly connections: number;
  readonly batch: number;
  readonly rate?: number;
  readonly seconds: number;
  readonly secondaries: number;
  readonly memory?: true;
  readonly throwAway?: true;
  readonly json?: true;
}

const WARM_UP_SECONDS = 2;

export function register(program: Command): void {
  addTargetOptions(program.command('bench'))
    .description('measure how fast the running cluster takes messages, or a throw-away one')
    .option('--w <w>', 'write concern of the messages', parseWriteConcern, 'all')
    .option('--compare <w,…>', 'one measurement for each: what does a w cost?', parseComparison)
    .option('--size <characters>', 'of a message', wholeNumber(1, 1_000_000), 100)
    .option('--connections <n>', 'appends under way at a time', wholeNumber(1, 5_000), 32)
    .option('--batch <n>', 'messages per request', wholeNumber(1, 10_000), 1)
    .option('--rate <n>', 'appends per second (default: as fast as answers come)', wholeNumber(1))
    .option('--seconds <n>', 'per measurement', wholeNumber(1, 3_600), 10)
    .option('--throw-away', 'a cluster of its own, even if one is running')
    .option('--secondaries <n>', 'of a throw-away cluster', wholeNumber(0, 100), 2)
    .option('--memory', 'a throw-away cluster that keeps nothing on disk')
    .option('--json', 'print one JSON object per measurement')
    .addHelpText(
      'after',
      examples(
        ['replog bench', 'the running cluster, or three durable nodes of its own; w=all'],
        ['replog bench --compare 1,2,3', 'what each write concern costs'],
        ['replog bench --rate 1000 --seconds 30', 'latency at a given rate'],
        ['replog bench --batch 1000 --connections 8', 'batches'],
        ['replog bench --url http://127.0.0.1:4000', 'a cluster that runs already'],
      ),
    )
    .action(run);
}

async function run(flags: BenchFlags, command: Command): Promise<void> {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  refuseBoth(isGiven('w'), flags.compare, '--w', '--compare');
  for (const [name, value] of [
    ['--url', flags.url],
    ['--name', flags.name],
    ['--token-file', flags.tokenFile],
  ] as const) {
    refuseBoth(flags.throwAway, value, '--throw-away', name);
  }
  const target = await runningTarget(flags);
  const own = target === null;
  const vain = ['memory', 'secondaries'].find(isGiven);
  if (vain !== undefined && !own) {
    throw new UsageError(`--${vain} is for a throw-away cluster`, 'add --throw-away');
  }
  if (own && flags.tokenFile !== undefined) {
    throw new UsageError('--token-file is for a running cluster, and none runs', 'leave it out');
  }
  await untilInterrupted(async (signal) => {
    const results = await (own ? onOwn(flags, signal) : onRunning(flags, target, signal));
    if (!flags.json) {
      await printLines(benchLines(results));
      if (results.length > 1) await printLines(comparisonLines(results));
    }
    signal.throwIfAborted();
    refuseUnacknowledged(results);
  });
}

/** What was measured where nothing was acknowledged is no measurement; it may be stored all the
 * same. Throws Refused. */
export function refuseUnacknowledged(
  results: readonly Pick<BenchResult, 'w' | 'messages' | 'failed'>[],
): void {
  const vain = results.find(({ messages, failed }) => messages === 0 && failed > 0);
  if (vain === undefined) return;
  throw new Refused(`nothing was acknowledged with w=${vain.w}`, 'the lines above say why');
}

/** The cluster to measure; null: one that is started for it. What runs, or how many, is of no
 * interest with --throw-away. */
async function runningTarget(flags: BenchFlags): Promise<Target | null> {
  if (flags.throwAway) return null;
  const target = await findTarget(flags);
  return target.named || target.cluster !== null ? target : null;
}

async function onOwn(flags: BenchFlags, signal: AbortSignal): Promise<BenchResult[]> {
  const { throwaway } = await import('../../cluster/start/throwaway.ts');
  const { serveArbiter } = await import('../../node/arbiter/serve-arbiter.ts');
  const { secondaries } = flags;
  refuseTooMany(secondaries + 1, concernsOf(flags));
  const options = { secondaries, durable: flags.memory !== true, purpose: 'bench' };
  const cluster = await throwaway({ ...options, startArbiter: serveArbiter }, signal);
  try {
    const { nodes } = cluster.ready;
    const kind = flags.memory ? 'in memory' : 'on disk';
    if (!flags.json)
      await printLine(`a throw-away cluster of ${counted(nodes.length, 'node', 'nodes')}, ${kind}`);
    const master = nodes.find(({ role }) => role === 'master') ?? nodes[0];
    const target = { url: master?.url ?? '', token: undefined };
    return await measure(flags, target, nodes, signal);
  } finally {
    await cluster.end();
  }
}

async function onRunning(
  flags: BenchFlags,
  target: Target,
  signal: AbortSignal,
): Promise<BenchResult[]> {
  const client = await connect(target);
  const health = await client.health({ signal });
  if (isArbiter(health))
    throw new NothingThere(target.url, 'an arbiter takes no messages', 'name a node with --url');
  const nodes = 'members' in health ? health.members : [{ node: health.node, url: target.url }];
  const master = 'members' in health ? health : await masterHealth(target, signal);
  refuseUnmeetable(master, concernsOf(flags), Date.now());
  if (!flags.json)
    await printLine(`the cluster of ${counted(nodes.length, 'node', 'nodes')} at ${target.url}`);
  return measure(flags, target, nodes, signal);
}

async function measure(
  flags: BenchFlags,
  { url, token }: Pick<Target, 'url' | 'token'>,
  nodes: readonly { readonly node: string; readonly url: string }[],
  signal: AbortSignal,
): Promise<BenchResult[]> {
  const { bench } = await import('../../bench/bench.ts');
  const { ReplogClient } = await import('../../client/client.ts');
  const common = {
    client: new ReplogClient({ url, token }),
    nodes: nodes.map((one) => ({ ...one, client: new ReplogClient({ url: one.url, token }) })),
    size: flags.size,
    connections: flags.connections,
    batch: flags.batch,
    rate: flags.rate ?? null,
    seconds: flags.seconds,
    warmUpSeconds: WARM_UP_SECONDS,
  };
  const results: BenchResult[] = [];
  for (const w of concernsOf(flags)) {
    if (signal.aborted) break;
    results.push(await one({ ...common, w }, bench, signal));
    if (flags.json) await printJson(results.at(-1));
  }
  return results;
}

const concernsOf = ({ compare, w }: BenchFlags): readonly WriteConcern[] => compare ?? [w];

async function one(
  options: BenchOptions,
  bench: (options: BenchOptions, interrupted: AbortSignal) => Promise<BenchResult>,
  signal: AbortSignal,
): Promise<BenchResult> {
  const progress = new Progress(options.seconds);
  const onProgress: BenchOptions['onProgress'] = ({ seconds, perSecond, p99 }) => {
    const rate = Math.round(perSecond).toLocaleString('en');
    progress.update(seconds, `w=${options.w}  ${rate}/s  p99 ${p99.toFixed(1)} ms`);
  };
  try {
    return await bench({ ...options, onProgress }, signal);
  } finally {
    progress.finish();
  }
}

function parseComparison(text: string): readonly WriteConcern[] {
  return text
    .replace(/^w=/, '')
    .split(',')
    .map((part) => parseWriteConcern(part.trim()));
}
