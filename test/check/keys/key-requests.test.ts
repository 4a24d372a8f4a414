// Whether another operation on a key may stand behind one that is missing, as the requests tell.

import { describe, expect, test } from 'vitest';
import type { WriteRecord } from '../../../src/check/history/history.ts';
import { KeyRequests } from '../../../src/check/keys/key-requests.ts';
import { Operations } from '../../../src/check/operations.ts';
import { put } from '../recording.ts';

/** A value that was asked for, when, and where it stands; null: anywhere. */
type Asked = readonly [value: string, call: number, index: number | null];

/** Whether another one than the value `a`, asked for by moment 10, may stand behind index 5. */
function mayFollow(...all: readonly Asked[]): boolean {
  const operations = new Operations();
  const requests = new KeyRequests();
  for (const [value, call, index] of all) {
    const asked = [put('k', value)];
    const contents = asked.map((operation) => operations.of(operation));
    const open = { type: 'write', client: 'c', node: 'n1', w: 1, outcome: 'unknown' } as const;
    const place = index === null ? {} : { first: index, last: index };
    const sent = { idempotencyKey: null, operations: asked, call, return: null };
    const record: WriteRecord = { ...open, ...sent, ...place };
    operations.asked(record, contents, 1);
    requests.write(record, contents);
  }
  const successors = requests.successors('k', operations, (_, said) => said);
  return successors.mayFollow(operations.of(put('k', 'a')), 5, 10);
}

const A: Asked = ['a', 1, null];

describe('another value may stand behind index 5', () => {
  test.each<[string, Asked[], boolean]>([
    ['that was asked for at that very moment', [A, ['b', 10, 6]], true],
    ['not one that was asked for later', [A, ['b', 11, 6]], false],
    ['that may be anywhere', [A, ['b', 10, null]], true],
    ['not one at that index, or before it', [A, ['b', 2, 5], ['b', 2, 4]], false],
    ['not the value itself', [['a', 1, 6]], false],
    ['but the same once more', [A, ['a', 2, 6]], true],
    [
      'asked for before the value was',
      [
        ['b', 1, null],
        ['a', 5, null],
      ],
      true,
    ],
    ['also where that was asked for first', [['b', 5, null], A], true],
    ['the first of several, though it stands last', [A, ['b', 3, 9], ['c', 30, 8]], true],
    [
      'the first of two that say the same',
      [
        ['b', 3, 9],
        ['b', 30, 8],
      ],
      true,
    ],
  ])('%s', (_, all, may) => {
    expect(mayFollow(...all)).toBe(may);
  });
});
