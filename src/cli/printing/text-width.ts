// How many columns of a terminal a text takes.

import { columnsOfOne } from '../../dashboard/screen/character-width.ts';
import { PLAIN } from './clean-text.ts';

/** Made when it is needed first: that takes a tenth of the time of a short command. */
let segmenter: Intl.Segmenter | null = null;

/** Characters that are divided into signs at a time: the time that takes goes with the square of
 * their number. */
const WINDOW = 256;

/** Of a window the last signs may go on behind it: half a character, or a joiner before one. */
const OPEN_SIGNS = 2;

/** What is drawn as one sign each, one after the other. */
function* signs(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter();
  for (let at = 0; at < text.length; ) {
    const window = [...segmenter.segment(text.slice(at, at + WINDOW))];
    const isLast = at + WINDOW >= text.length || window.length <= OPEN_SIGNS;
    const closed = isLast ? window : window.slice(0, -OPEN_SIGNS);
    for (const { segment } of closed) {
      yield segment;
      at += segment.length;
    }
  }
}

/** Columns of a clean text: emoji and East Asian characters take two, combining marks none. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const segment of signs(text)) {
    const [first = ''] = segment;
    // What is drawn as one sign takes the columns of its first character.
    width += segment.includes('\ufe0f') ? 2 : columnsOfOne(first);
  }
  return width;
}

/** Where lines for people are to be shown. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Columns for running text: as wide as the terminal, but never so wide that a line is hard to
 * follow, nor so narrow that words stand alone. 80 where there is no terminal. */
export function textColumns({ isTTY, columns }: Screen): number {
  if (isTTY !== true || columns === undefined || columns === 0) return 80;
  return Math.min(Math.max(columns, 60), 120);
}

/** Blanks and a word behind them. A command in backticks is one word: it is copied as a whole. */
const WORDS = /( *)((?:`[^`]*`|[^ ])+)/g;

/** Breaks a clean text between words. What is too long for a line stands alone. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [, blanks = '', word = ''] of text.matchAll(WORDS)) {
    const longer = line === '' ? word : `${line}${blanks}${word}`;
    if (line === '' || textWidth(longer) <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
}

/** A line for people as a screen can show it: at a terminal, words that do not fit go to the next
 * line, below the first word. Elsewhere it stays one line, for whoever searches it. */
export function fitted(line: string, { isTTY, columns }: Screen): string[] {
  if (isTTY !== true || !columns || textWidth(line) <= columns) return [line];
  const indent = line.slice(0, line.length - line.trimStart().length);
  return wrapped(line, columns - indent.length).map((part) => indent + part);
}

/** The line in so many columns, with a mark where something is left out. For plain text. */
export function cutTo(columns: number, line: string): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}
