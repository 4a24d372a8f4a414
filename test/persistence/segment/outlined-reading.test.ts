// Records at known places, read a few at a time.

import { expect, it } from 'vitest';
import type { DiskFile } from '../../../src/persistence/disk/disk.ts';
import { encodeRecord, HEADER_BYTES } from '../../../src/persistence/record/record.ts';
import { visitAt } from '../../../src/persistence/segment/outlined-reading.ts';
import { at, entryAt } from '../entries.ts';

/** A file of 100 records, of which one is long, and where they begin. */
function recorded(): { bytes: Buffer; places: number[]; end: number } {
  const places: number[] = [];
  const bytes = Buffer.alloc(60_000);
  let end = 0;
  for (let i = 1; i <= 100; i += 1) {
    const entry = entryAt(at(i), i === 70 ? 'm'.repeat(40_000) : 'm');
    const text = JSON.stringify(entry);
    places.push(end);
    encodeRecord(bytes, end, text, text.length, entry, 0, undefined);
    end += HEADER_BYTES + text.length;
  }
  return { bytes, places, end };
}

function fileOf(bytes: Buffer, end: number): DiskFile {
  const read = async (into: Buffer, position: number): Promise<number> => {
    // A length that nobody wrote is not believed.
    expect(into.length).toBeLessThanOrEqual(bytes.length);
    return bytes.copy(into, 0, position, end);
  };
  return { read } as Partial<DiskFile> as DiskFile;
}

it('shows no more records at once than it is told, and each once', async () => {
  const { bytes, places, end } = recorded();
  const shown: number[] = [];
  const atOnce: number[] = [];
  let since = 0;
  const visit = (_: Buffer, __: number, place: number): void => {
    shown.push(place);
    since += 1;
  };
  const pause = (): void => {
    atOnce.push(since);
    since = 0;
  };
  const file = fileOf(bytes, end);
  const pace = { windowBytes: 512 << 10, visitsMax: 32, pause };
  await visitAt({ file, name: 'log', places, end }, visit, pace);
  expect(shown).toEqual(places);
  expect(atOnce).toEqual([32, 32, 5, 1, 30]);
});

it('shows no record that is not read as it was written, the long one included', async () => {
  const { bytes, places, end } = recorded();
  const pace = { windowBytes: 32 << 10, visitsMax: 32, pause: () => undefined };
  for (const wrong of [0, 1, 50, 69, 99]) {
    const place = places[wrong]!;
    // In its checksums, its length, its index, the beginning and the end of its text.
    const size = (places[wrong + 1] ?? end) - place;
    for (const byte of [0, 7, 8, 17, HEADER_BYTES, size - 1]) {
      const flipped = Buffer.from(bytes);
      flipped[place + byte] = flipped[place + byte]! ^ 64;
      const shown: number[] = [];
      const visit = (_: Buffer, __: number, offset: number): number => shown.push(offset);
      const reading = visitAt(
        { file: fileOf(flipped, end), name: 'log', places, end },
        visit,
        pace,
      );
      await expect(reading, `record ${wrong}, byte ${byte}`).rejects.toMatchObject({
        name: 'DamagedLog',
        offset: place,
      });
      expect(shown).toEqual(places.slice(0, wrong));
    }
  }
});
