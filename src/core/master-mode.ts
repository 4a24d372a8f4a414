// Whether a master takes writes, and if not, why: for people, and for the event that says so.

import type { Ledger } from './ledger.ts';
import type { Recovery } from './recovery.ts';
import type { MasterStatus } from './status.ts';

export type Mode = Pick<MasterStatus, 'mode' | 'reason'>;

export interface ModeFacts {
  readonly quorum: MasterStatus['quorum'];
  readonly settled: boolean;
  /** Only asked before the epoch is settled: this is looked at with every step. */
  readonly recovery: Pick<Recovery, 'awaited' | 'missing'>;
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

function waitingFor({ ledger: { log }, recovery }: ModeFacts): string {
  const { missing } = recovery;
  if (missing === null) {
    const { awaited } = recovery;
    if (awaited.length === 0) return 'recovering: hearing the members before the first write';
    return (
      `recovering: the first write waits for ${awaited.join(' or ')}, who may hold what those ` +
      'that have just joined do not'
    );
  }
  const upTo = missing.open ? `${missing.upTo} or beyond` : `${missing.upTo}`;
  return (
    `damaged: entries ${log.lastIndex + 1} to ${upTo} are missing here, and no member that ` +
    'answers has all of them yet (replog repair --help)'
  );
}
