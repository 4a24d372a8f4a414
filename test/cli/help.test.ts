// What every help page has, whichever command it is of.

import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { COMMANDS } from '../../src/cli/main.ts';
import { newProgram } from '../../src/cli/program.ts';
import { runCommand } from './command-run.ts';

const program = newProgram();
for (const register of COMMANDS) register(program);

/** The commands that do something; the others are groups of these. */
const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

const pathOf = (command: Command): string => `${command.parent?.name()} ${command.name()}`;

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) });
  command.outputHelp();
  return text;
}

test.each(leaves(program).map((command) => [pathOf(command), command]))('%s', (_, command) => {
  const help = helpOf(command as Command);
  expect(help).toContain('\nExamples:\n');
  expect(help).toContain('--json');
  expect(help, 'one blank line parts what is said').not.toContain('\n\n\n');
  expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

test('pages that help names come with the package', () => {
  const all = leaves(program).concat(program.commands).map(helpOf).join('\n');
  const pages = [...new Set(all.match(/docs\/[a-z-]+\.md/g))];
  expect(pages).not.toEqual([]);
  for (const page of pages) {
    expect(existsSync(new URL(`../../${page}`, import.meta.url)), page).toBe(true);
  }
  expect(manifest.files).toContain('docs');
});

test.each(['demo', 'stop', 'kill', 'fault'])('%s --all leads to the word', async (name) => {
  const { code, err } = await runCommand(COMMANDS, name, '--all');
  const hint = `hint: it is a word, not an option: \`replog ${name} all\`\n`;
  expect([code, err]).toEqual([2, `replog: unknown option '--all'\n${hint}`]);
});

test('an option that is nothing at all is led to the help', async () => {
  const { err } = await runCommand(COMMANDS, 'list', '--all');
  expect(err).toContain('hint: add --help to see how it is used\n');
});
