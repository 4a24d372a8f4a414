import { describe, expect, test } from 'vitest';
import { FailureDetector } from '../../../src/core/members/failure-detector.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';

const { heartbeatIntervalMs } = DEFAULT_OPTIONS;

/** Judges at every given moment; returns the moments at which the verdict changed. */
function verdicts(detector: FailureDetector, moments: Iterable<number>): string[] {
  const changes: string[] = [];
  for (const now of moments) {
    const before = detector.judge(now, false);
    if (before !== null) changes.push(`${now} ${before} → ${detector.current}`);
  }
  return changes;
}

function* every(stepMs: number, from: number, to: number): Iterable<number> {
  for (let now = from; now <= to; now += stepMs) yield now;
}

describe('FailureDetector', () => {
  test('silence: Suspected after 1.5 s, Unhealthy after 4 s; the first answer: Healthy', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    detector.heard(1_000);
    expect(verdicts(detector, every(1, 1_000, 9_000))).toEqual([
      '2500 Healthy → Suspected',
      '5000 Suspected → Unhealthy',
    ]);
    detector.heard(9_001);
    expect(verdicts(detector, [9_001])).toEqual(['9001 Unhealthy → Healthy']);
    expect(detector.since).toBe(9_001);
  });

  test('a node that was never heard gets the same time, and has no last answer', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 100);
    expect(detector.lastHeard).toBeNull();
    expect(verdicts(detector, every(1, 100, 5_000))).toEqual([
      '1600 Healthy → Suspected',
      '4100 Suspected → Unhealthy',
    ]);
  });

  test('names the moment at which silence alone changes the verdict', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    for (let changes = 0; changes < 2; changes += 1) {
      const at = detector.deadline();
      expect(detector.judge(at - 1, false)).toBeNull();
      expect(detector.judge(at, false)).not.toBeNull();
    }
    expect(detector.current).toBe('Unhealthy');
    expect(detector.deadline()).toBe(Number.POSITIVE_INFINITY);
  });

  test('C18: at that moment the verdict does change, also where sums are not exact', () => {
    for (let i = 0; i < 1_000; i += 1) {
      const detector = new FailureDetector(DEFAULT_OPTIONS, i * 1.005_731_393_056_5);
      expect(detector.judge(detector.deadline(), false)).toBe('Healthy');
      expect(detector.judge(detector.deadline(), false)).toBe('Suspected');
    }
  });

  test('B55, C15: answers that are up to 90 % of the interval late change nothing', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    let draw = 42;
    const answers: number[] = [];
    for (let beat = 0; beat < 10_000; beat += 1) {
      draw = (draw * 1_103_515_245 + 12_345) % 2 ** 31;
      const lateMs = 0.9 * heartbeatIntervalMs * (draw / 2 ** 31);
      answers.push(beat * heartbeatIntervalMs + lateMs);
    }
    const changes: string[] = [];
    for (const at of answers) {
      changes.push(...verdicts(detector, every(50, Math.ceil(detector.lastHeard ?? 0), at)));
      detector.heard(at);
      changes.push(...verdicts(detector, [at]));
    }
    expect(changes).toEqual([]);
  });

  test('B54, C15: the time in which the judge itself stood still is no silence', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    detector.heard(1_000);
    detector.excuse(60_000, 61_100);
    expect(verdicts(detector, [61_100])).toEqual([]);
    expect(verdicts(detector, every(1, 61_100, 66_000))[0]).toBe('62500 Healthy → Suspected');
  });

  test('C15: a pause does not make a dead node look alive', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    verdicts(detector, every(100, 0, 5_000));
    expect(detector.current).toBe('Unhealthy');
    detector.excuse(60_000, 65_000);
    expect(verdicts(detector, every(100, 65_000, 70_000))).toEqual([]);
  });

  test('B56: one that is heard but stalled is Suspected, not Healthy, and not Unhealthy', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    for (let now = 0; now <= 60_000; now += 500) {
      detector.heard(now);
      detector.judge(now, now >= 4_000);
    }
    expect(detector.current).toBe('Suspected');
    expect(detector.judge(60_001, false)).toBe('Suspected');
    expect(detector.current).toBe('Healthy');
  });

  test('one that is stalled and silent too becomes Unhealthy', () => {
    const detector = new FailureDetector(DEFAULT_OPTIONS, 0);
    detector.judge(0, true);
    expect(detector.current).toBe('Suspected');
    detector.judge(4_000, true);
    expect(detector.current).toBe('Unhealthy');
  });
});
