// What a panel is drawn with.

import type { ClusterState } from '../cluster/cluster-state.ts';
import type { Panel, ScreenState } from '../keys/screen-state.ts';
import { columnsOf, type Line, type Span, widthOf } from './cells.ts';
import type { Glyphs } from './glyphs.ts';

export interface PanelLook {
  readonly state: ClusterState;
  readonly screen: ScreenState;
  readonly glyphs: Glyphs;
  readonly width: number;
  /** Lines that are there to be filled, without the title. */
  readonly height: number;
}

/** A panel: its title, and at most as many lines as there are to be filled. */
export interface Drawn {
  readonly title: string;
  readonly lines: readonly Line[];
  /** How far it is scrolled: not beyond its end; absent: it does not scroll. */
  readonly scroll?: number;
}

export type Kind<K extends Panel['kind']> = Extract<Panel, { kind: K }>;

/** The lines from the scrolled-to one on; never beyond the last. */
export function scrolled(
  lines: readonly Line[],
  scroll: number,
  height: number,
): { readonly lines: Line[]; readonly scroll: number } {
  const from = Math.min(scroll, Math.max(0, lines.length - height));
  return { lines: lines.slice(from, from + height), scroll: from };
}

/** So many to a line as have room. */
export function inLines(spans: readonly Span[], width: number): Line[] {
  const lines: Span[][] = [[]];
  for (const one of spans) {
    const last = lines.at(-1)!;
    if (last.length > 0 && widthOf(last) + columnsOf(one.text) > width) lines.push([one]);
    else last.push(one);
  }
  return lines;
}
