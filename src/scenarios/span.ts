// Times and numbers with a tolerance, as scenario files write them: `500ms`, `1s..1.2s`, `3..`.

import * as z from 'zod';

/** Both ends count. Milliseconds for times. */
export interface Span {
  readonly min: number;
  readonly max: number;
}

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
]);

/** A demo that needs longer than this for one thing shows nothing. */
const DURATION_MAX_MS = 600_000;

const DURATION_HINT = 'a time like 500ms or 2s';

/** `500ms`, `1.5s` as milliseconds. */
export const duration = z
  .string({ error: `expected ${DURATION_HINT}` })
  .transform((text, context): number => {
    const ms = durationOf(text);
    if (ms !== null) return ms;
    context.addIssue({ code: 'custom', message: `expected ${DURATION_HINT}` });
    return z.NEVER;
  });

/** `1s..1.2s`, `1s..`, `..2s`. */
export const timeSpan = z
  .string({ error: 'expected a range of times like 1s..1.2s' })
  .transform((text, context): Span => {
    const span = spanOf(text, durationOf);
    if (span !== null) return span;
    context.addIssue({
      code: 'custom',
      message: 'expected a range of times like 1s..1.2s, 1s.. or ..2s',
    });
    return z.NEVER;
  });

/** `3`, `2..5`, `2..`, `..5`. */
export const countSpan = z
  .union([z.int().min(0), z.string()], { error: 'expected a number, or a range like 2..5' })
  .transform((value, context): Span => {
    if (typeof value === 'number') return { min: value, max: value };
    const span = spanOf(value, countOf);
    if (span !== null) return span;
    context.addIssue({ code: 'custom', message: 'expected a number, or a range like 2..5' });
    return z.NEVER;
  });

/** Whether a value lies within. */
export function within(value: number, { min, max }: Span): boolean {
  return value >= min && value <= max;
}

/** For people: `3`, `at least 2`, `1,000 to 1,200 ms`. */
export function spanText({ min, max }: Span, unit = ''): string {
  const put = (value: number): string => value.toLocaleString('en-US');
  if (min === max) return put(min) + unit;
  if (max === Number.POSITIVE_INFINITY) return `at least ${put(min)}${unit}`;
  return min === 0 ? `at most ${put(max)}${unit}` : `${put(min)} to ${put(max)}${unit}`;
}

function spanOf(text: string, parse: (part: string) => number | null): Span | null {
  const [from, to, ...rest] = text.split('..');
  if (from === undefined || to === undefined || rest.length > 0) return null;
  if (from === '' && to === '') return null;
  const min = from === '' ? 0 : parse(from.trim());
  const max = to === '' ? Number.POSITIVE_INFINITY : parse(to.trim());
  return min === null || max === null || min > max ? null : { min, max };
}

function countOf(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null;
}

function durationOf(text: string): number | null {
  const [, amount, unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(text.trim()) ?? [];
  if (amount === undefined) return null;
  const ms = Number(amount) * UNIT_MS.get(unit)!;
  return ms <= DURATION_MAX_MS ? ms : null;
}
