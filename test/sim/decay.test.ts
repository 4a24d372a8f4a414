// What damage leaves of a node's files.

import { expect, test } from 'vitest';
import { recordSize } from '../../src/persistence/record/record.ts';
import {
  FILE_HEADER_BYTES,
  segmentName,
  segmentsAmong,
} from '../../src/persistence/segment/segment-file.ts';
import { Chance } from '../../src/sim/chance.ts';
import { FakeDisk } from '../../src/sim/disk/disk.ts';
import {
  cutShort,
  loseSector,
  removeFile,
  turnBit,
  turnBookkeepingBit,
} from '../../src/sim/faults/decay.ts';
import { grown } from './grown.ts';

/** A disk with some segments, of which the last has a record. */
async function diskOfNode(): Promise<FakeDisk> {
  const { disk } = (await grown({ layout: { segmentBytes: 400 } })).site('n2');
  return disk!;
}

const differing = (before: Map<string, Buffer>, disk: FakeDisk): string[] =>
  [...before].flatMap(([name, bytes]) => {
    const now = disk.names().includes(name) ? disk.content(name) : null;
    return now?.equals(bytes) === true ? [] : [name];
  });

test.each([turnBit, loseSector, cutShort, removeFile, turnBookkeepingBit].map((decay) => [decay]))(
  '%o damages one file, and no power cut takes that back',
  async (decay) => {
    const disk = await diskOfNode();
    const before = disk.contents();
    let struck = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const copy = disk.copy();
      const damaged = decay(copy, new Chance(seed));
      const files = differing(before, copy);
      expect(files.length).toBe(damaged ? 1 : 0);
      struck += files.length;
      const bookkeeping = files[0] === 'memory.json';
      if (damaged) expect(bookkeeping).toBe(decay === turnBookkeepingBit);
      copy.restart(true);
      expect(differing(before, copy)).toEqual(files);
    }
    expect(struck).toBeGreaterThan(30);
  },
);

test('what ends early, or is gone, is followed by a record', async () => {
  const disk = new FakeDisk();
  const written = (await diskOfNode()).content(segmentName(1));
  disk.place(segmentName(1), written);
  for (const decay of [cutShort, removeFile]) expect(decay(disk, new Chance(1))).toBe(false);
  // Neither a header alone nor what an interrupted write leaves was acknowledged.
  disk.place(segmentName(9), Buffer.alloc(FILE_HEADER_BYTES));
  disk.place(segmentName(12), Buffer.alloc(200));
  for (const decay of [cutShort, removeFile]) expect(decay(disk, new Chance(1))).toBe(false);
  disk.place(segmentName(20), written);
  for (let seed = 1; seed <= 20; seed += 1) {
    const copy = disk.copy();
    expect(removeFile(copy, new Chance(seed))).toBe(true);
    expect(segmentsAmong(copy.names())).toContain(20);
  }
});

test('what is zeros is followed by a record that is there, and stays', async () => {
  const disk = new FakeDisk();
  for (const [name, bytes] of (await diskOfNode()).contents()) disk.place(name, bytes);
  const first = segmentName(1);
  const bytes = disk.content(first);
  const end = FILE_HEADER_BYTES + recordSize(bytes, FILE_HEADER_BYTES);
  expect(end).toBeLessThan(bytes.length);
  for (const name of disk.names()) if (name > first && name.endsWith('.seg')) disk.lose(name);
  // Cut off behind its first record, but not for good.
  const file = await disk.mount().open(first, 'durable-write');
  await file.truncate(end);
  for (let seed = 1; seed <= 40; seed += 1) {
    const copy = disk.copy();
    loseSector(copy, new Chance(seed));
    const record = copy.content(first).subarray(FILE_HEADER_BYTES);
    expect(record).toEqual(bytes.subarray(FILE_HEADER_BYTES, end));
  }
});

test('zeros that an interrupted write has left are no record that stays', async () => {
  const written = (await diskOfNode()).content(segmentName(1));
  const end = FILE_HEADER_BYTES + recordSize(written, FILE_HEADER_BYTES);
  const disk = new FakeDisk();
  disk.place(segmentName(1), Buffer.concat([written.subarray(0, end), Buffer.alloc(300)]));
  for (let seed = 1; seed <= 40; seed += 1) {
    const copy = disk.copy();
    loseSector(copy, new Chance(seed));
    const record = copy.content(segmentName(1)).subarray(FILE_HEADER_BYTES, end);
    expect(record).toEqual(written.subarray(FILE_HEADER_BYTES, end));
  }
});
