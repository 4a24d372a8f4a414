// `replog demo`: the shipped scenarios, played on a throw-away cluster of real processes.

import type { Command } from 'commander';
import type { Scenario } from '../../scenarios/scenario.ts';
import { refuseBoth, refuseWithout } from '../arguments/vain-options.ts';
import { Refused, UsageError } from '../exit.ts';
import {
  addPlayOptions,
  type PlayFlags,
  playAll,
  refuseVain,
} from '../experiments/scenario-play.ts';
import { examples } from '../printing/examples.ts';
import { printJson, printLine, printLines } from '../printing/output.ts';
import { tableLines } from '../printing/table.ts';

interface DemoFlags extends PlayFlags {
  readonly list?: true;
}

export function register(program: Command): void {
  addPlayOptions(
    program
      .command('demo')
      .description('watch a guarantee hold, on a throw-away cluster of real processes')
      .argument('[name]', 'which one (see --list), or all (default with --check)')
      .option('--list', 'print all demos, or this one, each with the rule that it shows'),
  )
    .addHelpText(
      'after',
      examples(
        ['replog demo --list', 'what there is to see'],
        ['replog demo blocking', 'a client that waits for its write concern'],
        ['replog demo quorum --step', 'at your own pace'],
        ['replog demo all --check', 'all of them as a test, in a few minutes'],
      ),
    )
    .action(demo);
}

async function demo(name: string | undefined, flags: DemoFlags): Promise<void> {
  refuseVain(flags);
  const { SHIPPED, shippedScenario } = await import('../../scenarios/catalogue.ts');
  if (name !== undefined && name !== 'all' && !SHIPPED.includes(name)) {
    throw new UsageError(`there is no demo "${name}"`, '`replog demo --list` names them all');
  }
  const names = name === undefined || name === 'all' ? SHIPPED : [name];
  // Without a name there is little to watch, but much to check.
  if (flags.list || (name === undefined && !flags.check)) return list(names, flags);
  const verdicts = await playAll(names.map(shippedScenario), flags);
  const failed = verdicts.filter(({ ok }) => !ok);
  if (flags.check && !flags.json && verdicts.length > 1) {
    const seconds = verdicts.reduce((sum, { ms }) => sum + ms, 0) / 1_000;
    await printLine(
      `${verdicts.length - failed.length} passed, ${failed.length} failed, ${seconds.toFixed(0)} s`,
    );
  }
  if (failed.length > 0) throw failure(failed.map((one) => one.name));
}

async function list(
  names: readonly string[],
  { list: asked, json, step, speed, check }: DemoFlags,
): Promise<void> {
  for (const [flag, value] of [
    ['--step', step],
    ['--speed', speed],
  ] as const) {
    refuseBoth(asked, value, '--list', flag);
    refuseWithout(value, undefined, flag, 'NAME');
  }
  refuseBoth(asked, check, '--list', '--check');
  const { shippedScenario } = await import('../../scenarios/catalogue.ts');
  const scenarios = names.map(shippedScenario);
  if (json) {
    return printJson(scenarios.map(({ name, title, rule }) => ({ name, title, ...rule })));
  }
  await printShipped(scenarios);
}

/** The scenarios that come with replog, for people. */
export async function printShipped(scenarios: readonly Scenario[]): Promise<void> {
  const rows = scenarios.map(({ name, rule, title }) => [name, rule.guarantee, title]);
  await printLines(tableLines(['NAME', 'RULE', 'WHAT IT SHOWS'], rows));
  await printLines(['', 'play one with `replog demo NAME`, all of them with `replog demo all`']);
}

/** For the exit of a run in which some have failed. */
export function failure(names: readonly string[]): Refused {
  const what = names.length === 1 ? 'a scenario' : `${names.length} scenarios`;
  return new Refused(
    `${what} failed: ${names.join(', ')}`,
    'what was expected and what came is above; without --check and --json each step is told',
  );
}
