// Whether a master takes writes, and if not, why: for people, and for the event that says so.

import type { Lost } from '../effects.ts';
import type { Ledger } from '../log/ledger.ts';
import type { Outbox } from '../outbox.ts';
import type { Recovery } from '../recovery/recovery.ts';
import type { MasterStatus } from '../status.ts';

export type Mode = Pick<MasterStatus, 'mode' | 'reason'>;

export interface ModeFacts {
  readonly quorum: MasterStatus['quorum'];
  readonly settled: boolean;
  /** Only asked before the epoch is settled: this is looked at with every step. */
  readonly recovery: Pick<Recovery, 'awaited' | 'doubted' | 'missing' | 'absent'>;
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

/** Invariant: each change is told once. */
export class ModeNews {
  private readonly outbox: Outbox;
  private told = '';

  constructor(outbox: Outbox) {
    this.outbox = outbox;
  }

  tell({ mode, reason }: Mode): void {
    const text = `${mode} ${reason ?? ''}`;
    if (text === this.told) return;
    this.told = text;
    this.outbox.note({ event: 'mode', mode, reason });
  }
}

function waitingFor({ ledger: { log }, recovery }: ModeFacts): string {
  const { missing, doubted, awaited } = recovery;
  if (missing !== null) {
    return (
      `damaged: entries ${log.lastIndex + 1} to ${reachOf(missing)} are missing here, and no ` +
      'member that answers has all of them yet (replog repair --help)'
    );
  }
  const [first] = doubted;
  if (first !== undefined) {
    return (
      `recovering: damage took entries up to ${reachOf(first.lost)} from ${first.node}, and not ` +
      'all of them are known to be here: the first write waits for another member to answer, or ' +
      `for ${first.node} to give them up (replog repair --help)`
    );
  }
  if (awaited.length === 0) {
    return `recovering: hearing the members before the first write${whoIsAbsent(recovery.absent)}`;
  }
  return (
    `recovering: the first write waits for ${awaited.join(' or ')}, who may hold what those ` +
    'that have just joined do not'
  );
}

/** Who has not been heard; empty while that is no news. */
function whoIsAbsent({ silent, unmet }: Recovery['absent']): string {
  const reasons = [
    ...(silent.length === 0 ? [] : [`no answer from ${silent.join(' and ')}`]),
    ...(unmet === 0
      ? []
      : [unmet === 1 ? '1 node has not joined' : `${unmet} nodes have not joined`]),
  ];
  return reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
}

const reachOf = ({ open, upTo }: Lost): string => (open ? `${upTo} or beyond` : `${upTo}`);
