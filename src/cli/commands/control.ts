// `replog stop | start | restart | kill | pause | resume`: what can be done to a node's process.
// They differ by a word only, so one table holds them all.

import type { Command } from 'commander';
import type { ClusterNode, ControlVerb } from '../../client/answers.ts';
import { REAL_PACE } from '../../client/pace.ts';
import { SELECTORS, selectAll } from '../arguments/node-selection.ts';
import { eachNode } from '../each-node.ts';
import { NotRunning, Undecided, UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { findLauncher } from '../launcher.ts';
import { endLeftBehind } from '../left-behind.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine } from '../printing/output.ts';
import { addTargetOptions, findTarget, registered, type TargetOptions } from '../target.ts';

interface ControlOptions extends TargetOptions {
  readonly json?: true;
}

const VERBS: readonly { verb: ControlVerb; description: string; done: string; effect: string }[] = [
  {
    verb: 'stop',
    description: 'end nodes in an orderly way; without NODE the whole cluster, launcher included',
    done: 'stopped',
    effect: 'it stays a member and can be started again',
  },
  {
    verb: 'start',
    description: 'start nodes that were stopped or killed, or that crashed',
    done: 'started',
    effect: 'on its old data',
  },
  { verb: 'restart', description: 'stop and start nodes', done: 'restarted', effect: 'one by one' },
  {
    verb: 'kill',
    description: 'end nodes at once (SIGKILL)',
    done: 'killed',
    effect: 'no goodbye',
  },
  {
    verb: 'pause',
    description: 'freeze nodes (SIGSTOP)',
    done: 'paused',
    effect: 'alive, but it answers nobody',
  },
  {
    verb: 'resume',
    description: 'let paused nodes go on (SIGCONT)',
    done: 'resumed',
    effect: 'as if nothing had happened',
  },
];

/** How long a launcher may take to end its nodes (each has 5 s) and itself. */
const STOP_WITHIN_MS = 15_000;

export function register(program: Command): void {
  for (const { verb, description, done, effect } of VERBS) {
    addTargetOptions(program.command(verb))
      .description(description)
      .argument(verb === 'stop' ? '[node...]' : '<node...>', SELECTORS)
      .option('--json', 'print one JSON object per node')
      .addHelpText(
        'after',
        examples(
          [`replog ${verb} n2`, effect],
          [`replog ${verb} secondary:2 n5`, 'the second secondary, and n5'],
          [`replog ${verb} all`, 'every node'],
          ...(verb === 'stop' ? [['replog stop', 'the whole cluster'] as const] : []),
        ),
      )
      .action((selectors: readonly string[], options: ControlOptions) =>
        selectors.length === 0 ? stopCluster(options) : control(verb, done, selectors, options),
      );
  }
}

async function control(
  verb: ControlVerb,
  done: string,
  selectors: readonly string[],
  options: ControlOptions,
): Promise<void> {
  const target = await findTarget(options);
  await untilInterrupted(async (signal) => {
    const { launcher, report } = await findLauncher(target, { signal });
    const nodes = selectAll(selectors, [...report.nodes, ...report.removed]);
    await eachNode(nodes, async (node) => {
      const after = await launcher.control(node.node, verb, { signal });
      await (options.json
        ? printJson(after ?? { node: node.node })
        : printLine(nodeLine(node, done, after)));
    });
  });
}

/** What came of it; `after` is null if the launcher knows the node no more. */
function nodeLine(before: ClusterNode, done: string, after: ClusterNode | null): string {
  const same = after !== null && after.state === before.state && after.pid === before.pid;
  const what = same ? `is ${after.state} already` : done;
  const place = after?.pid
    ? `  ${after.role ?? 'no role yet'} at ${after.url}, pid ${after.pid}`
    : '';
  return cleanText(`${before.node} ${what}${place}`);
}

/** Ends what killed launchers have left behind; whether that was all there was. */
async function stopLeftBehind({ name, json }: ControlOptions): Promise<boolean> {
  const ended = await untilInterrupted((signal) => endLeftBehind(name, json ?? false, signal));
  if (ended === 0) return false;
  return !(await registered()).some((cluster) => name === undefined || cluster.name === name);
}

/** Ends the launcher, which ends its nodes first. */
async function stopCluster(options: ControlOptions): Promise<void> {
  if (options.url === undefined && (await stopLeftBehind(options))) return;
  const target = await findTarget(options);
  const { cluster } = target;
  if (cluster === null) {
    if (!target.named) throw new NotRunning('no cluster is running on this machine');
    // Where nothing answers there is nothing to stop, here or anywhere.
    await untilInterrupted((signal) => findLauncher(target, { signal }));
    throw new UsageError(
      `the launcher of ${target.url} is not on this machine`,
      'name a node, or stop the launcher where it runs',
    );
  }
  const { isAlive, markOf } = await import('../../cluster/liveness.ts');
  const launcher = markOf(cluster.pid);
  process.kill(cluster.pid, 'SIGTERM');
  await untilInterrupted(async (signal) => {
    const startedAt = REAL_PACE.now();
    // It is not to be found any more while it still ends its nodes: ports and folder are free when
    // its process is gone.
    while (isAlive(launcher)) {
      if (signal.aborted || REAL_PACE.now() - startedAt > STOP_WITHIN_MS) {
        throw new Undecided(
          `the cluster "${cluster.name}" was told to stop, and has not yet`,
          `\`kill -9 ${cluster.pid}\` ends it and its nodes at once`,
        );
      }
      await REAL_PACE.pause(50, signal);
    }
  });
  const { name, pid } = cluster;
  await (options.json
    ? printJson({ name, pid, state: 'stopped' })
    : printLine(cleanText(`${name} stopped`)));
}
