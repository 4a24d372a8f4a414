// Takes away of a log what is superseded as soon as its machine allows it, and no more than
// persistence does: the last record of a file stays, and so do the first of an epoch, whatever has
// an idempotency key, and what nothing on every member supersedes yet.

import type { Entry } from '../../../src/core/operation.ts';
import type { VirtualHost } from '../virtual-host.ts';

const keyOf = (entry: Entry): string | null => (entry.op === 'append' ? null : entry.key);

/** As if everything that every member has acknowledged stood in one closed file. */
export function compact({ log, replica }: VirtualHost): void {
  const end = Math.min(replica?.compactTo ?? 0, log.persisted);
  if (end === 0) return;
  const reached = log.entries.filter(({ index }) => index <= end);
  const goes = (entry: Entry, i: number): boolean => {
    const key = keyOf(entry);
    if (key === null) return false;
    const last = entry.index === end || entry.epoch !== reached[i - 1]?.epoch;
    if (last || entry.idempotencyKey !== undefined) return false;
    return reached.slice(i + 1).some((other) => keyOf(other) === key);
  };
  const gone = reached.filter(goes).map(({ index }) => index);
  if (gone.length > 0) log.compact(...gone);
}
