// A log cut at every byte there is: started, appended to, cut again, started.

import type { Entry } from '../../src/core/operation.ts';
import type { SegmentedLogOptions } from '../../src/persistence/log/segmented-log.ts';
import type { FakeDisk } from '../../src/sim/disk/disk.ts';
import { at, entryAt } from './entries.ts';
import { Machine } from './machine.ts';

/** As short as an entry can be: the log has fewer bytes to cut at. */
const short = (index: number): Entry => ({ ...entryAt(index, ''), at: '' });

/** A log that was written, and how it stood after each of its writes. */
interface Written {
  readonly files: Map<string, Buffer>;
  /** The file that was written last, and how long it was after so many records; 0 if the records
   * stand in the files before it. */
  readonly last: string;
  readonly ends: readonly number[];
  /** Running hash after so many records. */
  readonly hashes: readonly number[];
}

async function write(options: SegmentedLogOptions, records: number): Promise<Written> {
  const { log, disk } = await open(new Machine(options));
  const grown: { last: string; end: number }[] = [{ last: '', end: 0 }];
  const hashes = [0];
  const files = new Map<string, Buffer>();
  for (let index = 1; index <= records; index += 1) {
    log.append([short(index)]);
    await log.persist(index, at(index));
    for (const [name, bytes] of disk.contents()) {
      if (!name.endsWith('.seg') || bytes.length === files.get(name)?.length) continue;
      files.set(name, bytes);
      grown[index] = { last: name, end: bytes.length };
    }
    hashes.push(log.hash);
  }
  const last = grown.at(-1)!.last;
  const ends = grown.map((each) => (each.last === last ? each.end : 0));
  return { files: new Map([...files]), last, ends, hashes };
}

async function open(machine: Machine) {
  const found: number[] = [];
  const log = machine.open();
  const recovery = await log.recover((entry) => found.push(entry.index));
  return { log, disk: machine.disk, found: found.length, ...recovery };
}

/** A machine with the given log, whose last file is only so long. */
function cutAt({ files, last }: Written, length: number, options: SegmentedLogOptions): Machine {
  const machine = new Machine(options);
  for (const [name, bytes] of files) {
    machine.disk.place(name, name === last ? bytes.subarray(0, length) : bytes);
  }
  return machine;
}

/**
 * Whether the log is, byte for byte, what it would be had it never been cut. Then a second cut
 * leaves what one of the first cuts leaves, and its start is that cut's start: it need not be tried
 * once more.
 */
function asIfNeverCut({ files, last }: Written, disk: FakeDisk): boolean {
  const bytes = disk.content(last);
  return files.get(last)!.subarray(0, bytes.length).equals(bytes);
}

/**
 * Starts a cut log, appends and acknowledges an entry, tears a second one at a byte that depends on
 * `length`, and starts again. Returns what is wrong.
 */
async function twoLives(
  log: Written,
  length: number,
  fully: boolean,
  options: SegmentedLogOptions,
) {
  const whole = log.ends.findLastIndex((end) => end <= length);
  const machine = cutAt(log, length, options);
  const first = await open(machine);
  if (first.found !== whole) return `${first.found} instead of ${whole} records`;
  if (first.log.hash !== log.hashes[whole]) return 'other records than were written';
  first.log.append([short(whole + 1)]);
  await first.log.persist(1, at(whole + 1));
  if (first.log.hash !== (log.hashes[whole + 1] ?? first.log.hash)) return 'another hash';
  if (!fully && asIfNeverCut(log, machine.disk)) return null;
  const acknowledged = first.log.hash;
  const before = machine.disk.used();
  first.log.append([short(whole + 2)]);
  await first.log.persist(2, at(whole + 2));
  const missing = length % (machine.disk.used() - before + 1);
  const kept = cutLast(machine.disk, missing);

  const second = await open(machine);
  const expected = missing === 0 ? whole + 2 : whole + 1;
  if (second.found !== expected) return `${second.found} instead of ${expected} in the second life`;
  if (missing > 0 && second.log.hash !== acknowledged) return 'another acknowledged record';
  if (machine.disk.used() > kept) return 'what was torn is still there';
  machine.disk.restart(true);
  const third = await open(machine);
  if (third.found !== expected || third.cutBytes !== 0) return 'the second cut did not last';
  return null;
}

/** The machine stops; the last segment is shorter by so many bytes. Returns the bytes left. */
function cutLast(disk: FakeDisk, missing: number): number {
  disk.restart(true);
  const name = disk
    .names()
    .filter((each) => each.endsWith('.seg'))
    .sort()
    .at(-1)!;
  const bytes = disk.content(name);
  disk.place(name, bytes.subarray(0, bytes.length - missing));
  return disk.used();
}

export interface Cuts {
  readonly cuts: number;
  /** What is wrong after which cut. */
  readonly wrong: readonly string[];
}

/**
 * Writes a log of so many records, each a write of its own, and cuts its last segment at every
 * byte. Where one cut's second life is known from another cut, one in `fullyEvery` is tried all the
 * same.
 */
export async function everyByte(
  options: SegmentedLogOptions,
  records: number,
  fullyEvery: number,
): Promise<Cuts> {
  const log = await write(options, records);
  const wrong: string[] = [];
  const total = log.files.get(log.last)!.length;
  for (let length = 0; length <= total; length += 1) {
    const fully = length % fullyEvery === 0;
    const failure = await twoLives(log, length, fully, options).catch(String);
    if (failure !== null) wrong.push(`${length}: ${failure}`);
  }
  return { cuts: total + 1, wrong };
}
