// Keys and requests of a segment, written a little at a time, and read again.

import { describe, expect, it } from 'vitest';
import { epoch } from '../../../src/core/ids.ts';
import { Deduplication } from '../../../src/core/log/deduplication.ts';
import type { KnownRequest } from '../../../src/core/log/known-requests.ts';
import { entryOf } from '../../../src/core/operation.ts';
import { Digest } from '../../../src/persistence/segment/digest.ts';
import { encodeFolds, StoredFolds } from '../../../src/persistence/segment/stored-folds.ts';
import { at } from '../entries.ts';

const FIRST = 7;

function requestsOf(count: number): KnownRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    key: `request "${i}"`,
    first: at(FIRST + i * 2),
    count: 1 + (i % 2),
    fingerprint: 2 ** 53 - 1 - i,
  }));
}

function digestOf(count: number): Digest {
  const known = new Deduplication(Number.POSITIVE_INFINITY);
  for (const request of requestsOf(count)) known.restore(request);
  const digest = new Digest(null, known.requests);
  for (let i = 0; i < count; i += 1) {
    const place = { index: at(FIRST + i), epoch: epoch(1), at: '2024-05-01T12:00:00.000Z' };
    const operation =
      i % 3 === 0
        ? ({ op: 'remove', key: `ключ ${i}` } as const)
        : ({ op: 'put', key: `ключ ${i}`, value: 'v' } as const);
    digest.observe(entryOf(operation, place, {}));
  }
  return digest;
}

describe('the folds of a segment', () => {
  it.each([0, 1, 999, 1_000, 1_001, 2_000, 2_500])('of %d keys and requests', async (count) => {
    const digest = digestOf(count);
    let pauses = 0;
    const { keys, requests } = await encodeFolds(digest, FIRST, () => {
      pauses += 1;
    });
    const bytes = Buffer.concat(requests.parts);
    expect([keys.bytes, requests.bytes]).toEqual([Buffer.concat(keys.parts).length, bytes.length]);
    const described = {
      ...{ first: FIRST, last: FIRST + 2 * count, batch: null, open: null },
      ...{ keyCount: count, requestCount: count },
    };
    const stored = new StoredFolds(described, Buffer.concat(keys.parts), bytes);
    const found: KnownRequest[] = [];
    stored.eachRequest((request) => found.push(request));
    expect(found).toEqual(requestsOf(count));
    const seen: unknown[] = [];
    stored.eachKey((key, index, present) => seen.push([key, { index, present }]));
    expect(seen).toEqual([...digest.keys]);
    expect(pauses).toBe(2 * Math.ceil(count / 1_000));
  });
});
