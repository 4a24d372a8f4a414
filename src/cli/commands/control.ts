// `replog stop | start | restart | kill | pause | resume`: what can be done to a node's process.
// They differ by a word only, so one table holds them all.

import type { Command } from 'commander';
import type { ClusterNode, ControlVerb } from '../../client/answers.ts';
import { SELECTORS, selectAll } from '../arguments/node-selection.ts';
import { eachNode } from '../cluster/each-node.ts';
import { findLauncher } from '../cluster/launcher.ts';
import { stopCluster } from '../cluster/stop-cluster.ts';
import { addTargetOptions, findTarget, type TargetOptions } from '../cluster/target.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine } from '../printing/output.ts';

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
