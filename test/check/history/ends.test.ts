// A history stands in the order of its ends: in any other order it would be judged less sharply.

import { expect, test } from 'vitest';
import { UnsortedHistory } from '../../../src/check/history/ends.ts';
import type { HistoryRecord } from '../../../src/check/history/history.ts';
import { judge } from '../../../src/check/judge.ts';
import { message, Recording } from '../recording.ts';

/** n3 is read without `one` when everybody has it; the write's record is behind the page's. */
function swapped(): HistoryRecord[] {
  const run = new Recording();
  run.write(message('one'), { w: 'all' });
  run.read('n3', {}, []);
  return [...run.records];
}

test('a record that ended before the one above it is refused, not judged', () => {
  const records = swapped();
  expect(judge(records).verdict).toBe('ILLEGAL');
  const [write, page] = records.splice(-2);
  const unsorted = () => judge([...records, page!, write!]);
  expect(unsorted).toThrow(UnsortedHistory);
  expect(unsorted).toThrow('it ended at 7, but stands behind record 6, which ended at 9');
});

test('whatever is between them: the latest end counts', () => {
  const records = swapped();
  const never = { ...records.at(-2)!, return: null, outcome: 'unknown' } as HistoryRecord;
  const late: HistoryRecord = { type: 'phase', at: 8, phase: 'end' };
  expect(() => judge([...records, never, late])).toThrow('behind record 7, which ended at 9');
});

test('what has the same time may stand in either order', () => {
  const same = (run: Recording): HistoryRecord[] => {
    return run.records.map((each) => ('at' in each ? { ...each, at: 5 } : { ...each, return: 5 }));
  };
  const run = new Recording();
  run.write(message('one'), { call: 4 });
  expect(() => judge(same(run).reverse())).not.toThrow();
});
