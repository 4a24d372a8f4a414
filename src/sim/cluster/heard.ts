// What the outcome of a write is to the client that hears it.

import type { WriteRecord } from '../../check/history/history.ts';
import type { Outcome } from '../../core/effects.ts';

/** What a request came to, as the client sees it. */
export type Heard = Pick<WriteRecord, 'outcome'> &
  Partial<Pick<WriteRecord, 'first' | 'last' | 'acks' | 'duplicate' | 'durable' | 'code'>>;

/** The problem's code of each refusal, as src/node/http/problems.ts has them. */
const CODES: Readonly<Record<Exclude<Outcome['type'], 'Stored' | 'TimedOut'>, string>> = {
  Confirmed: 'internal-error',
  KeyReused: 'idempotency-key-reused',
  NoMaster: 'no-master',
  NoQuorum: 'no-quorum',
  NotLinearizable: 'not-linearizable',
  NotMaster: 'not-master',
  Overloaded: 'overloaded',
  PreconditionFailed: 'precondition-failed',
  Recovering: 'recovering',
  ShuttingDown: 'shutting-down',
  StorageUnavailable: 'storage-unavailable',
  Unsatisfiable: 'write-concern-unsatisfiable',
};

/** `durable`: the node that answers keeps its log on disk. */
export function heardOf(outcome: Outcome, durable: boolean): Heard {
  switch (outcome.type) {
    case 'Stored': {
      const { first, last, acks, duplicate } = outcome;
      return { outcome: 'ok', first, last, acks, durable, ...(duplicate ? { duplicate } : {}) };
    }
    case 'TimedOut': {
      const { first, last, acks } = outcome;
      return { outcome: 'unknown', code: 'write-concern-timeout', first, last, acks };
    }
    case 'NoMaster':
    case 'ShuttingDown': {
      const { first, last = first } = outcome;
      const code = CODES[outcome.type];
      if (first === undefined || last === undefined) return { outcome: 'refused', code };
      return { outcome: 'unknown', code, first, last };
    }
    default:
      return { outcome: 'refused', code: CODES[outcome.type] };
  }
}
