// What damage left readable in the files that were set aside: once the hole before it is filled,
// the rest need not come from others, and may be nowhere else. The rule: a record is handed out
// only if the running hash proves that it stood exactly here.

import type { LogPoint } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import type { Disk } from '../disk/disk.ts';
import { examine, payloadOf, recordHash, recordIndex, recordSize } from '../record/record.ts';
import { FILE_HEADER_BYTES } from '../segment/segment-file.ts';
import { setAsideAmong } from './damaged-files.ts';
import { scan, segmentBytes } from './remains.ts';

/** The file that was read last: what is asked for next is most likely in it. */
interface Loaded {
  readonly name: string;
  readonly bytes: Buffer;
  /** Where each readable record begins. */
  readonly places: readonly number[];
}

export class LeftBehind {
  private readonly disk: Disk;
  private loaded: Loaded | null = null;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** The entries that stood right after `point`, at most so many; empty if none can be proved. */
  async after(point: LogPoint, entriesMax: number, bytesMax: number): Promise<Entry[]> {
    const names = setAsideAmong(await this.disk.list());
    const latest = this.loaded?.name;
    // Where it went on the last time comes first.
    const likely = names.filter((name) => name === latest);
    for (const name of [...likely, ...names.filter((other) => other !== latest)]) {
      const entries = follow(await this.load(name), point, entriesMax, bytesMax);
      if (entries.length > 0) return entries;
    }
    this.loaded = null;
    return [];
  }

  private async load(name: string): Promise<Loaded> {
    if (this.loaded?.name === name) return this.loaded;
    const bytes = await segmentBytes(this.disk, name);
    const places: number[] = [];
    scan(bytes, FILE_HEADER_BYTES, 0, (at, whole) => {
      if (whole) places.push(at);
    });
    this.loaded = { name, bytes, places };
    return this.loaded;
  }
}

function follow(
  { bytes, places }: Loaded,
  point: LogPoint,
  entriesMax: number,
  bytesMax: number,
): Entry[] {
  const entries: Entry[] = [];
  let last: { index: number; hash: number } = point;
  let size = 0;
  for (const at of places) {
    if (recordIndex(bytes, at) <= last.index) continue;
    if (examine(bytes, at, last) !== 'whole') break;
    size += recordSize(bytes, at);
    if (entries.length > 0 && (size > bytesMax || entries.length >= entriesMax)) break;
    entries.push(JSON.parse(payloadOf(bytes, at).toString('utf8')) as Entry);
    last = { index: recordIndex(bytes, at), hash: recordHash(bytes, at) };
  }
  return entries;
}
