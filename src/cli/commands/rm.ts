// `replog rm`: takes nodes out of the cluster.

import type { Command } from 'commander';
import type { ClusterNode } from '../../client/answers.ts';
import { SELECTORS, selectAll } from '../arguments/node-selection.ts';
import { eachNode } from '../cluster/each-node.ts';
import { findLauncher } from '../cluster/launcher.ts';
import { addTargetOptions, findTarget, type TargetOptions } from '../cluster/target.ts';
import { Refused } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { examples } from '../printing/examples.ts';
import { warnOf } from '../printing/node-warning.ts';
import { printJson, printLine } from '../printing/output.ts';

interface RemoveOptions extends TargetOptions {
  readonly json?: true;
}

const MASTER_STAYS = 'a cluster keeps its master; `replog stop` ends the whole cluster';

/** A single node has no launcher that could take it out. */
const SINGLE =
  'a single node that was started with --leave leaves when it is stopped where it runs; one that' +
  ' is gone is taken out by POST /arbiter/leave with {"node":"n3"}, at the URL that it joined';

export function register(program: Command): void {
  addTargetOptions(program.command('rm'))
    .description('take nodes out of the cluster for good, which makes it smaller')
    .argument('<node...>', SELECTORS)
    .option('--json', 'print one JSON object per node')
    .addHelpText(
      'after',
      examples(
        ['replog rm n3', 'n3 leaves; writes no longer wait for it'],
        ['replog stop n3', 'to end the process only: n3 stays a member'],
      ),
    )
    .action(remove);
}

async function remove(selectors: readonly string[], options: RemoveOptions): Promise<void> {
  const target = await findTarget(options);
  await untilInterrupted(async (signal) => {
    const { launcher, report } = await findLauncher(target, { signal, single: SINGLE });
    const nodes = selectAll(selectors, report.nodes);
    refuseMaster(nodes);
    const removeOne = async ({ node }: ClusterNode) => {
      const removed = await launcher.removeNode(node, { signal });
      const { warning } = removed ?? {};
      if (options.json) return printJson({ node, state: 'removed', warning });
      await printLine(cleanText(`${node} removed`));
      warnOf(removed);
    };
    await eachNode(nodes, removeOne);
  });
}

/** Before anything is done: the others would be gone for good before the master was refused. */
function refuseMaster(nodes: readonly ClusterNode[]): void {
  const master = nodes.find(({ role }) => role === 'master');
  if (master === undefined) return;
  const others = nodes.length === 1 ? '' : '; nothing was removed';
  throw new Refused(
    `${master.node} is the master; only a secondary can be removed${others}`,
    MASTER_STAYS,
  );
}
