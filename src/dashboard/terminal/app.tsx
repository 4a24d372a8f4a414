// The Ink part: keys to the store, pictures to the screen. The rule: Ink draws no text. It keeps
// for ever every text that it has ever measured (1.5 MB in 1,000 updates of this screen) and takes
// every line apart for every picture (27 ms at 120×40); what is drawn here goes to the screen line
// by line.

import { type Key, useInput } from 'ink';
import { useLayoutEffect, useSyncExternalStore } from 'react';
import { takesText } from '../keys/screen-state.ts';
import type { Size } from '../screen/frame.ts';
import { frameOf, scrollShown } from '../screen/frame.ts';
import type { Glyphs } from '../screen/glyphs.ts';
import { type Palette, paint } from '../screen/paint.ts';
import type { Picture, Store } from '../store.ts';

/** Where pictures go. */
export interface Canvas extends Size {
  /** Shows these lines, from the first row on. */
  show(lines: readonly string[]): void;
}

export interface DashboardProps {
  readonly store: Store;
  readonly canvas: Canvas;
  readonly glyphs: Glyphs;
  readonly palette: Palette;
  readonly onKey: (key: string) => void;
}

export function Dashboard({ store, canvas, glyphs, palette, onKey }: DashboardProps): null {
  const picture = useSyncExternalStore(store.subscribe, store.picture);
  useInput((input, key) => {
    const names = keysIn(input, key);
    store.together(() => {
      for (const name of takesText(store.screen) ? asText(names) : names) {
        store.settle(scrollShown(store.state, store.screen, canvas, glyphs));
        onKey(name);
      }
    });
  });
  useLayoutEffect(() => {
    canvas.show(linesOf(picture, canvas, glyphs, palette));
  }, [canvas, picture, glyphs, palette]);
  return null;
}

/** A picture as the terminal takes it. */
export function linesOf(
  { state, screen }: Picture,
  size: Size,
  glyphs: Glyphs,
  palette: Palette,
): string[] {
  return frameOf(state, screen, size, glyphs).map((line) => paint(line, palette));
}

/** Keys that came at once while a text is typed. A line break inside of what was pasted is a blank:
 * what stands behind it must not be taken for commands. Only one at the end is Enter. */
function asText(names: readonly string[]): readonly string[] {
  if (names.length === 1) return names;
  const end = names.findLastIndex((name) => name !== 'enter') + 1;
  const text = names.slice(0, end).map((name) => (SPACES.has(name) ? ' ' : name));
  return [...text, ...names.slice(end, end + 1)];
}

const SPACES: ReadonlySet<string> = new Set(['enter', 'tab']);

const NAMED: readonly (readonly [keyof Key, string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['tab', 'tab'],
  // The key above Enter arrives as "delete" on most terminals.
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
  ['escape', 'escape'],
];

/** The keys in one arrival: fast typing and pasting bring several at once. */
function keysIn(input: string, key: Key): string[] {
  const named = NAMED.find(([name]) => key[name] === true);
  if (named !== undefined) return [named[1]];
  if (key.ctrl) return [`ctrl-${input}`];
  // Escape and a key that came with it; a terminal sends the same for Alt and that key.
  if (key.meta) return ['escape', ...Array.from(input).slice(0, 1)];
  // What a terminal reports by itself, e.g. that it lost the focus.
  if (/^\[[\d;<?]*[A-Za-z~]$/.test(input)) return [];
  return Array.from(input).flatMap((character) => {
    if (character === '\r' || character === '\n') return ['enter'];
    if (character === '\t') return ['tab'];
    if (character === '\u0003') return ['ctrl-c'];
    if (character === '\u001a') return ['ctrl-z'];
    if (character === '\u007f' || character === '\b') return ['backspace'];
    return /\p{Cc}/u.test(character) ? [] : [character];
  });
}
