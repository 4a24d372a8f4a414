// How a legal history is made an illegal one: which judge must see it, and where in the records the
// change is made.

import type { JudgeName } from '../../src/check/verdict.ts';
import { type Editable, ofType } from './legal-history.ts';
import { message } from './recording.ts';

export type Corruption = readonly [
  what: string,
  by: JudgeName,
  corrupt: (records: Editable[]) => void,
];

export const writes = (records: Editable[]) => ofType(records, 'write');
export const logs = (records: Editable[]) => ofType(records, 'log');
export const gets = (records: Editable[]) => ofType(records, 'get');
export const written = (records: Editable[], text: string) =>
  writes(records).find(
    ({ operations: [first] }) => first?.op === 'append' && first.message === text,
  )!;
export const finals = (records: Editable[]) => logs(records).filter(({ final }) => final === true);

/** Puts another message where this one stands, wherever it is shown. */
export function replaced(records: Editable[], from: string, to: string): void {
  for (const { entries } of logs(records)) {
    for (const { operation } of entries) {
      if (operation.op === 'append' && operation.message === from) operation.message = to;
    }
  }
}

/** Puts another message at the end of a log, in epoch 2. */
export function grown(log: Extract<Editable, { type: 'log' }>, text: string): void {
  const next = log.lastIndex + 1;
  log.entries.push({ index: next, epoch: 2, operation: message(text) as never });
  log.lastIndex = next;
  log.to = next;
}

/** Of the whole log only what stands up to this index is left. */
export function shortened(log: Extract<Editable, { type: 'log' }>, last: number): void {
  log.lastIndex = last;
  log.to = last;
  log.commitIndex = last;
  log.entries.length = last;
}

export function dropAt(record: Extract<Editable, { type: 'log' }>, index: number): void {
  record.entries = record.entries.filter((entry) => entry.index !== index);
}
