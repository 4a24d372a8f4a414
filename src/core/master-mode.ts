// Whether a master takes writes, and if not, why: for people, and for the event that says so.

import type { Lost } from './effects.ts';
import type { NodeId } from './ids.ts';
import type { Ledger } from './ledger.ts';
import type { MasterStatus } from './status.ts';

export type Mode = Pick<MasterStatus, 'mode' | 'reason'>;

export interface ModeFacts {
  readonly quorum: MasterStatus['quorum'];
  readonly settled: boolean;
  /** What damage took from this node; null: nothing. */
  readonly missing: Lost | null;
  /** Members that must be heard, although a majority was. */
  readonly awaited: readonly NodeId[];
  readonly ledger: Ledger;
}

export function modeOf(facts: ModeFacts): Mode {
  const { ledger, quorum, settled } = facts;
  const { alive, needed, size } = quorum;
  const { trouble } = ledger.persister;
  let reason: string | null = null;
  if (alive < needed) {
    reason = `no quorum: ${alive} of ${size} nodes alive, ${needed} needed`;
  } else if (!settled) {
    reason = waitingFor(facts);
  } else if (trouble?.full) {
    reason = `no room on disk: ${trouble.error}`;
  }
  return { mode: reason === null ? 'read-write' : 'read-only', reason };
}

function waitingFor({ awaited, ledger: { log }, missing }: ModeFacts): string {
  if (missing === null && awaited.length > 0) {
    return (
      `recovering: the first write waits for ${awaited.join(' or ')}, who may hold what those ` +
      'that have just joined do not'
    );
  }
  if (missing === null) return 'recovering: hearing the members before the first write';
  const upTo = missing.open ? `${missing.upTo} or beyond` : `${missing.upTo}`;
  return (
    `damaged: entries ${log.lastIndex + 1} to ${upTo} are missing here, and no member that ` +
    'answers has all of them yet (replog repair --help)'
  );
}
