// A value that a node gave is what its pages show at the index that it named.

import { expect, test } from 'vitest';
import { judge } from '../../../src/check/judge.ts';
import { message, put, Recording } from '../recording.ts';

const violationsOf = ({ records }: Recording) => judge(records).violations;

/** n2 has shown its log, of which nobody was told anything. */
function shown(first = put('k', '1')): Recording {
  const run = new Recording();
  run.write(first, { outcome: 'unknown' });
  run.write(put('k', '2'), { outcome: 'unknown' });
  run.lead('n1');
  run.write(message('one'), { acks: ['n1'], w: 1 });
  run.read('n2', { commitIndex: 0, from: 3 });
  return run;
}

const PAGE = { commitIndex: 0 };

test.each([
  ['another one', { value: '1', index: 2 }],
  ['a message', { value: '2', index: 3 }],
])('a page shows %s at its index, before and after it', (_, wrong) => {
  for (const pageFirst of [true, false]) {
    const run = shown();
    const steps = [() => run.read('n2', PAGE), () => run.get('n2', 'k', wrong)];
    for (const step of pageFirst ? steps : steps.reverse()) step();
    const { length } = run.records;
    expect(violationsOf(run)[0]?.judge).toBe('never back');
    run.records.length = length - 2;
    for (const step of [() => run.get('n2', 'k'), () => run.read('n2', PAGE)]) step();
    expect(violationsOf(run)).toEqual([]);
  }
});

test('a page lacks it, before and after it', () => {
  const run = shown(put('other', '1'));
  const rest = [...run.log.slice(0, 1), ...run.log.slice(2)];
  run.get('n2', 'k');
  run.read('n2', PAGE, rest);
  expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
  run.records.splice(-2);
  run.read('n2', PAGE, rest);
  run.get('n2', 'k');
  expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
});

test('since it was given first, though it was given again when the page was under way', () => {
  const run = shown(put('other', '1'));
  const rest = [...run.log.slice(0, 1), ...run.log.slice(2)];
  run.get('n2', 'k');
  const call = run.tick();
  run.get('n2', 'k');
  run.read('n2', { ...PAGE, call }, rest);
  expect(violationsOf(run)).toMatchObject([{ judge: 'never back' }]);
});

test('but not on another node, in another life or epoch, or heard before it was asked for', () => {
  const wrong = { value: '1', index: 2 };
  const run = shown();
  run.read('n2', PAGE);
  run.get('n3', 'k', wrong);
  const call = run.now - 2;
  run.get('n2', 'k', { ...wrong, call });
  run.lead('n3');
  run.get('n2', 'k', wrong);
  run.node('n2', 'crash');
  run.start('n2');
  run.get('n2', 'k', wrong);
  expect(violationsOf(run)).toEqual([]);
});

test('nor in the moment in which a page was asked for', () => {
  const run = shown(put('other', '1'));
  run.get('n2', 'k');
  const rest = [...run.log.slice(0, 1), ...run.log.slice(2)];
  run.read('n2', { ...PAGE, call: run.now }, rest);
  expect(violationsOf(run)).toEqual([]);
});

test('nor if the node has left and may start over', () => {
  const run = shown();
  run.read('n2', PAGE);
  run.node('n2', 'leave');
  run.node('n2', 'join');
  run.get('n2', 'k', { value: '1', index: 2 });
  expect(violationsOf(run)).toEqual([]);
});
