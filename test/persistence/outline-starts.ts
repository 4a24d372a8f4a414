// Starts of a log by its outlines. The rule: they come to what reading every record comes to.

import { DamagedLog, UnknownFormat } from '../../src/persistence/persistence.ts';
import { FakeDisk } from '../../src/sim/disk/disk.ts';
import { at } from './entries.ts';
import { Node } from './folded-log.ts';
import { Machine, SMALL } from './machine.ts';

/** Outlines are continued at nearly every write. */
export const OUTLINED = { ...SMALL, outlineBytes: 200 };

export interface Seen {
  readonly state: unknown;
  readonly texts: string;
}

/** What a start on a copy of the disk comes to. `brief`: by outlines and summaries. */
export async function seen(disk: FakeDisk, brief: boolean): Promise<Seen | 'damaged'> {
  const node = new Node(new Machine(OUTLINED, {}, disk.copy(), 'seen').open());
  try {
    await node.start(brief);
  } catch (error) {
    if (error instanceof DamagedLog) return 'damaged';
    throw error;
  }
  const { lastIndex } = node.log;
  const texts = lastIndex === 0 ? '' : (await node.log.read(at(1), lastIndex)).json.toString();
  return { state: node.state(), texts };
}

/** The files of a log, on a disk without history. */
export function placed(files: ReadonlyMap<string, Buffer>): FakeDisk {
  const disk = new FakeDisk();
  for (const [name, bytes] of files) disk.place(name, bytes);
  return disk;
}

/** What a start on these files comes to where one read, counted from 1, gets a bit wrong: the one
 * at `share` of it. null: it has fewer reads. */
export async function misread(
  files: ReadonlyMap<string, Buffer>,
  wrong: number,
  share: number,
): Promise<Seen | 'damaged' | null> {
  const disk = new FakeDisk({ random: () => share });
  for (const [name, bytes] of files) disk.place(name, bytes);
  const node = new Node(new Machine(OUTLINED, {}, disk, 'misread').open());
  let reads = 0;
  disk.faults = ({ kind }) => {
    if (kind === 'read') reads += 1;
    return kind === 'read' && reads === wrong ? { kind: 'flip' } : null;
  };
  try {
    await node.start(true);
  } catch (error) {
    if (error instanceof DamagedLog || error instanceof UnknownFormat) return 'damaged';
    throw error;
  }
  if (reads < wrong) return null;
  const { lastIndex } = node.log;
  const texts = (await node.log.read(at(1), lastIndex)).json.toString();
  return { state: node.state(), texts };
}

/** What became of every bit of these files, flipped, at a start by outlines. */
export interface Flips {
  damaged: number;
  same: number;
  readonly wrong: string[];
}

/** Flips each bit of `names`, one at a time. */
export async function everyFlip(
  files: ReadonlyMap<string, Buffer>,
  names: readonly string[],
): Promise<Flips> {
  const whole = JSON.stringify(await seen(placed(files), false));
  const flips: Flips = { damaged: 0, same: 0, wrong: [] };
  for (const name of names) {
    for (let bit = 0; bit < files.get(name)!.length * 8; bit += 1) {
      const disk = placed(files);
      disk.flip(name, bit);
      const found = await seen(disk, true).catch((error: Error) => error.name);
      if (found === 'damaged' || found === 'UnknownFormat') flips.damaged += 1;
      else if (JSON.stringify(found) === whole) flips.same += 1;
      else flips.wrong.push(`${name}, bit ${bit}: ${JSON.stringify(found)}`);
    }
  }
  return flips;
}
