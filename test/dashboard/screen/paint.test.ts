import { expect, test } from 'vitest';
import { firstScreen } from '../../../src/dashboard/keys/screen-state.ts';
import { cut, padded, span, widthOf } from '../../../src/dashboard/screen/cells.ts';
import { glyphsFor } from '../../../src/dashboard/screen/glyphs.ts';
import { headLines } from '../../../src/dashboard/screen/head.ts';
import { paint, paletteFor } from '../../../src/dashboard/screen/paint.ts';
import { recorded, STATES } from '../recorded.ts';

const line = [span('ї… → ', 'warn'), span('日', 'accent'), span('x', 'chosen')];

/** What a line is painted with: the numbers in its codes, in order. */
const codesOf = (painted: string): string[] =>
  painted
    .split('\u001b[')
    .slice(1)
    .map((part) => part.slice(0, part.indexOf('m')));

test('on a light ground nothing is yellow or cyan', () => {
  expect(paletteFor(true, '0;15')).toBe('light');
  expect(codesOf(paint(line, 'light'))).toEqual(['35', '39', '34', '39', '7', '27']);
  expect(codesOf(paint(line, paletteFor(true, '15;0')))).toContain('33');
  expect(codesOf(paint(line, paletteFor(true, undefined)))).toContain('36');
});

test('without colour there is weight and inversion', () => {
  expect(codesOf(paint(line, paletteFor(false, '0;15')))).toEqual(['1', '22', '7', '27']);
});

test.each([120, 80, 60, 45])('the alarm goes from edge to edge of %i columns', (width) => {
  const state = recorded(STATES['read-only']!);
  const [, , ...alarm] = headLines(state, firstScreen(true), glyphsFor(true), width);
  expect(alarm.length).toBe(width < 60 ? 2 : 1);
  for (const spans of alarm) {
    expect(spans.map(({ style }) => style)).toEqual(['alarm']);
    expect(widthOf(spans)).toBe(width);
  }
});

// As macOS writes the names of files: characters in pieces, of which each terminal makes one.
test.each([
  ['Korean syllables', '한글', 4],
  ['Japanese with sound marks', 'がぱ', 4],
  ['a tone mark in Chinese', '中\u302a', 2],
  ['vertical punctuation', '︙', 2],
  ['accents', 'é', 1],
])('%s in pieces are as wide as whole', (_, text, width) => {
  const pieces = text.normalize('NFD');
  expect(widthOf([span(pieces)])).toBe(width);
  expect(padded(pieces, 6)).toBe(pieces + ' '.repeat(6 - width));
  expect(cut(pieces.repeat(3), width + 1)).toBe(`${pieces}…`);
});
