// Terminals that show ASCII only. The rule, for every command and the dashboard alike: a terminal
// whose locale has no UTF-8 is sent nothing else. A byte that it takes for something of its own
// could even be a control code to it. Pipes and files get every text as it is.

import { isAsciiOnly } from './locale.ts';
import { textWidth } from './text-width.ts';

/** What is needed of an output. */
interface Output {
  readonly isTTY?: boolean;
  write: NodeJS.WriteStream['write'];
}

/** What stands for the signs that replog itself draws with. As wide as they are, wherever columns
 * matter. */
const STAND_INS: Readonly<Record<string, string>> = {
  '…': '~',
  '→': '>',
  '←': '<',
  '↑': '^',
  '↓': 'v',
  '≤': '<=',
  '·': '.',
  '×': 'x',
  '✓': '+',
  '✗': 'x',
  '⟨': '<',
  '⟩': '>',
};

/** The text in ASCII, its codes untouched; a question mark for each column of what has no
 * stand-in. */
export function asciiOf(text: string): string {
  return text.replace(/[^\0-\x7f]/gu, (character) => {
    return STAND_INS[character] ?? '?'.repeat(textWidth(character));
  });
}

/** Has whatever is written there be ASCII, if it must. To be called before anything is written. */
export function keepToAscii(output: Output, env: NodeJS.ProcessEnv = process.env): void {
  if (!isAsciiOnly(output, env)) return;
  const write = output.write;
  output.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const shown = typeof chunk === 'string' ? asciiOf(chunk) : chunk;
    return Reflect.apply(write, output, [shown, ...rest]) as boolean;
  };
}
