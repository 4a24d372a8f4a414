// What an answer says of where its node keeps the log is what the node said when it started.

import { expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { message, Recording } from './recording.ts';

const NODES = ['n1', 'n2', 'n3'];

const found = (run: Recording) => judge(run.records).violations;

test.each([true, false])('a node with durable %s does not answer the opposite', (durable) => {
  const run = new Recording(NODES, durable);
  run.write(message('one'), { durable });
  run.write(message('two'));
  expect(found(run)).toEqual([]);
  run.write(message('three'), { durable: !durable });
  expect(found(run)).toMatchObject([{ judge: 'durable', records: [1, 8] }]);
});

test('an answer to what was asked for before the start may be an earlier life’s', () => {
  const run = new Recording(NODES, true);
  const call = run.tick();
  run.node('n1', 'stop');
  run.start('n1', false);
  run.write(message('one'), { durable: true, call: run.now });
  run.write(message('two'), { durable: true, call });
  expect(found(run)).toEqual([]);
});

test('a start that does not say it leaves it open', () => {
  const run = new Recording(NODES, false);
  run.node('n1', 'stop');
  run.node('n1', 'start');
  run.write(message('one'), { durable: true });
  expect(found(run)).toEqual([]);
});
