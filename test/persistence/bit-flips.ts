// A log with one bit flipped, for every bit of it. The rule: what a start accepts is compared with
// what was written, as it is found and as it is read again.

import type { Entry } from '../../src/core/operation.ts';
import { DamagedLog, type Persistence, UnknownFormat } from '../../src/persistence/persistence.ts';
import type { SegmentedLogOptions } from '../../src/persistence/segmented-log.ts';
import type { FakeDisk } from '../../src/sim/disk.ts';
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
