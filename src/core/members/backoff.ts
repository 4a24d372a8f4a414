// The gaps between copies of something that has not been acknowledged.

/**
 * Gap before the next copy, in milliseconds, after `copies` (≥ 1) have been sent. The last gap of
 * the schedule repeats; `jitter` 0.1 means up to 10 % shorter or longer.
 */
export function gapAfter(
  copies: number,
  schedule: readonly number[],
  jitter: number,
  random: () => number,
): number {
  const gap = schedule[Math.min(copies, schedule.length) - 1]!;
  return gap * (1 + jitter * (2 * random() - 1));
}
