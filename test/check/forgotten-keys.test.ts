// The window of idempotency keys: a cluster remembers the last 100,000 at least, and what was asked
// for with an older one may be asked for anew.

import { expect, test } from 'vitest';
import type { HistoryRecord, LogRecord, WriteRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message } from './recording.ts';

const WINDOW = 100_000;

type Placed = readonly [index: number, text: string];

/** `index` null: no answer was heard. */
function write(key: string, text: string, index: number | null): WriteRecord {
  const said = { outcome: 'ok', first: index!, last: index!, acks: ['n1'] } as const;
  const asked = { client: 'ann', node: 'n1', operations: [message(text)], w: 1 } as const;
  const when = { call: index ?? 1, return: index };
  const outcome = index === null ? ({ outcome: 'unknown' } as const) : said;
  return { type: 'write', ...asked, idempotencyKey: key, ...when, ...outcome };
}

/** What n1 shows, with a gap, of the beginning and of the end of its log. */
function finals(lastIndex: number, ...placed: readonly Placed[]): LogRecord[] {
  const entries = placed.map(([index, text]) => ({ index, epoch: 1, operation: message(text) }));
  const when = { call: lastIndex, return: lastIndex, commitIndex: lastIndex, lastIndex };
  return [1, WINDOW].map((from) => {
    const to = from === 1 ? 3 : lastIndex;
    const shown = entries.filter(({ index }) => index >= from && index <= to);
    const page = { client: 'eve', node: 'n1', life: '', read: 'local', final: true } as const;
    return { type: 'log', ...page, ...when, from, to, entries: shown };
  });
}

/** Two requests; so many others, each with a key of its own; and then these records. */
function judgesAfter(others: number, ...records: readonly HistoryRecord[]): string[] {
  const before = [write('j', 'zero', 1), write('k', 'one', 2)];
  for (let i = 0; i < others; i += 1) before.push(write(`other ${i}`, 'other', null));
  return judgesOf([...before, ...records]);
}

const END = WINDOW + 10;

test('a key that 100,000 others have followed counts as new, for the same and for another', () => {
  const anew = [
    write('j', 'something else', WINDOW + 2),
    write('k', 'one', WINDOW + 3),
    // The answer says that it is an old one: it adds nothing to what there may be.
    { ...write('k', 'one', WINDOW + 3), duplicate: true },
  ];
  const shown: Placed[] = [
    [1, 'zero'],
    [2, 'one'],
    [WINDOW + 2, 'something else'],
    [WINDOW + 3, 'one'],
  ];
  expect(judgesAfter(WINDOW - 1, ...anew, ...finals(END, ...shown))).toEqual([]);
  expect(judgesAfter(WINDOW - 1, ...anew, ...finals(END, ...shown, [END, 'one']))).toEqual([
    'exactly once',
  ]);
});

test('but not if there were fewer keys, however far away the index is', () => {
  expect(judgesAfter(WINDOW - 2, write('k', 'one', WINDOW + 3))).toEqual(['exactly once']);
  const shown = finals(END, [1, 'zero'], [2, 'one'], [WINDOW + 3, 'one']);
  expect(judgesAfter(WINDOW - 2, write('k', 'one', null), ...shown)).toEqual(['exactly once']);
});

test('nor if fewer indexes are between them than that, however many keys there were', () => {
  const repeated = [write('j', 'zero', WINDOW + 1), write('k', 'one', null)];
  const shown = finals(END, [2, 'one'], [WINDOW + 2, 'one']);
  expect(judgesAfter(WINDOW, ...repeated, ...shown)).toEqual(['exactly once', 'exactly once']);
});

test('a history may say that its cluster remembers fewer', () => {
  /** Whether it is wrong that the same came again at this index, `keys` being remembered. */
  const wrong = (keys: number, again: number): boolean => {
    const said: HistoryRecord = { type: 'phase', at: 0, phase: 'safety', keys };
    const others = [2, 3, 4].map((index) => write(`other ${index}`, 'other', null));
    const records = [said, write('k', 'one', 1), ...others, write('k', 'one', again)];
    return judgesOf(records).includes('exactly once');
  };
  expect([wrong(3, 5), wrong(3, 4), wrong(4, 9)]).toEqual([false, true, true]);
});
