// The end of every help page: how the command is used.

/** Text for commander's `addHelpText('after', …)`: command lines, each with what it does. */
export function examples(
  ...lines: readonly (readonly [command: string, effect: string])[]
): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  const shown = lines.map(([command, effect]) =>
    `  $ ${command.padEnd(width)}  ${effect}`.trimEnd(),
  );
  return `\nExamples:\n${shown.join('\n')}\n`;
}
