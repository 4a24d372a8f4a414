// Options that nothing would heed beside others. Ignored in silence, they would let a command seem
// to do what it does not: it is refused instead, before it does anything.

import { UsageError } from '../exit.ts';

/** Throws UsageError if both are given (`one` and `other`: their values). */
export function refuseBoth(one: unknown, other: unknown, oneName: string, otherName: string): void {
  if (!isGiven(one) || !isGiven(other)) return;
  throw new UsageError(`${oneName} and ${otherName} exclude each other`, 'leave one of them out');
}

/** Throws UsageError if the option is given without the one that it belongs to. */
export function refuseWithout(
  option: unknown,
  needed: unknown,
  optionName: string,
  neededName: string,
): void {
  if (!isGiven(option) || isGiven(needed)) return;
  throw new UsageError(
    `${optionName} says nothing without ${neededName}`,
    `add ${neededName}, or leave out ${optionName}`,
  );
}

/** An empty text is given, too. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== false;
