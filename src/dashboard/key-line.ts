// The keys in the foot: those that are valid now, all of them, with as many words as there is room
// for.

import type { Line, Span } from './cells.ts';
import { columnsOf, span, widthOf } from './cells.ts';
import { type KeyEntry, labelOf, type Situation } from './key-entry.ts';
import { KEY_MAP } from './key-map.ts';
import type { Panel } from './screen-state.ts';

interface Key {
  readonly key: string;
  readonly label: string;
}

/** These keep their words and their place: whoever is lost looks for them. */
const LAST: ReadonlySet<string> = new Set(['?', 'q']);

/** The valid keys in so many lines; those for which no word has room stand there without. */
export function mainKeys(situation: Situation, width: number, count: number): Line[] {
  const shown = (entry: KeyEntry): Key => ({ key: entry.key, label: labelOf(entry, situation) });
  const valid = KEY_MAP.filter((entry) => entry.refusal(situation) === null)
    .map(shown)
    .filter(({ label }) => label !== '');
  const last = keysOf(valid.filter(({ key }) => LAST.has(key)));
  const lines: Span[][] = Array.from({ length: count }, () => []);
  // And the blank before them.
  const room = lines.map((_, i) => width - (i === count - 1 ? widthOf(last) + 1 : 0));
  const rest = valid.filter(({ key }) => !LAST.has(key));
  let at = 0;
  let isBare = false;
  for (const [place, entry] of rest.entries()) {
    const worded = keysOf([entry]);
    while (at < count - 1 && widthOf(worded) > (room[at] ?? 0)) at += 1;
    // On the last line a word must leave room for all keys that come.
    const kept = at === count - 1 ? bareWidth(rest.slice(place + 1)) : 0;
    isBare ||= widthOf(worded) + kept > (room[at] ?? 0);
    const spans = isBare ? [span(` ${entry.key}`, 'bold')] : worded;
    room[at] = (room[at] ?? 0) - widthOf(spans);
    if ((room[at] ?? 0) < 0) break;
    lines[at]?.push(...spans);
  }
  lines.at(-1)?.push(...(rest.length > 0 && !endsBlank(lines.at(-1)) ? [span(' ')] : []), ...last);
  return lines;
}

/** One blank more, where a key without its word is followed by one with. */
function endsBlank(line: readonly Span[] | undefined): boolean {
  return line?.at(-1)?.text.endsWith(' ') ?? true;
}

const bareWidth = (keys: readonly Key[]): number =>
  keys.reduce((sum, { key }) => sum + 1 + columnsOf(key), 1);

function keysOf(keys: readonly Key[]): Span[] {
  return keys.flatMap(({ key, label }) => [span(` ${key}`, 'bold'), span(` ${label} `, 'dim')]);
}

/** The keys of an open panel. */
export function panelKeys(panel: Panel): Line {
  return keysOf(PANEL_KEYS[panel.kind].map(([key, label]) => ({ key, label })));
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
