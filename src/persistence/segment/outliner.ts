// Continues the outlines beside segments, one write at a time, while the log goes on. The rule: an
// outline is a help, never a promise: nobody waits for one, and a disk that fails at one shows that
// in its next write of records.

import { codeOf, type Disk, type DiskFile, writeAll } from '../disk/disk.ts';
import { encodePart } from './outline-file.ts';
import type { Segment } from './segment.ts';
import { segmentName } from './segment-file.ts';
import { summaryName } from './summary.ts';

/** A part that is to be written. */
interface Job {
  readonly segment: Segment;
  readonly part: Buffer;
  readonly position: number;
}

export class Outliner {
  private readonly disk: Disk;
  private readonly jobs: Job[] = [];
  private open: { readonly segment: Segment; readonly file: DiskFile } | null = null;
  private running: Promise<void> | null = null;
  /** What went wrong with the program, not with the disk. */
  private failure: unknown = null;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Continues the segment's outline, if it covers so many bytes more than its file says. */
  due(segment: Segment, bytes: number): void {
    if (this.failure !== null) throw this.failure;
    const { outline } = segment;
    if (outline === null || segment.sealed || outline.unsaid < bytes) return;
    const part = encodePart(segment);
    if (part === null) return;
    const position = outline.written.fileBytes;
    outline.wrote(position + part.length);
    this.jobs.push({ segment, part, position });
    this.running ??= this.run();
  }

  /** Finishes what is under way, and lets go of the file if it is this segment's. */
  async release(segment: Segment): Promise<void> {
    await this.running;
    if (this.open?.segment === segment) await this.letGo();
  }

  /** Drops what waits, and lets go of the file. */
  async halt(): Promise<void> {
    for (const { segment } of this.jobs) segment.outline = null;
    this.jobs.length = 0;
    await this.close();
  }

  /** Finishes what is under way, and lets go of the file. */
  async close(): Promise<void> {
    await this.running;
    await this.letGo();
  }

  private async run(): Promise<void> {
    try {
      for (let job = this.jobs.shift(); job !== undefined; job = this.jobs.shift()) {
        await this.write(job);
      }
    } catch (error) {
      this.failure = error;
    }
    this.running = null;
  }

  private async write({ segment, part, position }: Job): Promise<void> {
    // Given up meanwhile.
    if (segment.outline === null) return;
    try {
      const { file } = await this.fileOf(segment);
      await writeAll(file, [part], position);
    } catch (error) {
      // What is written of it goes only so far; what would come behind a gap is worth nothing.
      segment.outline = null;
      if (codeOf(error) === undefined) throw error;
    }
  }

  private async fileOf(segment: Segment) {
    if (this.open?.segment === segment) return this.open;
    await this.letGo();
    const name = summaryName(segmentName(segment.start.first));
    this.open = { segment, file: await this.disk.open(name, 'write') };
    return this.open;
  }

  private async letGo(): Promise<void> {
    const { open } = this;
    this.open = null;
    await open?.file.close();
  }
}
