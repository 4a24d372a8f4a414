// What may be missing at the end, because a log that is compacted needs it no more.

import { describe, expect, test } from 'vitest';
import { judge } from '../../../src/check/judge.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { judgesOf } from '../objections.ts';
import { message, put, Recording, remove } from '../recording.ts';

/** The judges' names, where all of this was in the log, and was shown to be on a majority, and at
 * the end what stood at these indexes is missing. */
function without(missing: readonly number[], ...operations: readonly Operation[]): string[] {
  const run = new Recording();
  run.write(message('first'));
  for (const operation of operations) run.write(operation, { outcome: 'unknown' });
  run.read('n2');
  const rest = run.log.filter(({ index }) => !missing.includes(index));
  run.log.splice(0, run.log.length, ...rest);
  return judgesOf(run.end());
}

const [one, two, three] = ['1', '2', '3'].map((value) => put('k', value));

describe('what is missing at the end', () => {
  test.each([
    ['a message', [1], [one!], true],
    ['a value', [2], [one!, message('last')], true],
    ['a value that the last operation supersedes', [2], [one!, two!], false],
    ['a value between two others', [3], [one!, two!, three!], false],
    ['a value that another key’s supersedes', [2], [one!, put('other', '2')], true],
    ['a removal', [2], [remove('k'), message('last')], true],
    ['a removal, and what it removed', [2, 3], [one!, remove('k'), message('last')], true],
    ['a value that a removal supersedes', [2], [one!, remove('k'), message('last')], false],
    ['a removal that another supersedes', [2], [remove('k'), remove('k')], false],
    ['a removal, but not what it removed', [3], [one!, remove('k'), message('last')], true],
    ['a removal that a value supersedes', [3], [one!, remove('k'), two!], false],
  ] as const)('%s', (_, missing, operations, missed) => {
    const judges = without(missing, ...operations);
    expect(judges).toEqual(missed ? expect.arrayContaining(['durable']) : []);
  });
});

test('a value is not superseded by what stood behind the end, and went with its epoch', () => {
  for (const stayed of [true, false]) {
    const run = new Recording();
    run.write(message('first'));
    run.write(one!);
    run.write(message('last'));
    run.write(two!, { outcome: 'unknown' });
    run.read('n1', { commitIndex: 3 });
    run.lead('n3');
    run.log.length = stayed ? 4 : 3;
    run.log.splice(1, 1);
    expect(judge(run.end()).violations.length === 0).toBe(stayed);
  }
});
