// What clients ask for in a run that is explored: a little of everything, close together, so that
// writes, their copies and their answers are under way at the same time.

import type { WriteConcern } from '../../../src/core/effects.ts';
import type { Operation } from '../../../src/core/operation.ts';

export interface Ask {
  readonly client: string;
  /** When it is asked for, in milliseconds after the nodes have started. */
  readonly after: number;
  readonly operations: readonly Operation[];
  readonly w: WriteConcern;
  /** null: it cannot be repeated. */
  readonly key: string | null;
  /** Only if the key's latest operation stands there; null: if it has none. */
  readonly ifIndex?: number | null;
}

const append = (...messages: string[]): Operation[] =>
  messages.map((message) => ({ op: 'append', message }));

/** Four appends (one of them a batch), an insert, a removal, and one request that comes twice. */
export const SCRIPT: readonly Ask[] = [
  { client: 'c1', after: 0, operations: append('a'), w: 1, key: 'ka' },
  { client: 'c2', after: 0, operations: [put('x', '1')], w: 'all', key: 'kx' },
  { client: 'c3', after: 3, operations: append('b1', 'b2'), w: 'majority', key: 'kb' },
  { client: 'c4', after: 6, operations: append('c'), w: 3, key: 'kc' },
  { client: 'c5', after: 7, operations: [{ op: 'remove', key: 'x' }], w: 'majority', key: null },
  { client: 'c6', after: 8, operations: append('c'), w: 2, key: 'kc' },
  { client: 'c7', after: 30, operations: append('d'), w: 2, key: null },
];

/** The same in less than half: for what is done thousands of times. */
export const SHORT_SCRIPT: readonly Ask[] = [
  { client: 'c1', after: 0, operations: append('a'), w: 'majority', key: 'ka' },
  { client: 'c2', after: 2, operations: [put('x', '1')], w: 1, key: 'kx' },
  { client: 'c3', after: 4, operations: append('a'), w: 'majority', key: 'ka' },
  { client: 'c4', after: 6, operations: [{ op: 'remove', key: 'x' }], w: 'all', key: null },
];

/** What can be compacted away while some of it is under way. */
export const SUPERSEDED_SCRIPT: readonly Ask[] = [
  { client: 'c1', after: 0, operations: append('a'), w: 'majority', key: 'ka' },
  { client: 'c2', after: 2, operations: [put('x', '1')], w: 1, key: null },
  { client: 'c3', after: 4, operations: [put('x', '2')], w: 'majority', key: null },
  { client: 'c4', after: 6, operations: [{ op: 'remove', key: 'x' }], w: 'all', key: null },
  { client: 'c5', after: 8, operations: [put('y', '3')], w: 'majority', key: null },
  { client: 'c6', after: 60, operations: [put('y', '4')], w: 1, key: null },
];

/** Who may write depends on what others have written: two want to be the first, two the next. */
export const CONDITIONAL_SCRIPT: readonly Ask[] = [
  { client: 'c1', after: 0, operations: [put('x', '1')], w: 'majority', key: 'k1', ifIndex: null },
  { client: 'c2', after: 0, operations: [put('x', '2')], w: 1, key: 'k2', ifIndex: null },
  { client: 'c3', after: 4, operations: [put('x', '3')], w: 'majority', key: 'k3', ifIndex: 1 },
  { client: 'c4', after: 5, operations: [put('x', '4')], w: 'all', key: null, ifIndex: 1 },
  { client: 'c5', after: 6, operations: append('e1', 'e2', 'e3'), w: 'all', key: 'ke' },
  { client: 'c6', after: 9, operations: [{ op: 'remove', key: 'x' }], w: 2, key: 'kr', ifIndex: 2 },
  { client: 'c7', after: 60, operations: [put('x', '5')], w: 'majority', key: 'k5', ifIndex: null },
];

function put(key: string, value: string): Operation {
  return { op: 'put', key, value };
}
