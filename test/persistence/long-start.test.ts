// A start that reads more than fits into one window: what it puts into memory is what is on disk.

import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/core/operation.ts';
import { at, entryAt } from './entries.ts';
import { Machine } from './machine.ts';

/** Several windows, and blocks of which none is as long as a window. */
const LARGE = { segmentBytes: 8 << 20, tailBytes: 8 << 20, blockBytes: 300_000 };
const ENTRIES = 40;
const CHARACTERS = 100_000;

const entries = Array.from({ length: ENTRIES }, (_, i) =>
  entryAt(i + 1, `${i} `.repeat(CHARACTERS / 3)),
);

async function written(salvage: boolean): Promise<Machine> {
  const machine = new Machine({ ...LARGE, salvage: () => salvage });
  const { log } = await machine.recover();
  log.append(entries);
  await log.persist(1, at(ENTRIES));
  await log.close();
  return machine;
}

async function readsBack(machine: Machine, count: number): Promise<void> {
  const { log } = await machine.recover();
  expect(log.lastIndex).toBe(count);
  for (let index = 1; index <= count; index += 1) {
    const { json } = await log.read(at(index), at(index));
    expect(JSON.parse(`[${json.toString('utf8')}]`) as Entry[]).toEqual([entries[index - 1]]);
  }
}

describe('G15: a segment of several windows', () => {
  it('is read back as it was written', async () => {
    await readsBack(await written(false), ENTRIES);
  });

  it('is kept up to its damage, where there are others to fetch from', async () => {
    const machine = await written(true);
    const [name, bytes] = [...machine.disk.contents()].find(([each]) => each.endsWith('.seg'))!;
    // In the last entry.
    bytes[bytes.length - 100]! ^= 4;
    machine.disk.place(name, bytes);
    await readsBack(machine, ENTRIES - 1);
  });
});
