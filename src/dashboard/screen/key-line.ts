// The keys in the foot: those that are valid now, all of them, with as many words as there is room
// for.

import { type KeyEntry, labelOf, type Situation } from '../keys/key-entry.ts';
import { KEY_MAP } from '../keys/key-map.ts';
import type { Panel } from '../keys/screen-state.ts';
import type { Line, Span } from './cells.ts';
import { span, widthOf } from './cells.ts';

interface Key {
  readonly key: string;
  readonly label: string;
}

/** These keep their words and their place: whoever is lost looks for them. */
const LAST: ReadonlySet<string> = new Set(['?', 'q']);

/** Given up first where not even the keys alone have room: they only show something, and `?`
 * names them. */
const SPARE: readonly string[] = ['y', 's', 'p', 'k', 'a', 'l'];

/** The valid keys in so many lines: all with words, or only the first of them, or without the spare
 * ones, as there is room. */
export function mainKeys(situation: Situation, width: number, count: number): Line[] {
  const shown = (entry: KeyEntry): Key => ({ key: entry.key, label: labelOf(entry, situation) });
  const valid = KEY_MAP.filter((entry) => entry.refusal(situation) === null)
    .map(shown)
    .filter(({ label }) => label !== '');
  const last = withoutLastBlank(keysOf(valid.filter(({ key }) => LAST.has(key))));
  // And the blank before them.
  const room = Array.from({ length: count }, (_, i) =>
    i === count - 1 ? width - widthOf(last) - 1 : width,
  );
  const rest = valid.filter(({ key }) => !LAST.has(key));
  const lines = fitted(rest, room);
  return [...lines.slice(0, -1), joined(lines.at(-1) ?? [], last)];
}

/** With one blank more, where a key without its word is followed by one with. */
function joined(line: Line, last: Line): Line {
  const isBare = line.at(-1)?.text.endsWith(' ') === false;
  return [...line, ...(isBare ? [span(' ')] : []), ...last];
}

function withoutLastBlank(line: readonly Span[]): Line {
  return line.map((one, i) => (i < line.length - 1 ? one : span(one.text.trimEnd(), one.style)));
}

/** A key in one of two shapes, and how wide that is. Each frame looks at many ways to lay them
 * out. */
interface Shape {
  readonly spans: Line;
  readonly width: number;
}

interface Shaped {
  readonly key: string;
  readonly worded: Shape;
  readonly bare: Shape;
}

function shaped(entry: Key): Shaped {
  const worded = keysOf([entry]);
  const bare = [span(` ${entry.key}`, 'bold')];
  return {
    key: entry.key,
    worded: { spans: worded, width: widthOf(worded) },
    bare: { spans: bare, width: widthOf(bare) },
  };
}

function fitted(keys: readonly Key[], room: readonly number[]): Line[] {
  let kept: readonly Shaped[] = keys.map(shaped);
  for (const spare of [null, ...SPARE]) {
    kept = kept.filter(({ key }) => key !== spare);
    for (let worded = kept.length; worded >= 0; worded -= 1) {
      const lines = laidOut(kept, worded, room);
      if (lines !== null) return lines;
    }
  }
  return room.map(() => []);
}

/** The first keys with their words, the others without; null: they have no room. */
function laidOut(keys: readonly Shaped[], worded: number, room: readonly number[]): Line[] | null {
  const lines: Span[][] = room.map(() => []);
  let at = 0;
  let taken = 0;
  for (const [place, { worded: long, bare }] of keys.entries()) {
    const { spans, width } = place < worded ? long : bare;
    while (taken + width > room[at]!) {
      at += 1;
      taken = 0;
      if (at === room.length) return null;
    }
    taken += width;
    lines[at]!.push(...spans);
  }
  return lines;
}

function keysOf(keys: readonly Key[]): Span[] {
  return keys.flatMap(({ key, label }) => [span(` ${key}`, 'bold'), span(` ${label} `, 'dim')]);
}

/** The keys of an open panel: the last one leads out of it and keeps its word. */
export function panelKeys(panel: Panel, width: number): Line {
  const keys = PANEL_KEYS[panel.kind].map(([key, label]) => ({ key, label }));
  const last = withoutLastBlank(keysOf(keys.slice(-1)));
  const [line] = fitted(keys.slice(0, -1), [width - widthOf(last) - 1]);
  return joined(line ?? [], last);
}

type KeyNames = readonly (readonly [key: string, label: string])[];

const READING: KeyNames = [
  ['↑↓ PgUp PgDn', 'scroll'],
  ['Esc', 'close'],
];

const PANEL_KEYS: Readonly<Record<Panel['kind'], KeyNames>> = {
  help: READING,
  copy: READING,
  story: [['←→', 'operation'], ...READING],
  keys: [['←→', 'node'], ...READING],
  output: [
    ['/', 'search'],
    ['n', 'older match'],
    ['End', 'follow'],
    ['↑↓', 'scroll'],
    ['←→', 'node'],
    ['Esc', 'close'],
  ],
  faults: [
    ['↑↓', 'choose'],
    ['←→ Enter', 'change'],
    ['c', 'clear'],
    ['Esc', 'close'],
  ],
  append: [
    ['Tab', 'write concern'],
    ['Enter', 'send'],
    ['Esc', 'cancel'],
  ],
  confirm: [
    ['y', 'do it'],
    ['n Esc', 'leave it'],
  ],
};
