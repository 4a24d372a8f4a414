// What a client can ask the log to remember, and how it stands there.

import type { Write } from './effects.ts';
import { type Epoch, type LogIndex, logIndex } from './ids.ts';
import type { Mutable } from './mutable.ts';

/** A change of the replicated state; the message list and the key-value store are its folds. */
export type Operation =
  | { readonly op: 'append'; readonly message: string }
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  | { readonly op: 'remove'; readonly key: string };

/**
 * An operation at its place in the total order. This is also, letter for letter, an element of
 * `updates` in a Snapshot message and the payload of a record on disk.
 *
 * - `index`: its place, assigned by the master, without holes.
 * - `epoch`: the epoch of the master that assigned it.
 * - `at`: when the master received it; ISO 8601, UTC, milliseconds. A label, never used for order.
 * - `batch`: on the first operation of a batch, which is accepted all or nothing: how many (≥ 1).
 * - `idempotencyKey`: on the (first) operation of a request that carried one.
 */
export type Entry = Operation & {
  readonly index: LogIndex;
  readonly epoch: Epoch;
  readonly at: string;
  readonly batch?: number;
  readonly idempotencyKey?: string | undefined;
};

/** Puts an operation at its place. Field order is the order of the stored and sent JSON text. */
export function entryOf(
  operation: Operation,
  place: { index: LogIndex; epoch: Epoch; at: string },
  request: { batch?: number; idempotencyKey?: string },
): Entry {
  const entry: Mutable<Entry> = placed(operation, place);
  if (request.batch !== undefined) entry.batch = request.batch;
  if (request.idempotencyKey !== undefined) entry.idempotencyKey = request.idempotencyKey;
  return entry;
}

function placed(operation: Operation, place: { index: LogIndex; epoch: Epoch; at: string }): Entry {
  const { index, epoch, at } = place;
  switch (operation.op) {
    case 'append':
      return { index, epoch, at, op: 'append', message: operation.message };
    case 'put':
      return { index, epoch, at, op: 'put', key: operation.key, value: operation.value };
    case 'remove':
      return { index, epoch, at, op: 'remove', key: operation.key };
  }
}

type Asked = Pick<Write, 'operations' | 'at' | 'batch' | 'idempotencyKey'>;

/** Puts the operations of one request at their places, the first of them at `first`. */
export function entriesOf(
  { operations, at, batch, idempotencyKey }: Asked,
  first: LogIndex,
  epoch: Epoch,
): Entry[] {
  const request: { batch?: number; idempotencyKey?: string } = {};
  if (batch) request.batch = operations.length;
  if (idempotencyKey !== undefined) request.idempotencyKey = idempotencyKey;
  return operations.map((operation, i) =>
    entryOf(operation, { index: logIndex(first + i), epoch, at }, i === 0 ? request : {}),
  );
}
