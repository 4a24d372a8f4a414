// A value and its index that a node gave to a `local` read are those of the log at the end.

import { expect, test } from 'vitest';
import type { GetRecord } from '../../src/check/history/history.ts';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, put, Recording, remove } from './recording.ts';

/** It is read before anybody is told where anything is. */
function run(answer: Partial<GetRecord>): Recording {
  const recording = new Recording();
  recording.grow(put('k', 'v'), put('k', 'w'));
  recording.get('n2', 'k', answer);
  for (const value of ['v', 'w']) {
    const asked = { call: 1, return: null, outcome: 'unknown' } as const;
    recording.write(put('k', value), asked);
    recording.log.length = 2;
  }
  recording.write(message('m'));
  return recording;
}

test.each<[what: string, answer: Partial<GetRecord>, legal: boolean]>([
  ['as it is', { value: 'w', index: 2 }, true],
  ['of another index', { value: 'v', index: 2 }, false],
  ['of an index that is not there', { value: 'w', index: 4 }, false],
  ['of a message', { value: 'w', index: 3 }, false],
])('a value %s', (_, answer, legal) => {
  const recording = run(answer);
  const found = judgesOf(recording.end());
  if (legal) expect(found).toEqual([]);
  else expect(found).toContain('no silent damage');
});

test('what was superseded, or has gone with an epoch, is held against nobody', () => {
  const compacted = run({ value: 'v', index: 1 });
  compacted.write(remove('k'));
  compacted.log.splice(0, 2);
  expect(judge(compacted.end()).verdict).toBe('OK');

  const lost = new Recording();
  lost.write(message('m'));
  lost.write(put('k', 'v'), { outcome: 'unknown', return: null });
  lost.get('n2', 'k');
  lost.log.length = 1;
  lost.node('n1', 'crash');
  lost.start('n1');
  lost.lead('n1');
  lost.write(message('n'));
  expect(judge(lost.end()).verdict).toBe('OK');
});
