// The disk's own limit: one small write at a time, each durable when it returns.

import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';

const WRITES = 500;

/** Median of a synced write of so many bytes, in milliseconds. */
export async function syncedWrite(folder: string, bytes: number): Promise<number> {
  const { O_RDWR, O_CREAT, O_DSYNC } = constants;
  const file = await open(join(folder, 'synced-write'), O_RDWR | O_CREAT | O_DSYNC);
  const buffer = Buffer.alloc(bytes, 'x');
  const times: number[] = [];
  for (let i = 0; i < WRITES; i += 1) {
    const begun = performance.now();
    await file.write(buffer, 0, bytes, i * bytes);
    times.push(performance.now() - begun);
  }
  await file.close();
  return times.sort((a, b) => a - b)[WRITES / 2]!;
}
