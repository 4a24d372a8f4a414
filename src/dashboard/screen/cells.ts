// Text in columns of a terminal: how wide it is, cut and padded to a width. The rule: what comes
// out has a width that every terminal agrees on, or whatever stands to the right of it would move.

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
// Vowels and final consonants of Korean syllables that come in pieces, as names of files on macOS
// do, go into the square of their first consonant.
const ZERO = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff\ud7b0-\ud7fb]/u;
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;
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

function columnsOfOne(character: string): number {
  // First: a mark over a Japanese or Chinese character is of their blocks, but takes no column.
  if (ZERO.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
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
