// Faults in the words of `replog fault`: whoever reads what is set can type it.

import type { Faults } from './answers.ts';

type Delay = NonNullable<Faults['delayMs']>;

/** What is set, then which requests it strikes, and how: `delay=500ms hold times=3`. Empty: no
 * faults. */
export function faultWords(faults: Faults): string {
  const { persist = {} } = faults;
  return [
    ...delayed('delay', faults.delayMs),
    ...chance('error-before', faults.errorBefore),
    ...chance('error-after', faults.errorAfter),
    ...chance('drop-request', faults.dropRequest),
    ...chance('drop-reply', faults.dropReply),
    ...flag('hold', faults.hold),
    ...chance('persist-fail', persist.fail),
    ...chance('persist-swallow', persist.swallow),
    ...flag('persist-stuck', persist.stuck),
    ...delayed('persist-delay', persist.delayMs),
    ...flag('heartbeat', faults.heartbeat),
    // Of no request at all is not nothing, and 0 is a seed like any other.
    ...(faults.times === undefined ? [] : [`times=${faults.times}`]),
    ...(faults.seed === undefined ? [] : [`seed=${faults.seed}`]),
  ].join(' ');
}

/** A counter of `GET /faults` in these words: `error-after` for `errorAfter`. */
export function faultWord(counter: string): string {
  return counter.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

const flag = (name: string, value: boolean | undefined): string[] => (value ? [name] : []);

const chance = (name: string, value: number | undefined): string[] =>
  value ? [`${name}=${value}`] : [];

function delayed(name: string, delay: Delay | undefined): string[] {
  if (delay === undefined || delay === 0) return [];
  const span = typeof delay === 'number' ? `${delay}ms` : `${delay.min}ms..${delay.max}ms`;
  return [`${name}=${span}`];
}
