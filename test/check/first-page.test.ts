// The first page that a life of a node shows counts like any other, in the first epoch: there is
// only one log that it can be of.

import { expect, test } from 'vitest';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

test('what it says is on a majority stays there', () => {
  for (const commitIndex of [1, 0]) {
    const run = new Recording();
    run.write(message('one'), { w: 'all' });
    run.read('n2');
    run.read('n2', { commitIndex });
    expect(judgesOf(run.end())).toEqual(commitIndex === 1 ? [] : ['never back']);
  }
});

test('it does not pass over a message, even if it shows nothing', () => {
  for (const told of [true, false]) {
    const run = new Recording();
    run.write(message('one'), told ? {} : { outcome: 'unknown', return: null });
    run.read('n2', { entries: [] });
    run.write(message('two'));
    expect(judgesOf(run.end())).toEqual(['never back']);
  }
});

test('what is missing at its end does not come later', () => {
  for (const missing of [false, true]) {
    const run = new Recording();
    run.write(message('one'));
    run.write(remove('k'));
    run.read('n2', missing ? { entries: run.log.slice(0, 1) } : {});
    run.write(put('k', 'v'));
    expect(judgesOf(run.end())).toEqual(missing ? ['never back', 'never back'] : []);
  }
});
