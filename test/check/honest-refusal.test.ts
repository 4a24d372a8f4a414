// A key stands for another request only if that was asked for by then, and not refused.

import { expect, test } from 'vitest';
import { Evidence } from '../../src/check/evidence.ts';
import type { WriteRecord } from '../../src/check/history/history.ts';
import { HonestRefusal } from '../../src/check/judges/honest-refusal.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

const REUSED = { idempotencyKey: 'k', outcome: 'refused', code: 'idempotency-key-reused' } as const;

function judged(other: Partial<WriteRecord>, isFirst: boolean) {
  const run = new Recording();
  run.write(message('any'));
  const refuse = () => run.write(message('two'), REUSED);
  if (!isFirst) refuse();
  run.write(message('one'), { idempotencyKey: 'k', ...other });
  if (isFirst) refuse();
  return judgesOf(run.end());
}

test.each<[what: string, other: Partial<WriteRecord>, isFirst: boolean, legal: boolean]>([
  ['asked for before', {}, true, true],
  ['asked for after', {}, false, false],
  ['asked for before, and answered after', { call: 3 }, false, true],
  ['refused', { outcome: 'refused', code: 'no-quorum' }, true, false],
])('of another request that was %s', (_, other, isFirst, legal) => {
  expect(judged(other, isFirst)).toEqual(legal ? [] : ['honest refusal']);
});

test('of no other request than itself', () => {
  const run = new Recording();
  run.write(message('two'), { idempotencyKey: 'k' });
  run.write(message('two'), REUSED);
  expect(judgesOf(run.end())).toEqual(['honest refusal']);
});

// A look at all of them for each of them would take longer than a test may.
test('of the last of 100,000 others', () => {
  const evidence = new Evidence();
  evidence.place = 1;
  const judges = new HonestRefusal(evidence);
  const run = new Recording();
  const refused = run.write(message('any'), REUSED);
  for (let content = 1; content <= 100_000; content += 1) judges.write(refused, [content]);
  expect(judges.finish()?.judge).toBe('honest refusal');
  judges.write(run.write(message('one'), { idempotencyKey: 'k', call: 1 }), [0]);
  expect(judges.finish()).toBe(null);
});
