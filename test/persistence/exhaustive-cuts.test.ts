// A log of 200 records cut at every byte there is: started, appended to, cut again, started.

import { describe, expect, it } from 'vitest';
import { everyByte } from './byte-cuts.ts';

const RECORDS = 200;
const ONE_SEGMENT = { segmentBytes: 1 << 20, tailBytes: 1 << 20, blockBytes: 32 << 10 };
const ROLLING = { segmentBytes: 1_500, tailBytes: 1_024, blockBytes: 512, intervalBytes: 300 };

describe('B23, B24: a log of 200 records cut at every byte', () => {
  it('in one segment: always the longest valid prefix, and what is then acknowledged', async () => {
    const { cuts, wrong } = await everyByte(ONE_SEGMENT, RECORDS, 7);
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(cuts).toBeGreaterThan(RECORDS * 80);
  }, 120_000);

  it('in the last of many segments: the same', async () => {
    const { cuts, wrong } = await everyByte(ROLLING, RECORDS, 1);
    expect(wrong.slice(0, 10)).toEqual([]);
    expect(cuts).toBeGreaterThan(500);
  }, 120_000);
});
