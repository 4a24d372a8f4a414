// What a restart finds in damaged, torn and foreign files.

import { describe, expect, it } from 'vitest';
import { BLANK_MEMORY } from '../../../src/core/effects.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { DamagedLog, UnknownFormat } from '../../../src/persistence/persistence.ts';
import { encodeRecord, HEADER_BYTES, markWrite } from '../../../src/persistence/record/record.ts';
import { encodeFileHeader, segmentName } from '../../../src/persistence/segment/segment-file.ts';
import { at, entriesOf, entryAt } from '../entries.ts';
import { laterFormat } from '../later-format.ts';
import { Machine } from '../machine.ts';

const ONE_SEGMENT = { segmentBytes: 1 << 20, tailBytes: 1 << 20, blockBytes: 8 << 10 };
const FIRST = segmentName(1);

/** A machine whose log was written in writes of so many entries each. */
async function written(machine: Machine, writes: readonly number[]): Promise<Machine> {
  const { log } = await machine.recover();
  let last = 0;
  for (const [id, count] of writes.entries()) {
    log.append(entriesOf(last + 1, last + count));
    last += count;
    await log.persist(id, at(last));
  }
  await log.close();
  return machine;
}

async function refused(machine: Machine): Promise<unknown> {
  const before = machine.disk.contents();
  const error = await machine.recover().then(
    ({ found }) => `accepted up to ${found.lastIndex}`,
    (reason: unknown) => reason,
  );
  // Compared by hand: matchers take longer over thousands of files than everything else.
  const after = machine.disk.contents();
  const same = [...before].every(([name, bytes]) => after.get(name)?.equals(bytes) === true);
  expect([same, after.size]).toEqual([true, before.size]);
  return error;
}

describe('G15, B23: a log that was cut short', () => {
  it('at any byte of its last write gives the longest valid prefix, twice', async () => {
    const machine = new Machine(ONE_SEGMENT);
    const { log } = await machine.recover();
    log.append(entriesOf(1, 60).map((entry) => ({ ...entry, at: '', message: '' }) as Entry));
    await log.persist(1, at(60));
    const whole = machine.disk.content(FIRST);
    const ends = recordEnds(whole);
    // Judged at the end: a matcher per byte would take longer than the recoveries.
    const wrong: string[] = [];
    for (let length = 0; length < whole.length; length += 1) {
      const torn = new Machine(ONE_SEGMENT);
      torn.disk.place(FIRST, whole.subarray(0, length));
      const kept = ends.filter((end) => end <= length).length;
      const first = await torn.recover();
      if (first.entries.length !== kept) wrong.push(`${length}: ${first.entries.length} found`);
      first.log.append([entryAt(kept + 1, 'behind')]);
      await first.log.persist(1, at(kept + 1));
      torn.disk.restart(true);
      const second = await torn.recover();
      const last = JSON.stringify(second.entries[kept]);
      if (last !== JSON.stringify(entryAt(kept + 1, 'behind'))) wrong.push(`${length}: ${last}`);
      if (second.found.cutBytes !== 0) wrong.push(`${length}: not cut off`);
    }
    expect(wrong).toEqual([]);
  }, 30_000);

  it('by zeros from any byte of its last write on gives the longest valid prefix', async () => {
    const machine = await written(new Machine(ONE_SEGMENT), [2, 8]);
    const whole = machine.disk.content(FIRST);
    const ends = recordEnds(whole);
    for (let length = ends[1]!; length < whole.length; length += 1) {
      const torn = new Machine(ONE_SEGMENT);
      torn.disk.place(FIRST, Buffer.from(whole).fill(0, length));
      const { entries, found } = await torn.recover();
      expect(entries).toHaveLength(ends.filter((end) => end <= length).length);
      expect(torn.disk.content(FIRST)).toHaveLength(whole.length - found.cutBytes);
    }
  });

  it('in an earlier write or by zeros before the last write is damaged', async () => {
    const machine = await written(new Machine(ONE_SEGMENT), [3, 3]);
    const whole = machine.disk.content(FIRST);
    const ends = recordEnds(whole);
    const hole = Buffer.from(whole).fill(0, ends[1]! + 40, ends[2]!);
    const toEnd = Buffer.from(whole).fill(0, ends[1]! + 40);
    for (const bytes of [hole, toEnd]) {
      const damaged = new Machine(ONE_SEGMENT);
      damaged.disk.place(FIRST, bytes);
      expect(await refused(damaged)).toMatchObject({ file: FIRST, offset: ends[1] });
    }
  });

  it('by zeros at its beginning, and not up to its end, is damaged', async () => {
    const machine = await written(new Machine(ONE_SEGMENT), [9]);
    const whole = machine.disk.content(FIRST);
    for (const [from, to] of [
      [0, 32],
      [20, 32],
      [0, 512],
      [0, whole.length - 1],
    ]) {
      const damaged = new Machine(ONE_SEGMENT);
      damaged.disk.place(FIRST, Buffer.from(whole).fill(0, from, to));
      expect(await refused(damaged)).toMatchObject({ name: 'DamagedLog', file: FIRST, offset: 0 });
    }
  });

  it('in a segment that another one follows is damaged', async () => {
    const machine = await written(new Machine(), [5, 5, 5, 5, 5]);
    const names = [...machine.disk.contents().keys()].filter((name) => name.endsWith('.seg'));
    expect(names.length).toBeGreaterThan(1);
    const whole = machine.disk.content(FIRST);
    for (const [length, offset] of [
      [0, 0],
      [20, 0],
      [32, 32],
      [100, 32],
      [whole.length - 1, recordEnds(whole).at(-2)!],
    ]) {
      machine.disk.place(FIRST, whole.subarray(0, length));
      expect(await refused(machine)).toMatchObject({ name: 'DamagedLog', file: FIRST, offset });
    }
    // Cut between two records it is the next segment that shows what is missing.
    machine.disk.place(FIRST, whole.subarray(0, recordEnds(whole).at(-2)!));
    expect(await refused(machine)).toBeInstanceOf(DamagedLog);
    machine.disk.place(FIRST, whole);
    expect((await machine.recover()).entries).toEqual(entriesOf(1, 25));
  });

  it('by the loss of a segment is damaged, unless nothing follows', async () => {
    for (const lost of [0, 1]) {
      const machine = await written(new Machine(), [5, 5, 5, 5, 5]);
      const names = [...machine.disk.contents().keys()].filter((name) => name.endsWith('.seg'));
      await machine.disk.mount().remove(names[lost]!);
      expect(await refused(machine)).toBeInstanceOf(DamagedLog);
    }
  });
});

