// Takes away of a log what is superseded as soon as its machine allows it, and no more than
// persistence does: the last record of a file stays, and so do the first of an epoch, whatever has
// an idempotency key, what nothing on every member supersedes yet, and the removal of what stays.

import type { Entry } from '../../../src/core/operation.ts';
import type { VirtualHost } from '../virtual-host.ts';

const keyOf = (entry: Entry): string | null => (entry.op === 'append' ? null : entry.key);

/** As if everything that every member has acknowledged stood in one closed file. */
export function compact({ folds, log, replica }: VirtualHost): void {
  const end = Math.min(replica?.compactTo ?? 0, log.persisted);
  if (end === 0) return;
  const reached = log.entries.filter(({ index }) => index <= end);
  const haunted = new Set<string>();
  const goes = (entry: Entry, i: number): boolean => {
    const key = keyOf(entry);
    if (key === null) return false;
    const last = entry.index === end || entry.epoch !== reached[i - 1]?.epoch;
    if (last || entry.idempotencyKey !== undefined) return false;
    const later = reached.slice(i + 1).some((other) => keyOf(other) === key);
    const gone = entry.op === 'remove' && folds.store.newest(key) === null && !haunted.has(key);
    return later || gone;
  };
  const gone: number[] = [];
  for (const [i, entry] of reached.entries()) {
    if (goes(entry, i)) gone.push(entry.index);
    else if (entry.op === 'put') haunted.add(entry.key);
  }
  if (gone.length > 0) log.compact(...gone);
}
