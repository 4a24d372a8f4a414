// Answers that are under way, and values that are read, while something is lost or an epoch begins.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording } from './recording.ts';

test('a linearizable read asked for before a loss binds nobody after it', () => {
  const run = new Recording();
  run.write(message('kept'), { w: 'all' });
  run.write(message('gone'), { w: 1 });
  const call = run.tick();
  run.node('n1', 'crash');
  run.node('n1', 'wipe');
  run.read('n1', { call, read: 'linearizable' });
  run.log.length = 1;
  run.start('n1');
  run.lead('n1');
  run.read('n1', { read: 'linearizable' });
  expect(judge(run.records).violations).toEqual([]);
});

test('a value may go back while a master that has restarted begins an epoch', () => {
  for (const restarts of [true, false]) {
    const run = new Recording();
    for (const value of ['1', '2']) run.write(put('k', value), { w: 'all' });
    run.get('n2', 'k');
    if (restarts) {
      run.node('n1', 'crash');
      run.start('n1');
    }
    run.get('n2', 'k', { value: '1', index: 1 });
    const judges = judgesOf(run.records);
    expect(judges).toEqual(restarts ? [] : ['never back']);
  }
});
