// From styled text to what a terminal takes. Colours come from the terminal's own sixteen, so that
// they are the ones that its owner can read; without colour, weight and inversion are left.

import type { Line, Style } from './cells.ts';

type Codes = Readonly<Record<Style, readonly [on: string, off: string]>>;

const COLOURED: Codes = {
  plain: ['', ''],
  dim: ['2', '22'],
  bold: ['1', '22'],
  good: ['32', '39'],
  warn: ['33', '39'],
  bad: ['31', '39'],
  accent: ['36', '39'],
  chosen: ['7', '27'],
  alarm: ['1;7;31', '22;27;39'],
};

// Yellow and cyan on white are hard to read in most themes.
const ON_LIGHT: Codes = { ...COLOURED, warn: ['35', '39'], accent: ['34', '39'] };

// Without colour, emphasis says what red and yellow said; the words and shapes say it anyway.
const PLAIN: Codes = {
  ...COLOURED,
  good: ['', ''],
  warn: ['1', '22'],
  bad: ['1', '22'],
  accent: ['', ''],
  alarm: ['1;7', '22;27'],
};

/** The colours for a ground. */
export type Palette = 'none' | 'dark' | 'light';

const PALETTES: Readonly<Record<Palette, Codes>> = { none: PLAIN, dark: COLOURED, light: ON_LIGHT };

/** The ground of a terminal, as far as it tells: `COLORFGBG` is ink and ground, e.g. `0;15`. */
export function paletteFor(colour: boolean, foregroundAndGround: string | undefined): Palette {
  if (!colour) return 'none';
  const ground = foregroundAndGround?.split(';').at(-1);
  return ground === '7' || ground === '15' ? 'light' : 'dark';
}

/** One line as text with its codes, and nothing at its end that shows nothing. */
export function paint(line: Line, palette: Palette): string {
  const codes = PALETTES[palette];
  const parts = line.map(({ text, style }) => {
    const [on, off] = codes[style];
    return on === '' || text === '' ? text : `\u001b[${on}m${text}\u001b[${off}m`;
  });
  return parts.join('').trimEnd();
}
