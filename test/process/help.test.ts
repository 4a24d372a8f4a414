// Help is quick: whoever asks for it is waiting for nothing else.

import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { ENTRY } from './program.ts';

test('help is there within 250 ms', () => {
  const times: number[] = [];
  // The best of ten: what the program needs, not what else the machine did meanwhile.
  for (let i = 0; i < 10; i += 1) {
    const startedAt = performance.now();
    const { status, stdout } = spawnSync(process.execPath, [ENTRY, '--help'], { encoding: 'utf8' });
    times.push(performance.now() - startedAt);
    expect(status).toBe(0);
    expect(stdout).toContain('cluster');
  }
  expect(Math.min(...times)).toBeLessThanOrEqual(250);
});
