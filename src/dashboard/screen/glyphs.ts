// The shapes that the dashboard draws with. Each meaning has a shape of its own in both sets, so
// that none depends on colour.

import type { MemberStatus } from '../../client/answers.ts';

/** How an operation stands on one node. */
export type Mark = 'all' | 'majority' | 'here' | 'pending' | 'missing' | 'differs' | 'unknown';

export interface Glyphs {
  readonly marks: Readonly<Record<Mark, string>>;
  readonly roles: Readonly<Record<'master' | 'secondary' | 'removed' | 'none', string>>;
  readonly statuses: Readonly<Record<MemberStatus | 'down' | 'paused' | 'unknown', string>>;
  readonly chosen: string;
  readonly bar: string;
  /** Beside the chosen node. */
  readonly chosenBar: string;
  readonly rule: string;
  readonly gap: string;
  /** From low to high. */
  readonly levels: readonly string[];
  /** Of a curve that goes higher than is known. */
  readonly beyond: string;
}

const UNICODE: Glyphs = {
  marks: {
    all: '●',
    majority: '◐',
    here: '○',
    pending: '◌',
    missing: '·',
    differs: '≠',
    unknown: '?',
  },
  roles: { master: '★', secondary: '◇', removed: '×', none: '-' },
  statuses: {
    Healthy: '●',
    Suspected: '▲',
    Unhealthy: '■',
    down: '□',
    paused: '‖',
    unknown: '?',
  },
  chosen: '▶',
  bar: '│',
  chosenBar: '┃',
  rule: '─',
  gap: '·',
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  beyond: '↑',
};

const ASCII: Glyphs = {
  marks: {
    all: '*',
    majority: '+',
    here: 'o',
    pending: '~',
    missing: '.',
    differs: '#',
    unknown: '?',
  },
  roles: { master: 'M', secondary: 'S', removed: 'x', none: '-' },
  statuses: { Healthy: '*', Suspected: '!', Unhealthy: 'X', down: '_', paused: '=', unknown: '?' },
  chosen: '>',
  bar: '|',
  chosenBar: '|',
  rule: '-',
  gap: '.',
  levels: ['_', '.', '-', '=', '+', '*', '%', '#'],
  beyond: '^',
};

/** What the marks mean, in the order of the legend. */
export const MARK_NAMES: readonly (readonly [Mark, string])[] = [
  ['all', 'all'],
  ['majority', 'majority'],
  ['here', 'here only'],
  ['pending', 'pending'],
  ['missing', 'missing'],
];

/** `unicode`: whether the terminal's locale can show more than ASCII. */
export function glyphsFor(unicode: boolean): Glyphs {
  return unicode ? UNICODE : ASCII;
}

/** The last values as a line of bars; the highest is full, an infinite one beyond that, `null` a
 * gap. */
export function sparkline(
  values: readonly (number | null)[],
  width: number,
  glyphs: Glyphs,
): string {
  const shown = values.slice(-width);
  const highest = shown.reduce<number>((most, value) => {
    return value !== null && Number.isFinite(value) ? Math.max(most, value) : most;
  }, 0);
  const levels = glyphs.levels;
  return shown
    .map((value) => {
      if (value === null) return ' ';
      if (!Number.isFinite(value)) return glyphs.beyond;
      const level = highest === 0 ? 0 : Math.round((value / highest) * (levels.length - 1));
      return levels[level];
    })
    .join('')
    .padStart(width);
}
