// Files kept as they are, under names of their own, because something in them is damaged: what can
// still be read there may be of use to this node, to others, or to people.

import { type Disk, readAll, withFile, writeAll } from '../disk/disk.ts';
import { freeName, writeWhole } from '../disk/unfinished.ts';

/** Copied at once. */
const COPY_BYTES = 1 << 20;

const PREFIX = 'damaged-';
const PATTERN = /^damaged-log-\d{16}(?:-\d+)?\.seg$/;

/** The files that were set aside, as they are among the names of a folder. */
export function setAsideAmong(names: readonly string[]): string[] {
  return names.filter((name) => PATTERN.test(name)).sort();
}

/** Gives a file another name, durably; returns it. */
export async function moveAside(disk: Disk, name: string): Promise<string> {
  const aside = await asideName(disk, name);
  await disk.rename(name, aside);
  await disk.syncFolder();
  return aside;
}

/** Copies a file under another name, durably; returns that. */
export async function copyAside(disk: Disk, name: string): Promise<string> {
  const aside = await asideName(disk, name);
  await withFile(disk, name, 'read', (from) =>
    writeWhole(disk, aside, async (to) => {
      const buffer = Buffer.allocUnsafe(COPY_BYTES);
      for (let at = 0; ; ) {
        const got = await readAll(from, buffer, at);
        if (got > 0) await writeAll(to, [buffer.subarray(0, got)], at);
        at += got;
        if (got < buffer.length) return;
      }
    }),
  );
  await disk.syncFolder();
  return aside;
}

/** `damaged-` and the name, with a number where that exists already. */
function asideName(disk: Disk, name: string): Promise<string> {
  const dot = name.lastIndexOf('.');
  return freeName(disk, `${PREFIX}${name.slice(0, dot)}`, name.slice(dot));
}
