import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { LogImage } from '../../../src/sim/watch/log-image.ts';

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

describe('what a start must find of keys', () => {
  const put = (index: number, key: string): Entry => {
    const value = `v${index}`;
    return { index: logIndex(index), epoch: epoch(1), at, op: 'put', key, value };
  };

  /** 1 was superseded by 3, and gone at the last start. */
  function compacted(): LogImage {
    const image = new LogImage();
    const log = [put(1, 'a'), put(2, 'b'), put(3, 'a'), put(4, 'c')];
    image.append(log);
    image.persist(logIndex(4));
    expect(image.recover(log.slice(1), false)).toBeNull();
    return image;
  }

  test('is not what was gone before damage took what had superseded it', () => {
    const image = compacted();
    expect(image.recover([put(2, 'b')], true)).toBeNull();
    expect(image.recover([put(2, 'b')], false)).toBeNull();
    // Appended anew, it is there again.
    image.truncate(logIndex(0));
    image.append([put(1, 'a'), put(2, 'b')]);
    image.persist(logIndex(2));
    expect(image.recover([put(2, 'b')], false)).toContain('1:a=v1 was on its disk; nothing now');
  });

  test.each([
    [2, '1:a=v1 was on its disk; nothing now'],
    [1, null],
  ])('is what carries one of the last %i idempotency keys', (remembered, wrong) => {
    const image = new LogImage(remembered);
    const keyed = (entry: Entry): Entry => ({ ...entry, idempotencyKey: `k${entry.index}` });
    const log = [keyed(put(1, 'a')), put(2, 'a'), keyed(put(3, 'b'))];
    image.append(log);
    image.persist(logIndex(3));
    const said = image.recover(log.slice(1), false);
    if (wrong === null) expect(said).toBeNull();
    else expect(said).toContain(wrong);
  });

  test('is everything of a new disk, whatever was gone from the one before', () => {
    const image = compacted();
    image.forget();
    image.append([put(1, 'a'), put(2, 'b')]);
    image.persist(logIndex(2));
    expect(image.recover([put(2, 'b')], false)).toContain('1:a=v1 was on its disk; nothing now');
  });

  test('is not what cannot be read; that is there all the same', () => {
    const image = compacted();
    const unreadable = [{ from: 2, to: 3 }];
    expect(image.recover([put(4, 'c')], false, unreadable)).toBeNull();
    expect([2, 3].map((index) => image.durableEpochAt(index))).toEqual([1, 1]);
    expect(image.recover([put(4, 'c')], false)).toContain('2:b=v2 was on its disk');
    expect(compacted().recover([], false, [{ from: 2, to: 4 }])).toBeNull();
    expect(compacted().recover([], false, [{ from: 2, to: 3 }])).toContain('4:c=v4');
    // Its end may be behind what can be read.
    const ended = compacted();
    expect(ended.recover([put(2, 'b')], true, [{ from: 3, to: 4 }])).toBeNull();
    expect(ended.recover([put(2, 'b'), put(3, 'a')], false)).toContain('4:c=v4 was on its disk');
  });
});
