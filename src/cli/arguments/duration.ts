// Spans of time as people write them: 500ms, 5s, 2m, 1h.

import { UsageError } from '../exit.ts';

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** The longest time limit of a write: a day (contract, section 3). */
const DURATION_MAX_MS = 86_400_000;

/** Milliseconds, rounded; 0 up to a day. Throws UsageError. */
export function parseDuration(text: string): number {
  const [, amount, unit = ''] = /^(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Math.round(Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN));
  if (amount === undefined || ms > DURATION_MAX_MS) {
    throw new UsageError(
      `"${text}" is not a duration`,
      'write a number with its unit, up to a day: 500ms, 5s, 2m, 1h',
    );
  }
  return ms;
}

/** As parseDuration, but at least a millisecond. */
export function parseTimeout(text: string): number {
  const ms = parseDuration(text);
  if (ms < 1) throw new UsageError(`"${text}" is no time at all`, 'a time limit is at least 1ms');
  return ms;
}

/** For people: `0.42 ms`, `12 ms`, `3.4 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  // What would be rounded up to the next unit is said in that unit.
  if (ms < 9.995 && !Number.isInteger(ms)) return `${ms.toFixed(2)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`;
}
