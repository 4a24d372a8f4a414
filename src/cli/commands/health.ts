// `replog health`: who is alive, and how far behind.

import type { Command } from 'commander';
import { Unreachable } from '../../client/errors.ts';
import { parseTimeout } from '../arguments/duration.ts';
import { refuseWithout } from '../arguments/vain-options.ts';
import { arbiterLine, isArbiter } from '../cluster/arbiter-health.ts';
import {
  addTargetOptions,
  connect,
  findTarget,
  masterBeside,
  type Target,
  type TargetOptions,
} from '../cluster/target.ts';
import { endingOf } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { cleanJson, cleanText } from '../printing/clean-text.ts';
import { stylesFor } from '../printing/colour.ts';
import { examples } from '../printing/examples.ts';
import { healthLines } from '../printing/health-report.ts';
import { print, printJson, printLines } from '../printing/output.ts';
import { canDrawOver, screenful } from '../printing/screenful.ts';
import { fitted } from '../printing/text-width.ts';

const INTERVAL_MS = 1_000;

interface HealthOptions extends TargetOptions {
  readonly watch?: true;
  readonly interval?: number;
  readonly json?: true;
}

export function register(program: Command): void {
  addTargetOptions(program.command('health'))
    .description('show every member: status, lag, last heartbeat, retries, last error')
    .option('--watch', 'show it again and again, until Ctrl-C')
    .option('--interval <duration>', 'with --watch: how often (default: 1s)', parseTimeout)
    .option('--json', "print the node's own answer; a masterError: its master does not answer")
    .addHelpText(
      'after',
      examples(
        ['replog health', 'once'],
        ['replog health --watch', 'every second'],
        ['replog health --json', 'as a node answers GET /health'],
      ),
    )
    .action(showHealth);
}

export async function showHealth(options: HealthOptions): Promise<void> {
  refuseWithout(options.interval, options.watch, '--interval', '--watch');
  await untilInterrupted(async (signal) => {
    if (!options.watch)
      return options.json ? printAnswer(options, signal) : printTable(options, signal);
    const { REAL_PACE } = await import('../../client/pace.ts');
    while (!signal.aborted) {
      await repaint(options, signal);
      await REAL_PACE.pause(options.interval ?? INTERVAL_MS, signal);
    }
  });
}

async function printAnswer(options: HealthOptions, signal: AbortSignal): Promise<void> {
  await printJson(await answerOf(await findTarget(options), signal), signal);
}

/** The node's own answer; with a `masterError` if the master that it names does not answer. */
async function answerOf(target: Target, signal: AbortSignal): Promise<object> {
  const health = await (await connect(target)).health({ signal });
  if (health.role === 'master' || health.master === null) return health;
  const master = await masterBeside(target, health.master.url, signal);
  return master instanceof Unreachable ? { ...health, masterError: master.message } : health;
}

async function printTable(options: HealthOptions, signal: AbortSignal): Promise<void> {
  await printLines(await tableOf(await findTarget(options), signal), signal);
}

/** One round of --watch. What cannot be reached now may be back soon: it is shown, and no end. */
async function repaint(options: HealthOptions, signal: AbortSignal): Promise<void> {
  let lines: readonly string[];
  try {
    const target = await findTarget(options);
    lines = options.json
      ? [cleanJson(await answerOf(target, signal))]
      : await tableOf(target, signal);
  } catch (error) {
    if (signal.aborted) return;
    const { sentence } = endingOf(error);
    lines = options.json
      ? [cleanJson({ error: sentence })]
      : fitted(cleanText(sentence), process.stdout);
  }
  const onScreen = canDrawOver(process.stdout) && !options.json;
  try {
    if (onScreen) await print(screenful(lines, process.stdout.rows), signal);
    else await printLines(options.json ? lines : [...lines, ''], signal);
  } catch (error) {
    // Told to stop while nobody reads: it is the end all the same, and no error.
    if (!signal.aborted) throw error;
  }
}

/** The master's view; that of the node itself if it is all there is. */
async function tableOf(target: Target, signal: AbortSignal): Promise<string[]> {
  const styles = stylesFor();
  const health = await (await connect(target)).health({ signal });
  const lines = isArbiter(health) ? [cleanText(arbiterLine(health))] : healthLines(health, styles);
  if (health.role === 'master' || health.master === null) return lines;
  const master = await masterBeside(target, health.master.url, signal);
  if (master instanceof Unreachable) return [...lines, styles.red(cleanText(master.message))];
  return [...lines, ...healthLines(master, styles)];
}
