// Whoever tells of an index tells that something stands everywhere up to it: what is found there in
// the end was asked for by then, though nobody showed it, and nobody was told where it is.

import { describe, expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

/** `late` is asked for, and stored behind `one`, when somebody has told of index 2 or 1. */
function judgedBy(tell: (run: Recording, lastIndex: number) => void, lastIndex: number): string[] {
  const run = new Recording();
  run.write(message('one'), { outcome: 'unknown' });
  tell(run, lastIndex);
  run.write(message('late'), { outcome: 'unknown', return: null });
  return judgesOf(run.end());
}

describe('what is asked for when its place was told of is a ghost', () => {
  test.each<[string, (run: Recording, lastIndex: number) => void]>([
    ['a page', (run, lastIndex) => run.read('n2', { to: 1, lastIndex, commitIndex: 0 })],
    ['a report', (run, lastIndex) => run.health({ lastIndex, commitIndex: 0 })],
    ['an answer', (run, lastIndex) => void timeout(run, lastIndex)],
  ])('by %s', (_, tell) => {
    expect(judgedBy(tell, 2)).toContain('no ghost');
    expect(judgedBy(tell, 1)).not.toContain('no ghost');
  });

  const timeout = (run: Recording, first: number): void => {
    const said = { outcome: 'unknown', idempotencyKey: 'k', first, last: first } as const;
    run.write(message('one'), { ...said, acks: ['n1'] });
    run.log.length = 1;
  };

  test('not by what was refused, and not where another log may have been meant', () => {
    const refused = (run: Recording): void =>
      void run.write(message('no'), { outcome: 'refused', first: 2, last: 2 });
    expect(judgedBy(refused, 2)).not.toContain('no ghost');
    const gone = (run: Recording, lastIndex: number): void => {
      run.read('n2', { to: 1, lastIndex, commitIndex: 0 });
      run.lead('n3');
    };
    expect(judgedBy(gone, 2)).not.toContain('no ghost');
  });

  test('and it may be asked for at the very moment', () => {
    const run = new Recording();
    run.write(message('one'), { outcome: 'unknown' });
    run.read('n2', { to: 1, lastIndex: 2, commitIndex: 0 });
    run.write(message('late'), { outcome: 'unknown', return: null, call: run.now });
    expect(judge(run.end()).violations).toEqual([]);
  });
});
