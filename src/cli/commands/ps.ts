// `replog ps`: the running clusters and their processes.

import type { Command } from 'commander';
import type { ClusterReport } from '../../client/answers.ts';
import { cleanText } from '../clean-text.ts';
import { type Styles, stylesFor } from '../colour.ts';
import { examples } from '../examples.ts';
import { findLauncher } from '../launcher.ts';
import { SELECTORS, selectNodes } from '../node-selection.ts';
import { printJson, printLine, printLines } from '../output.ts';
import { tableLines } from '../table.ts';
import { addTargetOptions, findTarget, registered, type TargetOptions } from '../target.ts';

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

async function ps(selector: string | undefined, options: PsOptions): Promise<void> {
  const reports = await reportsFor(options);
  const chosen = reports.map((report) =>
    selector === undefined ? report : onlyNodes(selector, report),
  );
  if (options.json) {
    for (const report of chosen) await printJson(report);
    return;
  }
  if (chosen.length === 0) await printLine('no cluster is running');
  const styles = stylesFor();
  for (const [place, report] of chosen.entries()) {
    await printLines([...(place === 0 ? [] : ['']), ...reportLines(report, styles)]);
  }
}

function onlyNodes(selector: string, report: ClusterReport): ClusterReport {
  const nodes = selectNodes(selector, [...report.nodes, ...report.removed]);
  return { ...report, nodes, removed: [] };
}

/** The cluster that was named, else all there are. */
async function reportsFor(options: PsOptions): Promise<ClusterReport[]> {
  const named = options.url ?? options.name ?? (process.env.REPLOG_URL || undefined);
  if (named !== undefined) return [(await findLauncher(await findTarget(options))).report];
  const clusters = await registered();
  return Promise.all(
    clusters.map(async ({ name }) => {
      return (await findLauncher(await findTarget({ ...options, name }))).report;
    }),
  );
}

function reportLines({ name, nodes, removed }: ClusterReport, styles: Styles): string[] {
  const rows = [...nodes, ...removed].map(({ node, role, state, url, pid }) => {
    const style = state === 'running' ? styles.green : styles.yellow;
    return [node, role, { text: state, style }, url, pid];
  });
  const table = tableLines(['NODE', 'ROLE', 'STATE', 'URL', 'PID'], rows, styles.dim);
  return [styles.bold(cleanText(name)), ...table];
}