describe('a log that is valid in each part but not as a whole', () => {
  it('does not begin with entry 1', async () => {
    const machine = new Machine();
    const text = JSON.stringify(entryAt(5));
    const record = Buffer.alloc(HEADER_BYTES + text.length);
    encodeRecord(record, 0, text, text.length, { index: 5, epoch: 1 }, 0);
    markWrite(record, 0, record.length);
    machine.disk.place(segmentName(5), Buffer.concat([encodeFileHeader(5, 0), record]));
    expect(await refused(machine)).toMatchObject({ file: segmentName(5), offset: 0 });
  });

  it('has a write that begins within another, or none where one must', async () => {
    const whole = (await written(new Machine(ONE_SEGMENT), [2, 2])).disk.content(FIRST);
    const ends = recordEnds(whole);
    const second = ends[0]!;
    const third = ends[1]!;
    for (const [offset, length] of [
      [second, third - second],
      [third, 0],
      [third, 40],
    ] as const) {
      const bytes = Buffer.from(whole);
      markWrite(bytes, offset, length);
      const machine = new Machine(ONE_SEGMENT);
      machine.disk.place(FIRST, bytes);
      expect(await refused(machine)).toMatchObject({ file: FIRST, offset });
    }
  });

  it('names an index or epoch in a header that is not that of the entry', async () => {
    for (const place of [
      { index: 2, epoch: 1 },
      { index: 1, epoch: 2 },
    ]) {
      const text = JSON.stringify(entryAt(1));
      const record = Buffer.alloc(HEADER_BYTES + text.length);
      encodeRecord(record, 0, text, text.length, place, 0);
      markWrite(record, 0, record.length);
      const machine = new Machine();
      machine.disk.place(FIRST, Buffer.concat([encodeFileHeader(1, 0), record]));
      expect(await refused(machine)).toMatchObject({ file: FIRST, offset: 32 });
    }
  });
});

describe('B25: one bit flipped', () => {
  it('is noticed by a read as well', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    log.append(entriesOf(1, 40));
    await log.persist(1, at(40));
    const bytes = machine.disk.content(FIRST);
    bytes[200]! ^= 1;
    machine.disk.place(FIRST, bytes);
    await expect(log.read(at(1), at(3))).rejects.toBeInstanceOf(DamagedLog);
  });

  it('in the bookkeeping is never accepted', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    await log.remember({ ...BLANK_MEMORY, cluster: 'abc' });
    await log.close();
    const whole = machine.disk.content('memory.json');
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const damaged = new Machine();
      damaged.disk.place('memory.json', flipped);
      const error = await refused(damaged);
      if (!(error instanceof UnknownFormat)) expect(error).toBeInstanceOf(DamagedLog);
    }
  });
});

describe('B34: a folder of a later version', () => {
  it('is left alone', async () => {
    const machine = await written(new Machine(), [3]);
    machine.disk.place(FIRST, laterFormat(machine.disk.content(FIRST)));
    expect(await refused(machine)).toBeInstanceOf(UnknownFormat);
  });

  it('is one only if its header is whole: a bit that turned over is damage', async () => {
    const machine = await written(new Machine(), [3]);
    const bytes = machine.disk.content(FIRST);
    for (let bit = 64; bit < 96; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      machine.disk.place(FIRST, flipped);
      expect(await refused(machine)).toBeInstanceOf(DamagedLog);
    }
  });

  it('is none where a digit of the bookkeeping turned over: nobody has it', async () => {
    const machine = new Machine();
    const { log } = await machine.recover();
    await log.remember({ ...BLANK_MEMORY, cluster: 'abc' });
    await log.close();
    const text = machine.disk.content('memory.json').toString();
    for (const wrong of ['3', '5', '9', '0']) {
      const changed = text.replace('"format":1', `"format":${wrong}`);
      machine.disk.place('memory.json', Buffer.from(changed));
      expect(await refused(machine)).toBeInstanceOf(DamagedLog);
    }
  });

  it('is left alone if only its bookkeeping is later', async () => {
    const machine = new Machine();
    machine.disk.place('memory.json', Buffer.from('{"format":2,"anything":[]}\n'));
    expect(await refused(machine)).toBeInstanceOf(UnknownFormat);
  });
});

/** Where each record of a segment ends, found by the length fields alone. */
function recordEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let offset = 32; offset < bytes.length; ) {
    offset += 32 + bytes.readUInt32LE(offset + 4);
    ends.push(offset);
  }
  return ends;
}
