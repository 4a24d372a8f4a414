// Help that is asked for a command that does not exist: commander would show that of all others.

import type { Command } from 'commander';

const asksHelp = (word: string): boolean => ['--help', '-h', 'help'].includes(word);

/** `argv` (as in process.argv); without what asks for help where no command is named that has any,
 * so that it is refused as it would be alone. */
export function withoutVainHelp(program: Command, argv: readonly string[]): string[] {
  const words = argv.slice(2);
  const names = words.filter((word) => !word.startsWith('-') && word !== 'help');
  if (!words.some(asksHelp)) return [...argv];
  if (isKnown(program, names)) {
    // commander's own `help` takes one name: of a group it would show the group's help.
    return words[0] === 'help' ? [...argv.slice(0, 2), ...names, '--help'] : [...argv];
  }
  return [...argv.slice(0, 2), ...words.filter((word) => !asksHelp(word))];
}

/** What is behind a command that is no group are its arguments. */
function isKnown({ commands }: Command, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined || commands.length === 0) return true;
  const named = commands.find((command) => command.name() === name);
  return named !== undefined && isKnown(named, rest);
}
