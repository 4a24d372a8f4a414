import { describe, expect, test } from 'vitest';
import { gapAfter } from '../../../src/core/members/backoff.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';

const { resendGapsMs, resendJitter } = DEFAULT_OPTIONS;
const EXPECTED = [100, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000];

describe('gapAfter', () => {
  test('the gaps between copies are those of the contract; the last one repeats', () => {
    const gaps = EXPECTED.map((_, i) => gapAfter(i + 1, resendGapsMs, resendJitter, () => 0.5));
    expect(gaps).toEqual(EXPECTED);
  });

  test.each([
    ['lowest', 0, 0.9],
    ['highest', 1 - 2 ** -53, 1.1],
  ])('the %s draw moves a gap by at most a tenth', (_name, draw, factor) => {
    EXPECTED.forEach((gap, i) => {
      const drawn = gapAfter(i + 1, resendGapsMs, resendJitter, () => draw);
      expect(drawn).toBeCloseTo(gap * factor, 6);
      expect(Math.abs(drawn - gap)).toBeLessThanOrEqual(gap * 0.1 + 1e-9);
    });
  });

  test('without jitter, chance plays no part', () => {
    expect(gapAfter(3, [1, 2, 3], 0, () => 0)).toBe(3);
    expect(gapAfter(99, [1, 2, 3], 0, () => 0.99)).toBe(3);
  });
});
