// The end of every help page: how the command is used.

import { wrapped } from './text-width.ts';

/** As wide as the rest of a help page where nobody has widened the terminal. */
const COLUMNS = 80;

/** With less room beside the longest command line, what it does stands below. */
const ROOM_MIN = 24;

const BELOW = '      ';

/** Text for commander's `addHelpText('after', …)`: command lines, each with what it does. */
export function examples(
  ...lines: readonly (readonly [command: string, effect: string])[]
): string {
  const width = Math.max(...lines.map(([command]) => command.length));
  const margin = '  $ '.length + width + 2;
  const room = COLUMNS - margin;
  const shown = lines.flatMap(([command, effect]) => {
    if (room < ROOM_MIN) {
      const parts = wrapped(effect, COLUMNS - BELOW.length);
      return [`  $ ${command}`, ...parts.map((part) => BELOW + part)];
    }
    const [first = '', ...more] = wrapped(effect, room);
    const begin = `  $ ${command.padEnd(width)}  ${first}`.trimEnd();
    return [begin, ...more.map((part) => ' '.repeat(margin) + part)];
  });
  return `\nExamples:\n${shown.join('\n')}\n`;
}
