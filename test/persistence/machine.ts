// A machine on which a durable log lives and dies, for tests: a fake disk, and a process table in
// which only the present process lives.

import { logIndex } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import {
  type DurableLog,
  openSegmentedLog,
  type SegmentedLogOptions,
} from '../../src/persistence/log/segmented-log.ts';
import type { Recovery } from '../../src/persistence/persistence.ts';
import type { Restore } from '../../src/persistence/segment/brief.ts';
import { FakeDisk, type FakeDiskOptions } from '../../src/sim/disk/disk.ts';

/** Small enough that a short log has several segments, blocks and points. */
export const SMALL: SegmentedLogOptions = {
  segmentBytes: 1_500,
  tailBytes: 1_024,
  blockBytes: 512,
  intervalBytes: 300,
};

/** All entries of a log. */
export async function allOf(log: DurableLog): Promise<readonly Entry[]> {
  const { lastIndex } = log;
  return lastIndex === 0 ? [] : (await log.read(logIndex(1), lastIndex)).entries();
}

export class Machine {
  readonly disk: FakeDisk;
  private life = 0;
  /** Tells its processes from those of another machine that used the same disk. */
  private readonly tag: string;
  private readonly options: SegmentedLogOptions;

  constructor(
    options: SegmentedLogOptions = SMALL,
    diskOptions: FakeDiskOptions = {},
    disk: FakeDisk = new FakeDisk(diskOptions),
    tag = '',
  ) {
    this.options = options;
    this.disk = disk;
    this.tag = tag;
  }

  /** A log in a new process. */
  open(): DurableLog {
    this.life += 1;
    const started = `${this.tag}${this.life}`;
    return openSegmentedLog(this.disk.mount(), {
      ...this.options,
      processes: {
        self: () => ({ pid: 7, started }),
        lives: (owner) => owner.started === `${this.tag}${this.life}`,
      },
    });
  }

  /** A log in a new process, and all that it found. `restore`: it starts by its summaries. */
  async recover(
    restore?: Restore,
  ): Promise<{ log: DurableLog; entries: readonly Entry[]; found: Recovery }> {
    const log = this.open();
    const entries: Entry[] = [];
    const found = await log.recover((entry) => entries.push(entry), restore);
    if (restore === undefined) return { log, entries, found };
    return { log, entries: await allOf(log), found };
  }
}
