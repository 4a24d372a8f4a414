// Text in columns of a terminal: how wide it is, cut and padded to a width. The rule: what comes
// out has a width that every terminal agrees on, or whatever stands to the right of it would move.

import { columnsOfOne } from './character-width.ts';

/** How a piece of text is shown; paint.ts knows the codes. */
export type Style =
  | 'plain'
  | 'dim'
  | 'bold'
  | 'good'
  | 'warn'
  | 'bad'
  | 'accent'
  | 'chosen'
  | 'alarm';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One line of the screen, from left to right. */
export type Line = readonly Span[];

// Emoji of several characters are measured differently from one terminal to the next.
const JOINED = /\u200d\p{Extended_Pictographic}/gu;
const MODIFIED = /\p{Emoji_Modifier}|\p{Variation_Selector}|\u20e3/gu;
const FLAG = /[\u{1f1e6}-\u{1f1ff}]/gu;
// Whoever brings text here has cleaned it; if not, nothing of it must reach a terminal.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
// Latin, Greek, Cyrillic, and the blocks from which this dashboard draws: one column each.
const SIMPLE = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u2500-\u25f7]*$/;

/** The text with each emoji reduced to one character, flags to letters: 👨‍👩‍👧 becomes 👨. */
export function calm(text: string): string {
  if (SIMPLE.test(text)) return text;
  return text
    .replace(JOINED, '')
    .replace(MODIFIED, '')
    .replace(UNSAFE, '\ufffd')
    .replace(FLAG, (letter) => String.fromCharCode(letter.codePointAt(0)! - 0x1f1e6 + 65));
}

/** Columns of a calm text without control characters. */
export function columnsOf(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOfOne(character);
  return columns;
}

/** At most so many columns; `…` where something was cut off. */
export function cut(text: string, width: number): string {
  const calmed = calm(text);
  if (columnsOf(calmed) <= width) return calmed;
  if (width <= 0) return '';
  let kept = '';
  let columns = 0;
  for (const character of calmed) {
    const more = columnsOfOne(character);
    if (columns + more > width - 1) break;
    kept += character;
    columns += more;
  }
  return `${kept}…`;
}

/** Exactly so many columns. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - columnsOf(shown)));
  return align === 'left' ? shown + blanks : blanks + shown;
}

export function span(text: string, style: Style = 'plain'): Span {
  return { text: calm(text), style };
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + columnsOf(text), 0);
}

/** The line cut and padded to exactly so many columns. */
export function fitLine(line: Line, width: number): Line {
  const kept: Span[] = [];
  let left = width;
  for (const { text, style } of line) {
    if (left <= 0) break;
    const shown = cut(text, left);
    kept.push({ text: shown, style });
    left -= columnsOf(shown);
    if (shown !== text) break;
  }
  return left > 0 ? [...kept, { text: ' '.repeat(left), style: 'plain' }] : kept;
}

/** Cuts a text into lines of at most so many columns, between words where it can. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of calm(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (columnsOf(longer) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (columnsOf(line) > width) {
      const head = prefix(line, width);
      if (head === '') return lines;
      lines.push(head);
      line = line.slice(head.length);
    }
  }
  return [...lines, line];
}

function prefix(text: string, width: number): string {
  let kept = '';
  let columns = 0;
  for (const character of text) {
    columns += columnsOfOne(character);
    if (columns > width) break;
    kept += character;
  }
  return kept;
}
