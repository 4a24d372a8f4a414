// `replog scenario`: scenario files of the user's own.

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Scenario } from '../../scenarios/scenario.ts';
import { cleanText } from '../clean-text.ts';
import { examples } from '../examples.ts';
import { Refused, UsageError } from '../exit.ts';
import { printError, printJson, printLine } from '../output.ts';
import { addPlayOptions, type PlayFlags, playAll } from '../scenario-play.ts';
import { failureSentence } from './demo.ts';

export function register(program: Command): void {
  const scenario = program
    .command('scenario')
    .description('play scenarios of your own (YAML, docs/scenarios.md), or only check the files');
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
  scenario.addHelpText(
    'after',
    examples(
      ['replog scenario run mine.yaml', 'play it'],
      ['replog scenario check mine.yaml', 'only read it'],
    ),
  );
}

async function runFiles(files: readonly string[], flags: PlayFlags): Promise<void> {
  const scenarios: Scenario[] = [];
  await readEach(files, (scenario) => scenarios.push(scenario));
  const failed = (await playAll(scenarios, flags)).filter(({ ok }) => !ok);
  if (failed.length > 0) throw new Refused(failureSentence(failed.map(({ name }) => name)));
}

async function checkFiles(files: readonly string[], { json }: { json?: true }): Promise<void> {
  await readEach(files, async ({ rule, steps, title }, file) => {
    const { length } = steps;
    const number = `${length} ${length === 1 ? 'step' : 'steps'}`;
    await (json
      ? printJson({ file, title, guarantee: rule.guarantee, steps: length })
      : printLine(cleanText(`${file}: a scenario of ${number} for ${rule.guarantee}`)));
  });
}

/** Reads all files, also behind one that is none: what is wrong with each is said at once. */
async function readEach(
  files: readonly string[],
  take: (scenario: Scenario, file: string) => unknown,
): Promise<void> {
  let refused: UsageError | null = null;
  for (const file of files) {
    try {
      await take(await read(file), file);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      if (refused !== null) printError(cleanText(refused.message));
      refused = error;
    }
  }
  if (refused !== null) throw refused;
}

async function read(file: string): Promise<Scenario> {
  const { parseScenario, InvalidScenario } = await import('../../scenarios/scenario-file.ts');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    return parseScenario(text, file);
  } catch (error) {
    if (!(error instanceof InvalidScenario)) throw error;
    for (const { line, message } of error.faults.slice(0, -1)) {
      printError(cleanText(`${file}:${line}: ${message}`));
    }
    const { line, message } = error.faults.at(-1)!;
    throw new UsageError(`${file}:${line}: ${message}`, 'docs/scenarios.md describes the format');
  }
}
