// How many minutes something is to run.

import { UsageError } from '../exit.ts';

/** A parser for minutes above 0 up to `max`, at most 99,999, with three places behind the point at
 * most. It throws UsageError. */
export function minutesUpTo(max: number) {
  return (text: string): number => {
    const minutes = /^\d{1,5}(?:\.\d{1,3})?$/.test(text) ? Number(text) : Number.NaN;
    if (minutes > 0 && minutes <= max) return minutes;
    throw new UsageError(`"${text}" is not a number of minutes up to ${max}`, 'write 5, or 0.5');
  };
}
