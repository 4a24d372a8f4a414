// How long an answer is waited for, against what depends on it.

import { expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../src/core/options.ts';
import { ANSWERED_WITHIN_MS } from '../../src/core/patience.ts';

test('who answers heartbeats so late that it is Unhealthy is heard all the same', () => {
  const { heartbeatIntervalMs, unhealthyAfterMs } = DEFAULT_OPTIONS;
  expect(ANSWERED_WITHIN_MS.Heartbeat).toBeGreaterThan(2 * unhealthyAfterMs + heartbeatIntervalMs);
});

test('a Snapshot is waited for beyond the time in which all of its first copies have left', () => {
  const copies = DEFAULT_OPTIONS.resendGapsMs.reduce((sum, gap) => sum + gap);
  expect(ANSWERED_WITHIN_MS.Snapshot).toBeGreaterThan(copies);
});

test.each(['Join', 'Replicas'] as const)('a lost %s keeps a node out for a moment only', (type) => {
  const { joinRetryMs, masterSilenceMs } = DEFAULT_OPTIONS;
  expect(ANSWERED_WITHIN_MS[type] + joinRetryMs).toBeLessThan(masterSilenceMs / 2);
});
