// The phrases of a story that are the same wherever they stand in it.

import type { WriteConcern } from '../../core/effects.ts';

const REFUSALS: Readonly<Record<string, string>> = {
  'out-of-order': 'something before it is missing there, so it was ignored',
  'stale-session': 'a newer session has begun',
  'stale-epoch': 'there is a newer epoch',
  diverged: 'the logs differ before it',
  overloaded: 'too much waits there already',
};

const STRUCK: Readonly<Record<string, (ms: number) => string>> = {
  delay: (ms) => `was delayed by ${duration(ms)}`,
  errorBefore: () => 'was answered with 500 and not handled',
  errorAfter: () => 'was handled, but answered with 500',
  dropRequest: () => 'was swallowed',
  dropReply: () => 'was handled, but its answer was swallowed',
  hold: () => 'was held back until the fault is lifted',
};

const PERSIST_STRUCK: Readonly<Record<string, string>> = {
  fail: 'it failed',
  swallow: 'it was swallowed',
  stuck: 'it is stuck until the fault is lifted',
  delayMs: 'it is answered late',
};

/** Why a copy was refused, by the code of the refusal. */
export function refusal(code: string): string {
  return code in REFUSALS ? `${code}, ${REFUSALS[code]}` : code;
}

/** What became of a copy that a fault struck, as the end of a sentence about it. */
export function struck(fault: string, ms: number): string {
  return STRUCK[fault]?.(ms) ?? `met ${fault}`;
}

/** What became of a request to the disk that a fault struck. */
export function persistStruck(fault: string): string {
  return PERSIST_STRUCK[fault] ?? fault;
}

/** What a client waits for. */
export function wanting(w: WriteConcern): string {
  if (w === 'majority') return 'a majority has it';
  if (w === 'all') return 'all members have it';
  return w === 1 ? 'this node has it' : `${w} nodes have it`;
}

/** The company of one of the entries `from`…`to`; nothing if it is alone. */
export function others(from: number, to: number): string {
  return to > from ? `, with ${to - from} other${to - from === 1 ? '' : 's'}` : '';
}

/** A time, as exactly as a reader wants it. */
export function duration(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  // What would be rounded up to 1000 ms is said in seconds.
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`;
}
