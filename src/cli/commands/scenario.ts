// `replog scenario`: scenario files of the user's own.

import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Scenario } from '../../scenarios/scenario.ts';
import { cleanText } from '../clean-text.ts';
import { examples } from '../examples.ts';
import { Refused, UsageError } from '../exit.ts';
import { printJson, printLine } from '../output.ts';
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
  for (const file of files) scenarios.push(await read(file));
  const failed = (await playAll(scenarios, flags)).filter(({ ok }) => !ok);
  if (failed.length > 0) throw new Refused(failureSentence(failed.map(({ name }) => name)));
}

async function checkFiles(files: readonly string[], { json }: { json?: true }): Promise<void> {
  for (const file of files) {
    const { title, rule, steps } = await read(file);
    await (json
      ? printJson({ file, title, guarantee: rule.guarantee, steps: steps.length })
      : printLine(`${file}: a scenario of ${steps.length} steps for ${rule.guarantee}`));
  }
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
      process.stderr.write(`${cleanText(`${file}:${line}: ${message}`)}\n`);
    }
    const { line, message } = error.faults.at(-1)!;
    throw new UsageError(`${file}:${line}: ${message}`, 'docs/scenarios.md describes the format');
  }
}
