// The panel of faults: a line per fault with its strengths, and what it does. The rule: nothing is
// cut; what has no room beside goes below.

import { FAULT_CHOICES, type FaultChoice } from '../keys/fault-menu.ts';
import type { Line, Span } from './cells.ts';
import { padded, span, widthOf, wrap } from './cells.ts';
import { type Drawn, inLines, type Kind, type PanelLook } from './panel-look.ts';

/** Columns of the mark and the name. */
const MARK_WIDTH = 3;
const NAME_WIDTH = 16;
const BEFORE = MARK_WIDTH + NAME_WIDTH;

/** Columns from which on what a fault does has room beside its strengths. */
const EFFECT_LEAST = 24;

export function faults(panel: Kind<'faults'>, { state, glyphs, width, height }: PanelLook): Drawn {
  const set = state.nodes.find(({ node }) => node === panel.node)?.faults ?? {};
  const all = FAULT_CHOICES.map((choice) => strengthsOf(choice, choice.current(set)));
  const most = Math.max(...all.map(widthOf));
  const isBeside = width - BEFORE - most - 2 >= EFFECT_LEAST;
  const blocks = FAULT_CHOICES.map(({ name, effect }, place): Line[] => {
    const isHere = place === panel.place;
    const start: Line = [
      span(isHere ? ` ${glyphs.chosen} ` : ' '.repeat(MARK_WIDTH), 'accent'),
      span(padded(name, NAME_WIDTH), isHere ? 'bold' : 'plain'),
    ];
    const strengths = inLines(all[place] ?? [], isBeside ? most : width - BEFORE);
    const effects = wrap(effect, isBeside ? width - BEFORE - most - 2 : width - MARK_WIDTH - 3);
    const rows = isBeside ? Math.max(strengths.length, effects.length) : strengths.length;
    const lines = Array.from({ length: rows }, (_, i): Line => {
      const shown = strengths[i] ?? [];
      const text = isBeside ? (effects[i] ?? '') : '';
      const blanks = ' '.repeat(text === '' ? 0 : most - widthOf(shown) + 2);
      return [
        ...(i === 0 ? start : [span(' '.repeat(BEFORE))]),
        ...shown,
        span(`${blanks}${text}`, 'dim'),
      ];
    });
    // Of the others it is said when they are gone through.
    if (isBeside || !isHere) return lines;
    const indent = ' '.repeat(MARK_WIDTH + 2);
    return [...lines, ...effects.map((text): Line => [span(`${indent}${text}`, 'dim')])];
  });
  return { title: `faults of ${panel.node}`, lines: around(blocks, panel.place, height) };
}

/** What is set stands in brackets: in a capture without colours one sees it too. */
function strengthsOf({ strengths }: FaultChoice, current: number): Span[] {
  return strengths.map((name, i) => {
    if (i !== current) return span(` ${name} `, 'dim');
    return span(`[${name}]`, i === 0 ? 'plain' : 'alarm');
  });
}

/** As many lines as there is room for: those of the chosen one, and a little of what is before. */
function around(blocks: readonly (readonly Line[])[], place: number, height: number): Line[] {
  const lines = blocks.flat();
  const first = blocks.slice(0, place).flat().length;
  const end = first + (blocks[place]?.length ?? 0);
  const wanted = Math.max(first - 2, end - height, 0);
  const from = Math.min(wanted, Math.max(0, lines.length - height));
  return lines.slice(from, from + height);
}
