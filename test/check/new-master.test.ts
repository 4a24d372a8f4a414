// What a new master acknowledges to who had asked before it took office: it tells of its own log,
// as of everything that it is asked later. A node that was master before may have answered then.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { message, Recording } from './recording.ts';

const NOTHING = (_: Recording): void => {};

/** A write is asked for, one node after the other leads, the last one acknowledges it, and in the
 * end another operation stands there. */
function verdictOf(
  leaders: readonly string[],
  { before = NOTHING, meanwhile = NOTHING, w = 1 } = {},
) {
  const run = new Recording();
  run.write(message('kept'), { w: 'all' });
  before(run);
  const call = run.tick();
  meanwhile(run);
  for (const leader of leaders) run.lead(leader);
  run.write(message('gone'), { call, w });
  run.log.length = 1;
  run.write(message('instead'), { outcome: 'unknown', idempotencyKey: 'k' });
  const { verdict, violations } = judge(run.end());
  return [verdict, violations[0]?.judge];
}

test('it is held to that', () => {
  expect(verdictOf(['n2'])).toEqual(['ILLEGAL', 'durable']);
  expect(verdictOf(['n2', 'n3'])).toEqual(['ILLEGAL', 'durable']);
});

test('so is who was master before, with what a majority has, but with nothing else', () => {
  expect(verdictOf(['n2', 'n1'])).toEqual(['OK', undefined]);
  expect(verdictOf(['n2', 'n1'], { w: 2 })).toEqual(['ILLEGAL', 'durable']);
});

test('nobody is where a disk was lost since', () => {
  const wiped = (run: Recording): void => {
    run.node('n3', 'crash');
    run.node('n3', 'wipe');
    run.start('n3');
  };
  for (const w of [1, 2]) {
    expect(verdictOf(['n2'], { meanwhile: wiped, w })).toEqual(['OK', undefined]);
  }
});

test('nobody is where the arbiter has forgotten who leads', () => {
  const before = (run: Recording): void => run.node('arbiter', 'wipe');
  for (const w of [1, 2]) {
    expect(verdictOf(['n2'], { before, w })).toEqual(['OK', undefined]);
  }
});
