// Every single bit of a log flipped once. The rule: a flipped bit is never taken for what was
// written, nor for the end of the log; the node refuses it aloud, and leaves the files as they are.

import { describe, expect, it } from 'vitest';
import { HEADER_BYTES } from '../../src/persistence/record/record.ts';
import { FILE_HEADER_BYTES } from '../../src/persistence/segment/segment-file.ts';
import { everyBit, everySecondBit, written } from './bit-flips.ts';

const ONE_SEGMENT = { segmentBytes: 1 << 20, tailBytes: 1 << 20, blockBytes: 8 << 10 };
/** Nothing stays in memory, so that everything is also read back from the disk. */
const ROLLING = { segmentBytes: 900, tailBytes: 1, blockBytes: 512, intervalBytes: 300 };

const SEGMENT = /\.seg$/;

describe('G15, B25, B34: every bit of a log flipped once', () => {
  it('in one segment of 4 KiB: not one is accepted', async () => {
    const log = await written([2, 1, 4, 1, 1, 1], ONE_SEGMENT);
    const { bits, counts } = await everyBit(log, SEGMENT);
    expect(bits).toBeGreaterThanOrEqual(4 * 1_024 * 8);
    expect(counts).toEqual({ damaged: bits });
  }, 120_000);

  it('in several segments: all are refused, at the latest when they are read', async () => {
    const log = await written([1, 2, 1, 1], ROLLING);
    const segments = [...log.files.keys()].filter((name) => SEGMENT.test(name));
    const { bits, counts } = await everyBit(log, SEGMENT);
    const { damaged = 0, 'damaged when read': later = 0, ...others } = counts;
    expect(segments.length).toBeGreaterThan(2);
    expect(others).toEqual({});
    expect(damaged + later).toBe(bits);
  }, 120_000);
});

describe('B25: a flipped bit in a log whose last write was torn', () => {
  it('is refused in what was acknowledged, and in what is whole of the last write', async () => {
    const log = await written([1, 1, 2], ONE_SEGMENT);
    const name = [...log.files.keys()].find((each) => SEGMENT.test(each))!;
    const whole = log.files.get(name)!;
    const payload = Buffer.byteLength(log.texts.at(-1)!);
    // The last write loses the second half of its last entry.
    const kept = Math.floor(payload / 2);
    const files = new Map(log.files).set(name, whole.subarray(0, whole.length - payload + kept));
    const torn = { ...log, files, acknowledged: 2 };
    const { bits, counts } = await everyBit(torn, SEGMENT);
    // Only where the entry goes anyway, its bits do not matter.
    expect(counts).toEqual({ damaged: bits - kept * 8, cut: kept * 8 });
  }, 120_000);
});

describe('B25: bits that turn over while the log is read, though the disk is well', () => {
  it('twice in one start: never take the last write for torn', async () => {
    const log = await written([1, 1, 1], ONE_SEGMENT);
    const name = [...log.files.keys()].find((each) => SEGMENT.test(each))!;
    const whole = log.files.get(name)!;
    // Every reading behind the first one that finds the last entry's text changed.
    const inLast = (whole.length - FILE_HEADER_BYTES - 20) * 8;
    const { alone, counts } = await everySecondBit(log, name, inLast, 64);
    expect(alone).toBe('damaged');
    expect(Object.keys(counts)).toEqual(['damaged']);
    expect(counts.damaged).toBeGreaterThanOrEqual(HEADER_BYTES * 8);
  });
});
