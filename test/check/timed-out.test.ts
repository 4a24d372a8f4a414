// What a timeout says is in the log, is there for every later linearizable read, and for whom it
// names.

import { expect, test } from 'vitest';
import type { ReadLevel } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { put, Recording } from './recording.ts';

test.each<[node: string, read: ReadLevel, by: string]>([
  ['n1', 'linearizable', 'linearizable'],
  ['n2', 'local', 'linearizable'],
])('a value that a 504 told of is not missing on %s (%s)', (node, read, by) => {
  const judgesOf = (value: string | null) => {
    const run = new Recording();
    const said = { first: 1, last: 1, acks: ['n1', 'n2'], code: 'operation-failed' };
    run.write(put('k', 'v'), { w: 'all', outcome: 'unknown', ...said });
    run.get(node, 'k', { read, value, index: value === null ? null : 1 });
    return judge(run.end()).violations.map(({ judge: name }) => name);
  };
  expect(judgesOf('v')).toEqual([]);
  expect(judgesOf(null)).toEqual([by]);
});

test('a value is not older than the one that a 504 told of', () => {
  const run = new Recording();
  run.write(put('k', 'old'));
  const said = { first: 2, last: 2, acks: ['n1'], code: 'operation-failed' };
  run.write(put('k', 'new'), { w: 'all', outcome: 'unknown', ...said });
  run.get('n1', 'k', { read: 'linearizable', value: 'old', index: 1 });
  const [found] = judge(run.end()).violations;
  expect(found?.judge).toBe('linearizable');
});
