// What a new master acknowledges to who had asked before it took office: it tells of its own log,
// as of everything that it is asked later. A node that was master before may have answered then, if
// it was not heard to be none any more.

import { describe, expect, test } from 'vitest';
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

describe('who leads again, and was heard to be a secondary in between', () => {
  interface Between {
    /** What n1 says while n2 leads. */
    readonly heard: (run: Recording) => void;
    /** It is asked before that. */
    readonly early?: boolean;
    /** Nodes that lead after n2. */
    readonly leaders?: readonly string[];
    readonly later?: (run: Recording) => void;
  }

  const secondary = (run: Recording, epoch = run.epoch): void =>
    run.node('n1', 'role', { role: 'secondary', epoch });
  const report = (run: Recording): void => run.health({ node: 'n1', role: 'secondary' });

  function judgedBy({ heard, early = false, leaders = ['n1'], later = NOTHING }: Between) {
    const meanwhile = (run: Recording): number => {
      const before = run.tick();
      heard(run);
      return early ? before : run.tick();
    };
    const run = new Recording();
    run.write(message('kept'), { w: 'all' });
    run.lead('n2');
    const call = meanwhile(run);
    for (const leader of leaders) run.lead(leader);
    later(run);
    run.write(message('gone'), { call, w: 1, node: 'n1', acks: ['n1'] });
    run.log.length = 1;
    run.write(message('instead'), { outcome: 'unknown', idempotencyKey: 'k' });
    return judge(run.end()).violations[0]?.judge;
  }

  test('is held to what it acknowledges to who asked after that', () => {
    for (const heard of [secondary, report]) {
      expect(judgedBy({ heard })).toBe('durable');
      expect(judgedBy({ heard, leaders: ['n3', 'n1'] })).toBe('durable');
      expect(judgedBy({ heard, leaders: ['n1', 'n1'] })).toBe('durable');
    }
  });

  test('is not held to what it may have said in its earlier office', () => {
    expect(judgedBy({ heard: secondary, early: true })).toBeUndefined();
    expect(judgedBy({ heard: (run) => secondary(run, 1) })).toBeUndefined();
    expect(
      judgedBy({ heard: (run) => run.node('n3', 'role', { role: 'secondary', epoch: 2 }) }),
    ).toBeUndefined();
  });

  test('nor where it has led since, and was replaced again', () => {
    expect(judgedBy({ heard: secondary, leaders: ['n1', 'n2', 'n1'] })).toBeUndefined();
    const unseen = (run: Recording): void => {
      secondary(run);
      run.epoch += 1;
      run.health({ node: 'n1' });
      run.lead('n2');
    };
    expect(judgedBy({ heard: unseen })).toBeUndefined();
  });

  test('nor where a disk was lost since', () => {
    const later = (run: Recording): void => {
      run.node('n3', 'crash');
      run.node('n3', 'wipe');
      run.start('n3');
    };
    expect(judgedBy({ heard: secondary, later })).toBeUndefined();
  });
});
