// A page without a message that another node shows before the same entry: whoever has the entry has
// the same before it, though nobody was told that the message is stored.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord, SeenEntry } from '../../../src/check/history/history.ts';
import { judge } from '../../../src/check/judge.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { message, put, Recording } from '../recording.ts';

const OPEN = { outcome: 'unknown', return: null } as const;
const violationsOf = ({ records }: Recording) => judge(records).violations;

interface Lacking {
  readonly middle?: readonly Operation[];
  /** What n3 shows of the log. */
  readonly shown?: (entry: SeenEntry) => boolean;
  /** n2 is read before n3. */
  readonly first?: boolean;
  /** Between the two. */
  readonly meanwhile?: (run: Recording) => void;
}

/** Nobody knows where an operation on a key is that was asked for at first; n2 shows the whole log,
 * which nobody acknowledged, and n3 a part of it. */
function lacking({
  middle = [message('one')],
  shown = ({ index }) => index !== 1,
  first = true,
  meanwhile = () => {},
}: Lacking = {}): Recording {
  const run = new Recording();
  run.write(put('k', 'unseen'), OPEN);
  run.log.pop();
  run.write(middle, { outcome: 'unknown' });
  run.write(message('end'), { outcome: 'unknown' });
  const whole = () => run.read('n2', { commitIndex: 0 });
  if (first) whole();
  meanwhile(run);
  run.read('n3', { commitIndex: 0 }, run.log.filter(shown));
  if (!first) whole();
  return run;
}

describe('a page lacks a message', () => {
  test.each([true, false])(
    'that another one shows before the same entry, read first: %s',
    (first) => {
      expect(violationsOf(lacking({ first }))).toMatchObject([{ judge: 'never back' }]);
    },
  );

  test('and says which, and where', () => {
    expect(violationsOf(lacking())[0]).toEqual({
      judge: 'never back',
      sentence:
        'n3 shows index 2 of epoch 1 without append "one", which stands before it at index 1 ' +
        '(record 9), and is missing there (record 10).',
      records: [9, 10],
    });
  });

  test('in a gap of several, behind what may have been compacted away', () => {
    const middle = [message('one'), put('j', '1')];
    const shown = ({ index }: SeenEntry) => index === 3;
    expect(violationsOf(lacking({ middle, shown }))).toMatchObject([{ judge: 'never back' }]);
  });

  test('but none where an operation on a key stands, or where the page covers nothing', () => {
    const middle = [put('j', '1'), put('j', '2')];
    expect(violationsOf(lacking({ middle }))).toEqual([]);
    const run = lacking({ shown: () => true });
    run.read('n3', { from: 2, commitIndex: 0 });
    expect(violationsOf(run)).toEqual([]);
  });

  test('that stood there in another epoch, before another entry', () => {
    const meanwhile = (run: Recording) => {
      run.lead('n3');
      run.log.length = 1;
      run.write(message('other end'), { outcome: 'unknown', node: 'n3' });
    };
    expect(violationsOf(lacking({ meanwhile }))).toEqual([]);
  });

  test('where epochs were counted anew, so that they name nothing', () => {
    const judged = (anew: boolean): number => {
      const run = lacking({ shown: () => true });
      if (anew) {
        run.node('n1', 'crash');
        run.start('n1', false);
        run.epoch = 0;
        run.lead('n1');
      }
      run.read('n3', { commitIndex: 0 }, run.log.slice(1));
      return violationsOf(run).length;
    };
    expect(judged(false)).toBeGreaterThan(0);
    expect(judged(true)).toBe(0);
  });
});

test('a final log lacks it, too', () => {
  const run = lacking({ shown: () => true });
  const records = run.end().map((record): HistoryRecord => {
    if (record.type !== 'log' || record.final !== true) return record;
    return { ...record, entries: record.entries.slice(1), commitIndex: 0 };
  });
  const told = judge(records).violations.map(({ sentence }) => sentence);
  expect(told.at(-1)).toContain('n1 shows index 2 of epoch 1 without append "one"');
});
