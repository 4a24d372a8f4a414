// May this write enter the log? Every reason to refuse is looked at before anything changes, so a
// refused write uses up no index and leaves no trace.

import type { Outcome, Write } from '../effects.ts';
import type { NodeId } from '../ids.ts';
import { fingerprint } from '../log/fingerprint.ts';
import type { KnownRequest } from '../log/known-requests.ts';
import type { Ledger } from '../log/ledger.ts';

/** The master's situation, as far as it bears on a write. */
export interface Situation {
  readonly ledger: Ledger;
  /** Configured size of the cluster; null: as many as there are members. */
  readonly configuredSize: number | null;
  readonly quorum: { readonly alive: number; readonly needed: number };
  /** The members that are not heard. */
  readonly missing: () => readonly NodeId[];
  readonly settled: boolean;
  /** No member's log can overrule this one any more. */
  readonly counted: boolean;
  /** Room in the line of those who wait for other nodes, and of all. */
  readonly roomForPatient: boolean;
  readonly roomForAny: boolean;
}

/** What becomes of it. */
export type Verdict =
  | { readonly type: 'admit' }
  | { readonly type: 'repeat'; readonly known: KnownRequest }
  | { readonly type: 'refuse'; readonly outcome: Outcome };

function refuse(outcome: Outcome): Verdict {
  return { type: 'refuse', outcome };
}

/** The fold of its operations that a key stands for. */
function fingerprintOf(write: Write): number {
  let print = 0;
  for (const operation of write.operations) print = fingerprint(operation, write.batch, print);
  return print;
}

/** Decides, without changing anything. */
export function admit(write: Write, situation: Situation): Verdict {
  const { configuredSize, ledger, quorum } = situation;
  if (configuredSize !== null && typeof write.w === 'number' && write.w > configuredSize) {
    return refuse({ type: 'Unsatisfiable', size: configuredSize });
  }
  if (!situation.roomForAny) return refuse({ type: 'Overloaded' });
  const known =
    write.idempotencyKey === undefined
      ? undefined
      : ledger.deduplication.find(write.idempotencyKey);
  if (known !== undefined) {
    // A batch that the log ends in the middle of may still be completed, or dropped; and so may all
    // that a node has which was away while others went on.
    const whole = known.first + known.count - 1 <= ledger.log.lastIndex;
    if (!whole || !situation.counted) return refuse({ type: 'Recovering' });
    const same =
      known.count === write.operations.length && known.fingerprint === fingerprintOf(write);
    return same ? { type: 'repeat', known } : refuse({ type: 'KeyReused' });
  }
  if (quorum.alive < quorum.needed) {
    const { alive, needed } = quorum;
    return refuse({ type: 'NoQuorum', alive, needed, missing: situation.missing() });
  }
  if (!situation.settled) return refuse({ type: 'Recovering' });
  const { trouble } = ledger.persister;
  if (trouble?.full) return refuse({ type: 'StorageUnavailable', reason: trouble.error });
  if (!situation.roomForPatient && write.w !== 1) return refuse({ type: 'Overloaded' });
  return precondition(write, ledger);
}

function precondition(write: Write, ledger: Ledger): Verdict {
  const [operation] = write.operations;
  if (write.ifIndex === undefined || operation === undefined || operation.op === 'append') {
    return { type: 'admit' };
  }
  const index = ledger.store.find(operation.key, ledger.log.lastIndex);
  const holds = write.ifIndex === 'any' ? index !== null : index === write.ifIndex;
  if (holds) return { type: 'admit' };
  return refuse({ type: 'PreconditionFailed', index });
}
