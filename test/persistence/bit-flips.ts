// A log with one bit flipped, for every bit of it. The rule: what a start accepts is compared with
// what was written, as it is found and as it is read again.

import type { Entry } from '../../src/core/operation.ts';
import type { SegmentedLogOptions } from '../../src/persistence/log/segmented-log.ts';
import { DamagedLog, type Persistence, UnknownFormat } from '../../src/persistence/persistence.ts';
import type { FakeDisk } from '../../src/sim/disk/disk.ts';
import { at, entryAt } from './entries.ts';
import { Machine } from './machine.ts';

const entryOf = (index: number): Entry => entryAt(index, `message ${index} `.repeat(30));

/** What became of a log with a flipped bit. */
export type Outcome = 'damaged' | 'unknown format' | 'damaged when read' | 'cut' | 'as it was';

/** Accepted though it is not what was written, or not all that was acknowledged. */
export type Wrong =
  | 'another log'
  | 'a shorter log'
  | 'changed though refused'
  | `failed: ${string}`;

export interface Case {
  readonly files: ReadonlyMap<string, Buffer>;
  readonly texts: readonly string[];
  /** How many of them were acknowledged. */
  readonly acknowledged: number;
  readonly options: SegmentedLogOptions;
}

/** Writes a log in writes of so many entries each. */
export async function written(
  writes: readonly number[],
  options: SegmentedLogOptions,
): Promise<Case> {
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

/**
 * One bit turns over while the file is read, and another one in a later reading of at most
 * `bytesMax` bytes at the same start: each bit of each such reading. The first is the bit `first`
 * of the file's longest reading. Counts what came of it.
 */
export async function everySecondBit(log: Case, file: string, first: number, bytesMax: number) {
  const counts: Partial<Record<Outcome | Wrong, number>> = {};
  const alone = await misread(log, file, [first]);
  for (const [i, bytes] of alone.later.entries()) {
    if (bytes > bytesMax) continue;
    for (let bit = 0; bit < bytes * 8; bit += 1) {
      const second = [...Array<null>(i).fill(null), bit];
      const { outcome } = await misread(log, file, [first, ...second]);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
  }
  return { alone: alone.outcome, counts };
}

/** A start at which readings of a file, from its longest on, have these bits turned over; null:
 * none. Says how long the readings behind the longest were, too. */
async function misread(log: Case, file: string, bits: readonly (number | null)[]) {
  let share = 0;
  const machine = new Machine(log.options, { random: () => share });
  for (const [name, bytes] of log.files) machine.disk.place(name, bytes);
  const longest = log.files.get(file)!.length / 2;
  const later: number[] = [];
  let next = -1;
  machine.disk.faults = ({ kind, path, bytes }) => {
    if (kind !== 'read' || path !== file) return null;
    if (next < 0 && bytes < longest) return null;
    next += 1;
    if (next > 0) later.push(bytes);
    const bit = bits[next] ?? null;
    share = bit === null ? 0 : (bit + 0.5) / (bytes * 8);
    return bit === null ? null : { kind: 'flip' };
  };
  const opened = machine.open();
  const found: string[] = [];
  const refused = await opened
    .recover((entry) => found.push(JSON.stringify(entry)))
    .then(
      () => null,
      (error: unknown) => error,
    );
  machine.disk.faults = null;
  if (refused instanceof DamagedLog) return { outcome: 'damaged', later } as const;
  if (refused !== null) return { outcome: `failed: ${refused}`, later } as const;
  return { outcome: await judge(log, opened, found), later };
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
export async function everyBit(log: Case, names: RegExp) {
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
