// Records at known places, read a few at a time.

import { expect, it } from 'vitest';
import type { DiskFile } from '../../src/persistence/disk.ts';
import { visitAt } from '../../src/persistence/outlined-reading.ts';
import { encodeRecord, HEADER_BYTES } from '../../src/persistence/record.ts';
import { at, entryAt } from './entries.ts';

it('shows no more records at once than it is told, and each once', async () => {
  const places: number[] = [];
  const bytes = Buffer.alloc(20_000);
  let end = 0;
  for (let i = 1; i <= 100; i += 1) {
    const entry = entryAt(at(i), 'm');
    const text = JSON.stringify(entry);
    places.push(end);
    encodeRecord(bytes, end, text, text.length, entry, 0, undefined);
    end += HEADER_BYTES + text.length;
  }
  const file = {
    read: async (into: Buffer, position: number) => bytes.copy(into, 0, position, end),
  } as Partial<DiskFile> as DiskFile;
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
  await visitAt(file, places, end, visit, { windowBytes: 512 << 10, visitsMax: 32, pause });
  expect(shown).toEqual(places);
  expect(atOnce).toEqual([32, 32, 32, 4]);
});
