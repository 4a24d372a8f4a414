// `replog scenario`: scenario files of the user's own.

import { join } from 'node:path';
import type { Command } from 'commander';
import type { Scenario } from '../../scenarios/scenario.ts';
import { readText, whyUnreadable } from '../arguments/input-file.ts';
import { shownPath } from '../arguments/path-problem.ts';
import { UsageError } from '../exit.ts';
import {
  addPlayOptions,
  type PlayFlags,
  playAll,
  refuseVain,
} from '../experiments/scenario-play.ts';
import { cleanText } from '../printing/clean-text.ts';
import { counted } from '../printing/counted.ts';
import { examples } from '../printing/examples.ts';
import { printError, printJson, printLine } from '../printing/output.ts';
import { failure, printShipped } from './demo.ts';

export function register(program: Command): void {
  const scenario = program
    .command('scenario')
    .description('play scenarios of your own (YAML, docs/scenarios.md), check them, or list ours');
  addPlayOptions(scenario.command('run').description('play scenario files on throw-away clusters'))
    .argument('<file...>')
    .addHelpText(
      'after',
      examples(
        ['replog scenario run mine.yaml', 'as a demo'],
        [
          'replog scenario run *.yaml --check',
          'as a test: one line each, exit code 1 at a failure',
        ],
      ),
    )
    .action(runFiles);
  scenario
    .command('check')
    .description('say whether files are scenarios; nothing is started')
    .argument('<file...>')
    .option('--json', 'print one JSON object per file')
    .addHelpText(
      'after',
      examples(['replog scenario check mine.yaml', 'file and line of mistakes']),
    )
    .action(checkFiles);
  scenario
    .command('list')
    .description('print the scenarios that come with replog, and where their files are')
    .option('--json', 'print one JSON array')
    .addHelpText('after', examples(['replog scenario list', 'names, rules and files']))
    .action(listFiles);
  scenario.addHelpText(
    'after',
    examples(
      ['replog scenario run mine.yaml', 'play it'],
      ['replog scenario check mine.yaml', 'only read it'],
      ['replog scenario list', 'those that come with replog: examples for yours'],
    ),
  );
}

async function listFiles({ json }: { json?: true }): Promise<void> {
  const { SHIPPED, shippedFolder, shippedScenario } = await import('../../scenarios/catalogue.ts');
  const scenarios = SHIPPED.map(shippedScenario);
  const folder = shippedFolder();
  if (json) {
    const one = ({ name, title, rule }: Scenario) => {
      return { name, title, ...rule, file: join(folder, `${name}.yaml`) };
    };
    return printJson(scenarios.map(one));
  }
  await printShipped(scenarios);
  await printLine(cleanText(`their files are examples for your own: ${folder}`));
}

async function runFiles(files: readonly string[], flags: PlayFlags): Promise<void> {
  refuseVain(flags);
  const scenarios: Scenario[] = [];
  await readEach(files, (scenario) => scenarios.push(scenario));
  const failed = (await playAll(scenarios, flags)).filter(({ ok }) => !ok);
  if (failed.length > 0) throw failure(failed.map(({ name }) => name));
}

async function checkFiles(files: readonly string[], { json }: { json?: true }): Promise<void> {
  const tell = ({ rule, steps, title }: Scenario, file: string) => {
    const { length } = steps;
    return json
      ? printJson({ file, title, guarantee: rule.guarantee, steps: length })
      : printLine(
          cleanText(
            `${file}: a scenario of ${counted(length, 'step', 'steps')} for ${rule.guarantee}`,
          ),
        );
  };
  await readEach(files, tell, async (file, errors) => {
    if (json) await printJson({ file, errors });
  });
}

/** What is wrong in a file. */
interface Mistake {
  /** From 1 on; null: the file cannot be read. */
  readonly line: number | null;
  readonly message: string;
}

/** Reads all files, also behind one that is none: what is wrong with each is said at once. */
async function readEach(
  files: readonly string[],
  take: (scenario: Scenario, file: string) => unknown,
  leave: (file: string, mistakes: readonly Mistake[]) => unknown = () => undefined,
): Promise<void> {
  const refused: string[] = [];
  for (const file of files) {
    const { scenario, mistakes } = await read(file);
    if (scenario !== null) await take(scenario, file);
    else await leave(file, mistakes);
    refused.push(
      ...mistakes.map(({ line, message }) =>
        line === null ? `${shownPath(file)} ${message}` : `${file}:${line}: ${message}`,
      ),
    );
  }
  for (const sentence of refused.slice(0, -1)) printError(cleanText(sentence));
  if (refused.length > 0) {
    throw new UsageError(refused.at(-1)!, 'docs/scenarios.md describes the format');
  }
}

interface Reading {
  readonly scenario: Scenario | null;
  readonly mistakes: readonly Mistake[];
}

async function read(file: string): Promise<Reading> {
  const { parseScenario, InvalidScenario } = await import('../../scenarios/scenario-file.ts');
  let text: string;
  try {
    text = readText(file);
  } catch (error) {
    return { scenario: null, mistakes: [{ line: null, message: whyUnreadable(error) }] };
  }
  try {
    return { scenario: parseScenario(text, file), mistakes: [] };
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    return { scenario: null, mistakes: error.faults };
  }
}
