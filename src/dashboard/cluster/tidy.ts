// Makes answers fit to be kept and shown: every text in them is shortened and cleaned.

import type { LogEntry } from '../../client/answers.ts';

/** The same value with every text in it made harmless. */
export type Tidy = <Value>(value: Value) => Value;

/** A line of output, an error, a value: more than any terminal shows of it. */
const TEXT_MAX = 2_000;

/** Of each message in a log, of which there are hundreds on the screen. */
const MESSAGE_MAX = 400;

export function tidied(clean: (text: string) => string): Tidy {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return short(value, TEXT_MAX, clean);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, walk(member)]));
  };
  return <Value>(value: Value): Value => walk(value) as Value;
}

/** An entry of the log with its texts made harmless and short. */
export function readTidily(entry: LogEntry, clean: (text: string) => string): LogEntry {
  const tidy = (text: string): string => short(text, MESSAGE_MAX, clean);
  const { index, epoch } = entry;
  const place = { index, epoch, at: tidy(String(entry.at)) };
  switch (entry.op) {
    case 'append':
      return { ...place, op: 'append', message: tidy(entry.message) };
    case 'put':
      return { ...place, op: 'put', key: tidy(entry.key), value: tidy(entry.value) };
    default:
      return { ...place, op: 'remove', key: tidy(entry.key) };
  }
}

function short(text: string, max: number, clean: (text: string) => string): string {
  if (text.length <= max) return clean(text);
  // Half a character at the end would be shown as a mark.
  return `${clean(text.slice(0, max).replace(/[\ud800-\udbff]$/, ''))}…`;
}
