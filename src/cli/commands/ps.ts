// `replog ps`: the running clusters and their processes.

import type { Command } from 'commander';
import type { ClusterNode, ClusterReport } from '../../client/answers.ts';
import { Unreachable } from '../../client/errors.ts';
import type { RunningCluster } from '../../cluster/files/registry.ts';
import { SELECTORS, selectInEach } from '../arguments/node-selection.ts';
import { findLauncher } from '../cluster/launcher.ts';
import {
  addTargetOptions,
  findTarget,
  registered,
  type Target,
  type TargetOptions,
  targetOf,
} from '../cluster/target.ts';
import { NotRunning } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanText } from '../printing/clean-text.ts';
import { type Styles, stylesFor } from '../printing/colour.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine, printLines } from '../printing/output.ts';
import { fittedTable } from '../printing/table.ts';

interface PsOptions extends TargetOptions {
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('ps'))
    .description('show the running clusters: every node with role, state, URL and pid')
    .argument('[node]', SELECTORS)
    .option('--json', 'print one JSON object per cluster')
    .addHelpText(
      'after',
      examples(
        ['replog ps', 'every cluster on this machine'],
        ['replog ps master', 'only the master'],
        ['replog ps --json', 'for scripts'],
      ),
    )
    .action(ps);
}

/** A launcher does nothing that keeps it from answering at once. One that stands still must not
 * hide the others. */
const ANSWER_MS = 3_000;

/** A cluster as it is shown: of one whose launcher is silent nobody tells the size. */
type Shown = Omit<ClusterReport, 'size'>;

/** What a launcher says, or, if it says nothing, what it announced last. */
interface Seen {
  readonly report: Shown;
  /** The launcher that does not answer; null: it does. */
  readonly silent: RunningCluster | null;
}

async function ps(selector: string | undefined, options: PsOptions): Promise<void> {
  const seen = await untilInterrupted((signal) => allSeen(options, signal));
  const reports = seen.map(({ report }) => report);
  const chosen = selector === undefined ? reports : onlyNodes(selector, reports);
  if (options.json) {
    for (const report of chosen) await printJson(report);
  } else {
    if (chosen.length === 0) await printLine('no cluster is running (single nodes are not listed)');
    const styles = stylesFor();
    for (const [place, report] of chosen.entries()) {
      await printLines([...(place === 0 ? [] : ['']), ...reportLines(report, styles)]);
    }
    if (selector === undefined && nameIn(options) === undefined)
      await printLines(await orphanLines());
  }
  const silent = seen.flatMap((one) => one.silent ?? []);
  if (silent.length > 0) throw silence(silent);
}

/** The clusters that have such a node, with nothing else in them. */
function onlyNodes(selector: string, reports: readonly Shown[]): Shown[] {
  const groups = reports.map(({ nodes, removed }) => [...nodes, ...removed]);
  const chosen = selectInEach(selector, groups);
  return reports.flatMap((report, place) => {
    const nodes = chosen[place]!;
    return nodes.length === 0 ? [] : [{ ...report, nodes, removed: [] }];
  });
}

const nameIn = ({ url, name }: PsOptions): string | undefined =>
  url ?? name ?? (process.env.REPLOG_URL || undefined);

async function orphanLines(): Promise<string[]> {
  const { orphans } = await import('../../cluster/files/registry.ts');
  return orphans().map(({ node, pid, cluster }) =>
    cleanText(
      `${node} (pid ${pid}) of ${cluster} has outlived its launcher: \`replog stop\` ends it`,
    ),
  );
}

/** The cluster that was named, else all there are. */
async function allSeen(options: PsOptions, signal: AbortSignal): Promise<Seen[]> {
  const named = nameIn(options);
  if (named !== undefined) return see(await findTarget(options), signal);
  const clusters = await registered();
  const targets = clusters.map((cluster) => targetOf(cluster, options));
  return (await Promise.all(targets.map((target) => see(target, signal)))).flat();
}

/** Nothing of a launcher that has ended meanwhile. */
async function see(target: Target, signal: AbortSignal): Promise<Seen[]> {
  try {
    const { report } = await findLauncher(target, { signal, answerMs: ANSWER_MS });
    return [{ report, silent: null }];
  } catch (error) {
    const { cluster } = target;
    if (!(error instanceof Unreachable) || cluster === null) throw error;
    if (!(await registered()).some(({ pid }) => pid === cluster.pid)) return [];
    const nodes = cluster.nodes.map(announced);
    const removed = (cluster.removed ?? []).map(announced);
    return [{ report: { ...cluster, nodes, removed }, silent: cluster }];
  }
}

/** A node of which nobody says what it does. */
const announced = (node: RunningCluster['nodes'][number]): ClusterNode => ({
  ...node,
  state: 'unknown',
});

function silence(clusters: readonly RunningCluster[]): NotRunning {
  const names = clusters.map(({ name, pid }) => `"${name}" (pid ${pid})`).join(', ');
  const pids = clusters.map(({ pid }) => pid).join(' ');
  const [launchers, does] = clusters.length === 1 ? ['launcher', 'does'] : ['launchers', 'do'];
  return new NotRunning(
    `the ${launchers} of ${names} ${does} not answer; what is shown was said last`,
    `\`kill -CONT ${pids}\` wakes what stands still; \`kill -KILL ${pids}\` ends it and its nodes`,
  );
}

function reportLines({ name, nodes, removed }: Shown, styles: Styles): string[] {
  const rows = [...nodes, ...removed].map(({ node, role, state, url, pid }) => {
    const style = state === 'running' ? styles.green : styles.yellow;
    return [node, role, { text: state, style }, url, pid];
  });
  const heading = ['NODE', 'ROLE', 'STATE', 'URL', 'PID'];
  const table = fittedTable(heading, rows, ['PID', 'URL'], process.stdout, styles.dim);
  return [styles.bold(cleanText(name)), ...table];
}
