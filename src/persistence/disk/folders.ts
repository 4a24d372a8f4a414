// Folders of the file system whose names outlast a power cut.

import fs from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

const call = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  fsync: promisify(fs.fsync),
};

/** Makes a folder and those above it that are missing, all of them durably. Resolves with the
 * highest one that it has made; undefined: all were there. */
export async function makeFolder(path: string): Promise<string | undefined> {
  const folder = resolve(path);
  const highest = await fs.promises.mkdir(folder, { recursive: true });
  if (highest === undefined) return undefined;
  for (let made = folder; made.length >= highest.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
  return highest;
}

/** Resolves when the names in a folder are durable. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder for syncing, and does not need to.
  if (process.platform === 'win32') return;
  const fd = await call.open(path, fs.constants.O_RDONLY);
  try {
    await call.fsync(fd);
  } finally {
    await call.close(fd);
  }
}
