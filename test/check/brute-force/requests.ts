// The writes of a history, and which of them stand for one operation: those with one idempotency
// key share a slot, of which one at most is ever filled.

import type { HistoryRecord, WriteRecord } from '../../../src/check/history/history.ts';

export interface Request {
  readonly number: number;
  readonly record: WriteRecord;
  readonly slot: string;
}

export function requestsOf(records: readonly HistoryRecord[]): Request[] {
  const writes = records.filter((record) => record.type === 'write');
  return writes.map((record, number) => {
    const key = record.idempotencyKey;
    return { number, record, slot: key === null ? `request ${number}` : `key ${key}` };
  });
}
