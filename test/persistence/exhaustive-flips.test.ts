// Every single bit of a log flipped once. The rule: a flipped bit is never taken for what was
// written, nor for the end of the log; the node refuses it aloud, and leaves the files as they are.

import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/operation.ts';
import { DamagedLog, type Persistence, UnknownFormat } from '../../src/persistence/persistence.ts';
import { FORMAT_VERSION } from '../../src/persistence/segment-file.ts';
import type { SegmentedLogOptions } from '../../src/persistence/segmented-log.ts';
import type { FakeDisk } from '../../src/sim/disk.ts';
import { at, entryAt } from './entries.ts';
import { Machine } from './machine.ts';

const ONE_SEGMENT = { segmentBytes: 1 << 20, tailBytes: 1 << 20, blockBytes: 8 << 10 };
/** Nothing stays in memory, so that everything is also read back from the disk. */
const ROLLING = { segmentBytes: 900, tailBytes: 1, blockBytes: 512, intervalBytes: 300 };

const entryOf = (index: number): Entry => entryAt(index, `message ${index} `.repeat(30));

/** What became of a log with a flipped bit. */
type Outcome = 'damaged' | 'unknown format' | 'damaged when read' | 'cut' | 'as it was';

/** Accepted though it is not what was written, or not all that was acknowledged. */
type Wrong = 'another log' | 'a shorter log' | 'changed though refused' | `failed: ${string}`;

interface Case {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly texts: readonly string[];
  /** How many of them were acknowledged. */
  readonly acknowledged: number;
  readonly options: SegmentedLogOptions;
}

/** Writes a log in writes of so many entries each. */
async function written(writes: readonly number[], options: SegmentedLogOptions): Promise<Case> {
  const machine = new Machine(options);
  const { log } = await machine.recover();
  const texts: string[] = [];
  for (const count of writes) {
    for (let n = 0; n < count; n += 1) {
      const entry = entryOf(texts.length + 1);
      log.append([entry]);
      texts.push(JSON.stringify(entry));
    }
    await log.persist(texts.length, at(texts.length));
  }
  await log.close();
  return { files: machine.disk.contents(), texts, acknowledged: texts.length, options };
}

/** Whether nothing on the disk has changed but the one bit. */
function unchanged(log: Case, disk: FakeDisk, file: string, bit: number): boolean {
  disk.flip(file, bit);
  const names = disk.names();
  return (
    names.length === log.files.size &&
    names.every((name) => log.files.get(name)?.equals(disk.content(name)) === true)
  );
}

async function flip(log: Case, file: string, bit: number): Promise<Outcome | Wrong> {
  const machine = new Machine(log.options);
  for (const [name, bytes] of log.files) machine.disk.place(name, bytes);
  machine.disk.flip(file, bit);
  const opened = machine.open();
  const found: string[] = [];
  try {
    await opened.recover((entry) => found.push(JSON.stringify(entry)));
  } catch (error) {
    if (!unchanged(log, machine.disk, file, bit)) return 'changed though refused';
    if (error instanceof UnknownFormat) return 'unknown format';
    return error instanceof DamagedLog ? 'damaged' : `failed: ${error}`;
  }
  return judge(log, opened, found);
}

/** A log that was accepted must be what was written, each time it is looked at. */
async function judge(log: Case, opened: Persistence, found: string[]): Promise<Outcome | Wrong> {
  const count = Number(opened.lastIndex);
  if (count < log.acknowledged) return 'a shorter log';
  const written = log.texts.slice(0, count);
  if (found.some((text, i) => text !== written[i])) return 'another log';
  try {
    const chunk = await opened.read(at(1), at(count));
    if (chunk.json.toString() !== written.join()) return 'another log';
  } catch (error) {
    return error instanceof DamagedLog ? 'damaged when read' : `failed: ${error}`;
  }
  return count < log.texts.length ? 'cut' : 'as it was';
}

/** Flips every bit of the files whose names fit; counts what came of it. */
async function everyBit(log: Case, names: RegExp) {
  const { stackTraceLimit } = Error;
  // Most of the time would go into the stacks of errors that nobody looks at.
  Error.stackTraceLimit = 0;
  const counts: Partial<Record<Outcome | Wrong, number>> = {};
  let bits = 0;
  for (const [name, bytes] of log.files) {
    if (!names.test(name)) continue;
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const outcome = await flip(log, name, bit);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    bits += bytes.length * 8;
  }
  Error.stackTraceLimit = stackTraceLimit;
  return { bits, counts };
}

/** Flipping any zero of the version makes it a later one. */
const LATER_VERSIONS = 32 - FORMAT_VERSION.toString(2).replaceAll('0', '').length;

const SEGMENT = /\.seg$/;

describe('B25, B34: every bit of a log flipped once', () => {
  it('in one segment of 4 KiB: not one is accepted', async () => {
    const log = await written([2, 1, 4, 1, 1, 1], ONE_SEGMENT);
    const { bits, counts } = await everyBit(log, SEGMENT);
    expect(bits).toBeGreaterThanOrEqual(4 * 1_024 * 8);
    expect(counts).toEqual({
      damaged: bits - LATER_VERSIONS,
      'unknown format': LATER_VERSIONS,
    });
  }, 60_000);

  it('in several segments: all are refused, at the latest when they are read', async () => {
    const log = await written([1, 2, 1, 1], ROLLING);
    const segments = [...log.files.keys()].filter((name) => SEGMENT.test(name));
    const { bits, counts } = await everyBit(log, SEGMENT);
    const { damaged = 0, 'damaged when read': later = 0, ...others } = counts;
    const unknown = LATER_VERSIONS * segments.length;
    expect(segments.length).toBeGreaterThan(2);
    expect(others).toEqual({ 'unknown format': unknown });
    expect(damaged + later + unknown).toBe(bits);
  }, 60_000);
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
    expect(counts).toEqual({
      damaged: bits - LATER_VERSIONS - kept * 8,
      'unknown format': LATER_VERSIONS,
      cut: kept * 8,
    });
  }, 60_000);
});
