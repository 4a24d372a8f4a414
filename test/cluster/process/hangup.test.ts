import { expect, test, vi } from 'vitest';
import { onHangup } from '../../../src/cluster/process/hangup.ts';

/** What SIGHUP does, where there was a terminal at the start, and where there is one now. */
function hangup(before: boolean, now: boolean, reread: (() => void) | undefined) {
  const stop = vi.fn();
  const atTerminal = vi.fn().mockReturnValueOnce(before).mockReturnValue(now);
  onHangup(reread, stop, atTerminal)();
  return stop.mock.calls.length === 1 ? 'stops' : 'goes on';
}

test.each([
  ['a daemon', false, false, 'goes on'],
  ['its terminal is there', true, true, 'goes on'],
  ['its terminal is gone', true, false, 'stops'],
] as const)('with a file to read again: %s', (_, before, now, outcome) => {
  const reread = vi.fn();
  expect(hangup(before, now, reread)).toBe(outcome);
  expect(reread).toHaveBeenCalledTimes(outcome === 'stops' ? 0 : 1);
});

test('without one it is the end, as ever', () => {
  expect(hangup(false, false, undefined)).toBe('stops');
});
