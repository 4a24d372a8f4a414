// What a client said of a write, held against what is stored.

import {
  OperationFailed,
  OutcomeUnknown,
  ProblemError,
  UnexpectedAnswer,
  Unreachable,
  WriteConcernTimeout,
} from '../../../src/client/client.ts';
import type { Operation, TrueLog } from './true-log.ts';

export type Outcome =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: unknown };

export interface Written {
  readonly idempotencyKey: string;
  readonly operations: readonly Operation[];
  readonly signal: AbortSignal;
  readonly outcome: Outcome;
  readonly settledAt: number;
}

/** What is wrong with the outcome; null if nothing is. */
export function wrongWith(written: Written, log: TrueLog): string | null {
  const { outcome, operations, idempotencyKey } = written;
  const place = log.placeOf(idempotencyKey);
  const at = (index: unknown): string | null =>
    place?.first === index ? null : `stands at ${place?.first}, not at ${index}`;
  const copies = copiesOf(operations[0]!, log);
  if (copies > 1) return `is there ${copies} times`;
  if (outcome.kind === 'answer') {
    const { index, first, last } = outcome.value as Record<string, unknown>;
    if (operations.length === 1) return at(index ?? first);
    return at(first) ?? (last === place?.last ? null : `ends at ${place?.last}, not at ${last}`);
  }
  const { error } = outcome;
  if (error instanceof OutcomeUnknown) {
    if (error.idempotencyKey !== idempotencyKey) return 'names another key';
    return error.index === null ? null : at(error.index);
  }
  if (error instanceof WriteConcernTimeout || error instanceof OperationFailed) {
    if (error.acks.length === 0) return 'names nobody who has it';
    return at(error.index);
  }
  const foreign = error instanceof UnexpectedAnswer;
  // Such an answer says nothing of the write.
  if (foreign) return Number.isInteger(error.status) ? null : 'has no status';
  const refused = error instanceof ProblemError || error instanceof Unreachable;
  if (!refused && error !== written.signal.reason) return 'ends with an error that nobody knows of';
  return place === null ? null : `is refused, and stands at ${place.first}`;
}

/** Every message and value is its own; removals are told apart by their key alone. */
function copiesOf(operation: Operation, log: TrueLog): number {
  if (operation.op === 'remove') return 0;
  return log.entries.filter((entry) =>
    operation.op === 'append'
      ? entry.op === 'append' && entry.message === operation.message
      : entry.op === 'put' && entry.value === operation.value,
  ).length;
}
