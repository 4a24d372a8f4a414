import { expect, test, vi } from 'vitest';
import { LogProgress } from '../../../src/node/runtime/log-progress.ts';

const BEGIN = { lastIndex: 1, commitIndex: 0 };

/** A listener that has been told where the log stands. */
function listening() {
  const progress = new LogProgress();
  const heard = vi.fn();
  const stop = progress.listen(heard);
  progress.look(() => BEGIN);
  expect(heard).toHaveBeenCalledTimes(1);
  return { progress, heard, stop };
}

test.each([
  ['entries came', { lastIndex: 2, commitIndex: 0 }, 0, 2],
  ['entries are on a majority', { lastIndex: 1, commitIndex: 1 }, 0, 2],
  ['as many came as were cut off', BEGIN, 1, 2],
  ['nothing changed', BEGIN, 0, 1],
])('a log has progressed where %s', (_, extent, cuts, times) => {
  const { progress, heard } = listening();
  for (let cut = 0; cut < cuts; cut += 1) progress.cut();
  progress.look(() => extent);
  progress.look(() => extent);
  expect(heard).toHaveBeenCalledTimes(times);
  expect(progress.cuts).toBe(cuts);
});

test('who does not listen any more is not told, and others are', () => {
  const { progress, heard, stop } = listening();
  const other = vi.fn();
  progress.listen(other);
  stop();
  progress.look(() => ({ lastIndex: 2, commitIndex: 0 }));
  expect([heard, other].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
});

test('where a log stands is not asked for while nobody listens', () => {
  const { progress, stop } = listening();
  stop();
  const extent = vi.fn(() => BEGIN);
  progress.look(extent);
  expect(extent).not.toHaveBeenCalled();
});
