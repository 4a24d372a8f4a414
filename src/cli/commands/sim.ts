// `replog sim`: whole clusters in virtual time, with everything going wrong that a seed can draw.

import type { Command } from 'commander';
import type { FailedSeed, Totals } from '../../sim/campaign.ts';
import { minutesUpTo } from '../arguments/minutes.ts';
import { refuseBoth } from '../arguments/vain-options.ts';
import { wholeNumber } from '../arguments/whole-number.ts';
import { EXIT, Refused, UsageError } from '../exit.ts';
import { untilInterrupted } from '../interrupt.ts';
import { counted } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLines, printSentences } from '../printing/output.ts';
import { Progress } from '../printing/progress.ts';

interface SimOptions {
  readonly seeds: number;
  readonly from: number;
  readonly seed?: number;
  readonly minutes?: number;
  readonly jobs: number;
  readonly ledger?: string;
  readonly history?: string;
  readonly trace?: true;
  readonly part?: true;
  readonly step: number;
  readonly json?: true;
}

/** A week; timers know no more than some 35,000. */
const MINUTES_MAX = 10_000;

export function register(program: Command): void {
  program
    .command('sim')
    .description('run whole clusters in virtual time, with faults, and judge what they did')
    .option('--seeds <n>', 'how many runs', wholeNumber(1), 1_000)
    .option('--from <seed>', 'the first seed; the others follow', wholeNumber(1), 1)
    .option('--seed <seed>', 'run only this one', wholeNumber(1))
    .option('--minutes <m>', 'run so long, however many seeds that is', minutesUpTo(MINUTES_MAX))
    .option('--jobs <n>', 'processes at a time', wholeNumber(1, 256), 1)
    .option('--trace', 'with --seed: print one line per event')
    .option('--history <file>', 'with --seed: write the history, for `replog check`')
    .option('--ledger <file>', 'append a row to the table in this Markdown file')
    .addOption(program.createOption('--part').hideHelp())
    .addOption(program.createOption('--step <n>').hideHelp().argParser(wholeNumber(1)).default(1))
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `${examples(
        ['replog sim', 'a thousand seeds'],
        ['replog sim --minutes 10 --jobs 2', 'as many as fit, on two cores'],
        ['replog sim --seed 1459 --trace', 'one run, event by event'],
        ['replog sim --seeds 100000 --ledger docs/ledger.md', 'and note what came of it'],
      )}
Exit codes: ${EXIT.success} everything held, ${EXIT.refused} something did not (then the seed, the
smallest schedule that still fails, and its trace are printed), ${EXIT.usage} wrong usage.
`,
    )
    .action(sim);
}

async function sim(options: SimOptions, command: Command): Promise<void> {
  if (options.part) {
    await runPart(options);
    return;
  }
  const { seed } = options;
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  if (seed !== undefined) {
    for (const name of OF_MANY) refuseBoth(seed, isGiven(name), '--seed', `--${name}`);
    return runOne(seed, options);
  }
  refuseBoth(options.minutes, isGiven('seeds'), '--minutes', '--seeds');
  for (const name of ['trace', 'history'] as const) {
    if (options[name] === undefined) continue;
    throw new UsageError(`--${name} is of one run`, `say which, e.g. --seed ${options.from}`);
  }
  await runMany(options);
}

/** What only many runs heed. The one that is asked for would ignore it without a word. */
const OF_MANY = ['seeds', 'from', 'minutes', 'jobs', 'ledger'];

/** One of several processes: works through its share and tells the one that started it, until that
 * has heard enough. */
async function runPart({ from, seeds, step }: SimOptions): Promise<void> {
  const { runSeed } = await import('../../sim/campaign.ts');
  for (let seed = from; seed < from + seeds && process.connected; seed += step) {
    const totals = await runSeed(seed);
    await new Promise((sent) => process.send?.(totals, sent));
    // A run is one long turn of the event loop, and so is a send: here the parent is heard.
    await new Promise(setImmediate);
  }
  if (process.connected) process.disconnect();
}

async function runOne(seed: number, options: SimOptions): Promise<void> {
  const { tryPlan } = await import('../../sim/trial.ts');
  const { drawnPlan } = await import('../../sim/plan/drawn-plan.ts');
  const trial = await tryPlan(drawnPlan(seed), { traced: options.trace === true });
  const { run, findings } = trial;
  if (options.history !== undefined) {
    const { writeFile } = await import('node:fs/promises');
    const lines = run.history.map((record) => `${JSON.stringify(record)}\n`);
    await writeFile(options.history, lines.join(''));
  }
  if (options.trace) await printLines(run.trace);
  const { hash, events } = run;
  if (options.json) {
    const { acknowledged, counts, excused } = trial;
    const hits = Object.fromEntries(run.hits);
    await printJson({ seed, hash, events, acknowledged, counts, excused, hits, findings });
  } else {
    const { oneSeed } = await import('../printing/sim-report.ts');
    await printSentences(oneSeed(trial));
  }
  if (findings.length > 0) await explain({ seed, findings }, options);
}

async function runMany(options: SimOptions): Promise<void> {
  const { shortcomings } = await import('../../sim/campaign.ts');
  const { runCampaign } = await import('../experiments/sim-parts.ts');
  const { summary, ledgerRow, rate } = await import('../printing/sim-report.ts');
  const { ledger } = options;
  const { appendFile } = await import('node:fs/promises');
  // A file that cannot be written is better known before hours of runs than after.
  if (ledger !== undefined) await appendFile(ledger, '');
  const progress = new Progress(options.minutes === undefined ? options.seeds : null);
  const startedAt = performance.now();
  const elapsed = (): number => performance.now() - startedAt;
  const onProgress = (totals: Totals): void => {
    const failed = totals.failed.length === 0 ? '' : `  ${totals.failed.length} FAILED`;
    const seeds = counted(totals.seeds, 'seed', 'seeds');
    progress.update(totals.seeds, `${seeds}, ${rate(totals, elapsed())}${failed}`);
  };
  const totals = await untilInterrupted((signal) => runCampaign(options, onProgress, signal));
  progress.finish();
  const wrong = shortcomings(totals);
  const ms = elapsed();
  if (options.json) await printJson({ ...totals, ms: Math.round(ms), shortcomings: wrong });
  else await printSentences(summary(totals, wrong, ms));
  if (ledger !== undefined) {
    await appendFile(ledger, `${ledgerRow(totals, options.from, wrong)}\n`);
  }
  const [first] = [...totals.failed].sort((a, b) => a.seed - b.seed);
  if (first !== undefined) await explain(first, options);
  if (wrong.length > 0) {
    throw new Refused(`this run proves little: ${wrong.join('; ')}`, 'run more --seeds');
  }
}

/** Prints the smallest schedule that still fails, and its trace; the command fails. */
async function explain(failed: FailedSeed, options: SimOptions): Promise<never> {
  const { shrunkSeed } = await import('../../sim/shrink.ts');
  const { findingLines, planLines } = await import('../printing/sim-report.ts');
  const { seed } = failed;
  if (!options.json) {
    await printLines(findingLines(failed));
    const { plan, trial, runs } = await shrunkSeed(seed);
    await printLines(planLines(plan, runs));
    await printLines(trial.run.trace);
  }
  throw new Refused(
    `seed ${seed}: ${failed.findings[0]!.judge}`,
    `repeat it with \`replog sim --seed ${seed} --trace\``,
  );
}
