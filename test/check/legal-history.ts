// One legal history in which a little of everything happens. Its records are plain JSON, so that a
// test can corrupt a copy of it.

import type { HistoryRecord } from '../../src/check/history/history.ts';
import { message, put, Recording, remove } from './recording.ts';

export type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> };
export type Editable = Mutable<HistoryRecord>;

/** A fresh copy each time. */
export function legalHistory(): Editable[] {
  const run = new Recording();
  run.write(message('one'));
  run.write(message('two'), { w: 'all' });
  run.write(put('k', 'v1'), { w: 1 });
  run.read('n2');
  run.write([message('b1'), message('b2'), message('b3')], { idempotencyKey: 'batch' });
  run.write([message('b1'), message('b2'), message('b3')], { idempotencyKey: 'batch' });
  run.write(message('b4'), {
    outcome: 'refused',
    code: 'idempotency-key-reused',
    idempotencyKey: 'batch',
  });
  run.get('n3', 'k');
  run.write(put('k', 'v2'));
  run.get('n3', 'k');
  run.get('n1', 'k', { read: 'linearizable' });
  run.write(message('no'), { outcome: 'refused', code: 'NoQuorum' });
  // It timed out, and is in the log; another one never arrived.
  const late = run.write(message('late'), { outcome: 'unknown', idempotencyKey: 'late' });
  run.write(message('late'), { idempotencyKey: 'late', w: 3 });
  run.records.push({
    ...late,
    operations: [message('never')],
    idempotencyKey: 'never',
    return: null,
  });
  run.read('n1', { read: 'linearizable' });
  run.write(remove('k'), { w: 'all' });
  run.get('n3', 'k');
  run.get('n1', 'k', { read: 'linearizable' });
  run.read('n2');
  run.read('n3', { from: 3 });
  run.node('n3', 'crash');
  run.start('n3');
  run.read('n3');
  // The master goes down with an operation that only n2 has got; it is not in the next epoch's log.
  const kept = [...run.log];
  run.write(message('lost'), { outcome: 'unknown', return: null });
  run.read('n2', { commitIndex: kept.length });
  run.node('n1', 'crash');
  run.log.length = kept.length;
  run.start('n1');
  run.lead('n1');
  run.write(message('three'), { w: 'all' });
  run.read('n2');
  run.read('n1', { read: 'linearizable' });
  run.write(put('k', 'v3'), { w: 'all' });
  run.get('n2', 'k');
  run.node('n2', 'pause');
  run.node('n2', 'resume');
  const records = [...run.end()];
  const over = records.pop()!;
  run.get('n2', 'k');
  records.push(...run.records.slice(-1), { ...over, at: run.tick() } as HistoryRecord);
  // Nothing is shared between two records of the copy.
  return JSON.parse(JSON.stringify(records)) as Editable[];
}

/** The records of one type, in order. */
export function ofType<T extends HistoryRecord['type']>(
  records: readonly Editable[],
  type: T,
): Extract<Editable, { type: T }>[] {
  return records.filter((record) => record.type === type) as Extract<Editable, { type: T }>[];
}
