// Whole numbers given as options.

import { UsageError } from '../exit.ts';

/** A parser for integers from `min` up to `max`, in plain decimal digits: none too
 * many, as in the queries and paths of a node. It throws UsageError. */
export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^(?:0|[1-9]\d{0,15})$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
    throw new UsageError(`"${text}" is not a whole number ${range}`);
  };
}
