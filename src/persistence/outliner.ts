// Writes outlines beside segments, one at a time, while the log goes on. The rule: an outline is a
// help, never a promise: nobody waits for one, and a disk that fails at one shows that in its next
// write of records.

import { codeOf, type Disk } from './disk.ts';
import { writeOutline } from './outline-file.ts';
import type { Segment } from './segment.ts';

export class Outliner {
  private readonly disk: Disk;
  private readonly waiting = new Set<Segment>();
  private running: Promise<void> | null = null;
  /** What went wrong with the program, not with the disk. */
  private failure: unknown = null;

  constructor(disk: Disk) {
    this.disk = disk;
  }

  /** Writes the segment's outline, if it covers so many bytes more than when it was written. */
  due(segment: Segment, bytes: number): void {
    if (this.failure !== null) throw this.failure;
    const { outline } = segment;
    if (outline === null || outline.covered.end.offset - outline.written < bytes) return;
    this.waiting.add(segment);
    this.running ??= this.run();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.running;
  }

  /** Drops what waits; resolves when nothing is under way. */
  async halt(): Promise<void> {
    this.waiting.clear();
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      for (const segment of this.waiting) {
        this.waiting.delete(segment);
        await this.write(segment);
      }
    } catch (error) {
      this.failure = error;
    }
    this.running = null;
  }

  private async write(segment: Segment): Promise<void> {
    const { outline } = segment;
    if (outline === null || segment.sealed) return;
    const { offset } = outline.covered.end;
    try {
      await writeOutline(this.disk, segment);
      outline.written = offset;
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
    }
  }
}
