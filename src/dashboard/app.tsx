// The Ink part: lines to the screen, keys to the store. Everything that can be wrong is elsewhere.

import { Box, type Key, Text, useInput } from 'ink';
import { memo, type ReactElement, useSyncExternalStore } from 'react';
import type { Size } from './frame.ts';
import { frameOf } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import { paint } from './paint.ts';
import type { Store } from './store.ts';

export interface DashboardProps {
  readonly store: Store;
  /** Asked for each picture: the terminal can change its size. */
  readonly size: () => Size;
  readonly glyphs: Glyphs;
  readonly colour: boolean;
  readonly onKey: (key: string) => void;
}

export function Dashboard({ store, size, glyphs, colour, onKey }: DashboardProps): ReactElement {
  const { state, screen } = useSyncExternalStore(store.subscribe, store.picture);
  useInput((input, key) => {
    for (const name of keysIn(input, key)) onKey(name);
  });
  const lines = frameOf(state, screen, size(), glyphs);
  return (
    <Box flexDirection="column">
      {lines.map((line, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its number.
        <Row key={row} text={paint(line, colour)} />
      ))}
    </Box>
  );
}

/** One row; drawn anew only when its text is another one. */
const Row = memo(function Row({ text }: { readonly text: string }): ReactElement {
  // Ink takes no room for an empty text.
  return <Text wrap="truncate">{text === '' ? ' ' : text}</Text>;
});

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
export function keysIn(input: string, key: Key): string[] {
  const named = NAMED.find(([name]) => key[name] === true);
  if (named !== undefined) return [named[1]];
  if (key.ctrl) return [`ctrl-${input}`];
  if (key.meta) return [];
  return Array.from(input).flatMap((character) => {
    if (character === '\r' || character === '\n') return ['enter'];
    if (character === '\t') return ['tab'];
    if (character === '\u0003') return ['ctrl-c'];
    if (character === '\u007f' || character === '\b') return ['backspace'];
    return /\p{Cc}/u.test(character) ? [] : [character];
  });
}
