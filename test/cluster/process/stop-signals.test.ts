import { describe, expect, it } from 'vitest';
import { takeStopSignals } from '../../../src/cluster/process/stop-signals.ts';

describe('takeStopSignals', () => {
  it('stops at the first signal, and ends at once at a later Ctrl-C', async () => {
    let time = 0;
    let again = 0;
    const signals = takeStopSignals(
      () => {
        again += 1;
      },
      () => time,
    );
    try {
      process.emit('SIGINT', 'SIGINT');
      expect(await signals.first).toBe('SIGINT');
      // The same Ctrl-C, forwarded by npm.
      time = 20;
      process.emit('SIGINT', 'SIGINT');
      expect(again).toBe(0);
      time = 400;
      process.emit('SIGTERM', 'SIGTERM');
      expect(again).toBe(0);
      process.emit('SIGINT', 'SIGINT');
      expect(again).toBe(1);
    } finally {
      signals.close();
    }
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('gives %s back', (signal) => {
    const before = process.listenerCount(signal);
    const signals = takeStopSignals(() => undefined);
    expect(process.listenerCount(signal)).toBe(before + 1);
    signals.close();
    expect(process.listenerCount(signal)).toBe(before);
  });
});
