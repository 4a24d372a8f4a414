// The panel that tells all keys, with the command lines that do the same, and what the marks of the
// log mean. The rule: nothing is cut; what has no room in its column goes on below.

import { spelled } from '../keys/command-line.ts';
import { situationOf } from '../keys/key-entry.ts';
import { KEY_MAP } from '../keys/key-map.ts';
import type { Line, Style } from './cells.ts';
import { padded, span, wrap } from './cells.ts';
import type { Glyphs } from './glyphs.ts';
import { type Drawn, type Kind, type PanelLook, scrolled } from './panel-look.ts';

const KEY_WIDTH = 8;

/** Columns of what a key does, where its command line stands beside it. */
const HELP_WIDTH = 44;

/** Columns of a screen from which on there is room for that. */
const BESIDE_LEAST = 76;

export function help(
  panel: Kind<'help'>,
  { state, screen, glyphs, width, height }: PanelLook,
): Drawn {
  const situation = situationOf(state, screen);
  const isBeside = width >= BESIDE_LEAST;
  const lines = KEY_MAP.filter(({ help: text }) => text !== '').flatMap((entry): Line[] => {
    const refusal = entry.refusal(situation);
    // What cannot be done says why, in the place of what would do it.
    const after = refusal ?? spelled(entry.command(situation) ?? '', screen);
    const style: Style = refusal === null ? 'accent' : 'warn';
    const does = refusal === null ? 'plain' : 'dim';
    const texts = wrap(entry.help, (isBeside ? HELP_WIDTH : width - KEY_WIDTH) - 1);
    const room = isBeside ? width - KEY_WIDTH - HELP_WIDTH - 3 : width - KEY_WIDTH - 3;
    const commands = after === '' ? [] : wrap(after, room);
    const keyAt = (i: number) => span(padded(i === 0 ? ` ${entry.key}` : '', KEY_WIDTH), 'bold');
    if (!isBeside) {
      return [
        ...texts.map((text, i): Line => [keyAt(i), span(text, does)]),
        ...commands.map((text): Line => [keyAt(1), span(`  ${text}`, style)]),
      ];
    }
    return Array.from({ length: Math.max(texts.length, commands.length) }, (_, i): Line => {
      const text = padded(texts[i] ?? '', HELP_WIDTH);
      return [keyAt(i), span(text, does), span(`  ${commands[i] ?? ''}`, style)];
    });
  });
  const all = [...lines, [], ...meaningLines(glyphs, width)];
  return { title: 'help', ...scrolled(all, panel.scroll, height) };
}

function meaningLines({ marks, gap }: Glyphs, width: number): Line[] {
  const meanings: readonly (readonly [string, string])[] = [
    [marks.all, 'acknowledged by all members'],
    [marks.majority, 'acknowledged by a majority'],
    [marks.here, 'acknowledged by this node, by no majority yet'],
    [marks.pending, 'shown by this node, not acknowledged by it yet'],
    [gap.repeat(3), 'missing: others have it, this node does not'],
    [marks.differs, 'another operation than the master has there'],
    [marks.unknown, 'not known'],
  ];
  return meanings.flatMap(([mark, text]) =>
    wrap(text, width - KEY_WIDTH - 1).map(
      (part, i): Line => [span(padded(i === 0 ? ` ${mark}` : '', KEY_WIDTH)), span(part, 'dim')],
    ),
  );
}
