// What upkeep asks about the state that the log comes to, and where the answers are from.

import type { Folds } from '../../core/log/ledger.ts';
import type { RequestsOf } from './closed-segments.ts';
import type { Superseding } from './compactor.ts';

/** What upkeep asks of whoever folds the log. */
export interface Folded extends Omit<Superseding, 'compactTo'> {
  readonly requestsOf: RequestsOf;
}

/** Upkeep's questions, answered by the folds. */
export function foldedBy({ store, deduplication }: Folds): Folded {
  return {
    newest: (key) => store.newest(key),
    settledTo: () => store.settledTo,
    requestAt: (key) => deduplication.find(key)?.first ?? null,
    requestsIn: (from, to) => deduplication.knownIn(from, to),
    requestsOf: (from, to) => deduplication.beginningIn(from, to),
  };
}
