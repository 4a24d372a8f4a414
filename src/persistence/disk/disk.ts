// What persistence needs of a disk, and nothing more. Real files in a node; in tests and in the
// simulator a disk that loses what was not synced and fails on demand. The rule: nothing counts as
// durable but what a `durable-write` file has taken, and names only after `syncFolder`. A call that
// fails may have done what it was to do, all the same.

/**
 * How a file is opened.
 *
 * - `durable-write`: for reading and writing, created if missing; a write is durable when it
 *   returns. One to a file that has been removed fails with `ENOENT`: nobody will read it again.
 * - `create`: the same, but the file must not exist yet (fails with `EEXIST`).
 * - `write`: the same as `durable-write`, but nothing is durable before `sync`: for what may be
 *   lost when the power goes, and is not worth waiting for.
 * - `read`: must exist (fails with `ENOENT`).
 */
export type OpenMode = 'durable-write' | 'create' | 'write' | 'read';

/** An open file. Failures are errors with the system's `code` (`EIO`, `ENOSPC`, …). */
export interface DiskFile {
  /** Writes the buffers one after the other from `position` on and returns how many bytes were
   * taken. That can be fewer than given: the caller goes on with the rest. */
  write(buffers: readonly Buffer[], position: number): Promise<number>;
  /** Fills `into` from `position` on as far as it gets; returns the bytes read, 0 at the end. */
  read(into: Buffer, position: number): Promise<number>;
  size(): Promise<number>;
  /** Cuts the file to `length` bytes. Durable after `sync`. */
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A folder. Paths are names in it. */
export interface Disk {
  /** The folder's name for people and error messages. */
  readonly name: string;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** Reads in one blocking call, as far as it gets; only for what must be answered at once. */
  readNow(path: string, into: Buffer, position: number): number;
  /** Makes the folder itself, and its parents. */
  makeFolder(): Promise<void>;
  /** Names in the folder, in no particular order. */
  list(): Promise<string[]>;
  /** Replaces `to` if it exists. Durable after `syncFolder`. */
  rename(from: string, to: string): Promise<void>;
  /** Does nothing if there is no such file. Durable after `syncFolder`. */
  remove(path: string): Promise<void>;
  /** Makes creations, renames and removals durable. */
  syncFolder(): Promise<void>;
}

/** Writes all of it, however many calls that takes. A disk that takes nothing is a full one. */
export async function writeAll(
  file: DiskFile,
  buffers: readonly Buffer[],
  position: number,
): Promise<void> {
  let rest = without(buffers, 0);
  let at = position;
  while (rest.length > 0) {
    const taken = await file.write(rest, at);
    if (taken <= 0) throw Object.assign(new Error('the disk took nothing'), { code: 'ENOSPC' });
    at += taken;
    rest = without(rest, taken);
  }
}

/** Reads exactly as much as there is between `position` and the end, at most `into.length`. */
export async function readAll(file: DiskFile, into: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < into.length) {
    const got = await file.read(into.subarray(filled), position + filled);
    if (got === 0) break;
    filled += got;
  }
  return filled;
}

/** Does something with an open file, and closes it whatever happens. */
export async function withFile<Result>(
  disk: Disk,
  path: string,
  mode: OpenMode,
  use: (file: DiskFile) => Promise<Result>,
): Promise<Result> {
  const file = await disk.open(path, mode);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** The system's error code, if there is one. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** What is left after so many bytes; it never begins with an empty buffer. */
function without(buffers: readonly Buffer[], taken: number): readonly Buffer[] {
  let left = taken;
  let first = 0;
  while (first < buffers.length && left >= buffers[first]!.length) {
    left -= buffers[first]!.length;
    first += 1;
  }
  if (left === 0) return buffers.slice(first);
  return [buffers[first]!.subarray(left), ...buffers.slice(first + 1)];
}
