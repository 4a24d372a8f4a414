import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import { LogImage } from '../../src/sim/log-image.ts';

const at = '2026-01-01T00:00:00.000Z';
const logOf = (...messages: string[]): Entry[] =>
  messages.map((message, i) => {
    return { index: logIndex(i + 1), epoch: epoch(1), at, op: 'append', message };
  });

/** What is wrong with a start that finds this, where `a` to `d` were durable. */
function wrongWith(found: readonly Entry[], damaged: boolean): string | null {
  const image = new LogImage();
  image.append(logOf('a', 'b', 'c', 'd'));
  image.persist(logIndex(4));
  return image.recover(found, damaged);
}

describe('what a start must find', () => {
  test('is all that was durable', () => {
    expect(wrongWith(logOf('a', 'b', 'c', 'd'), false)).toBeNull();
    expect(wrongWith(logOf('a', 'b'), false)).toContain('was on its disk; nothing now');
  });

  test('is less where it owns up to damage, and none of that is anything else', () => {
    expect(wrongWith(logOf('a', 'b'), true)).toBeNull();
    expect(wrongWith([], true)).toBeNull();
    expect(wrongWith(logOf('a', 'x'), true)).toContain('was on its disk');
  });
});
