// Who was a member when a write was answered, and so whose acknowledgement it needed.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

test('write concern: a leave counts when it comes into effect, too', () => {
  const alone = (effective: boolean) => {
    const run = new Recording();
    run.node('n3', 'leave');
    run.health();
    if (effective) run.node('n3', 'leave');
    run.node('n2', 'leave');
    run.write(message('alone'), { acks: ['n1'] });
    return judge(run.records).violations;
  };
  expect(alone(true)).toEqual([]);
  expect(alone(false)).toMatchObject([{ judge: 'write concern' }]);
});

test('write concern: what a node acknowledged before it left makes it no member', () => {
  const run = new Recording();
  const call = run.tick();
  run.node('n3', 'leave');
  run.start('n3');
  run.write(message('before'), { call, acks: ['n1', 'n3'] });
  run.write(message('all'), { w: 'all', acks: ['n1', 'n2'] });
  expect(judge(run.end()).violations).toEqual([]);
  run.records.splice(-6);
  run.write(message('now'), { acks: ['n1', 'n3'] });
  run.write(message('again'), { w: 'all', acks: ['n1', 'n2'] });
  expect(judge(run.records).violations).toMatchObject([{ judge: 'write concern' }]);
});

test('write concern: an earlier master tells of its own members, however late', () => {
  const asked = (after: number): string[] => {
    const run = new Recording();
    run.node('n1', 'role', { role: 'master', epoch: 2 });
    const call = run.now + after;
    run.tick();
    run.write(message('before'), { call, acks: ['n1', 'n3'] });
    run.write(message('all'), { w: 'all', acks: ['n1', 'n2'] });
    return judgesOf(run.end());
  };
  for (const after of [-1, 0]) expect(asked(after)).toEqual([]);
  expect(asked(1)).toContain('write concern');
});

test('write concern: a size below the number of sure members is none', () => {
  const answered = (acks: readonly string[], leaves: readonly string[] = []) => {
    const run = new Recording();
    for (const node of ['n4', 'n5']) run.start(node);
    run.write(message('all'), { w: 'all', acks: ['n1', 'n2', 'n3', 'n4', 'n5'] });
    for (const node of leaves) run.node(node, 'leave');
    run.write(message('majority'), { acks });
    return judge(run.records).violations;
  };
  expect(answered(['n1', 'n2'])).toMatchObject([{ judge: 'write concern' }]);
  expect(answered(['n1', 'n2', 'n3'])).toEqual([]);
  expect(answered(['n1', 'n2'], ['n4', 'n5'])).toEqual([]);
});

test('write concern: a node is named once, also by a timeout', () => {
  const run = new Recording();
  run.write(message('one'), { outcome: 'unknown', first: 1, last: 1, acks: ['n1', 'n1'] });
  const [found] = judge(run.records).violations;
  expect(found?.judge).toBe('write concern');
  expect(found?.sentence).toContain('The answer to a write with w=majority names a node twice');
});
