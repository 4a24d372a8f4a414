// Reads entries of a durable log. The rule: what is in memory is answered at once; what is read
// from disk is checked as it is read, and damage met by that is told, and seen to at the next
// start.

import type { LogIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import type { Disk } from '../disk/disk.ts';
import { failureOf } from '../disk/storage-failure.ts';
import { type Chunk, DamagedLog } from '../persistence.ts';
import { ChunkBuilder } from '../record/chunk.ts';
import { walkWhole } from '../record/walk.ts';
import type { Segment } from '../segment/segment.ts';
import { segmentName } from '../segment/segment-file.ts';
import { endOfReading } from '../upkeep/condemned.ts';
import type { Leftovers } from '../upkeep/leftovers.ts';
import type { EncodedLog, Piece } from './encoded-log.ts';
import type { Readers } from './readers.ts';
import type { Turns } from './turns.ts';

interface ReadingParts {
  readonly disk: Disk;
  readonly log: EncodedLog;
  readonly readers: Readers;
  readonly turns: Turns;
  readonly leftovers: Leftovers;
  /** Hears of damage in the log as it is. */
  readonly damaged: (error: DamagedLog) => void;
}

export class Reading {
  private readonly parts: ReadingParts;

  constructor(parts: ReadingParts) {
    this.parts = parts;
  }

  /** The entries `from`…`to`, both in the log. Rejects with DamagedLog or StorageFailure. */
  read(from: LogIndex, to: LogIndex): Chunk | Promise<Chunk> {
    const { log } = this.parts;
    const pieces = log.pieces(from, to);
    if (pieces.every((piece) => piece.spans !== null)) return log.chunk(from, to, pieces);
    return this.gather(from, to, pieces.map(ownCopy));
  }

  private async gather(from: LogIndex, to: LogIndex, pieces: Piece[]): Promise<Chunk> {
    const inPlace = pieces.length === 1 && pieces[0]!.spans === null;
    const builder = new ChunkBuilder(from, to, pieces, inPlace);
    for (const piece of pieces) {
      const { segment } = piece;
      if (piece.spans === null) await this.named(segment);
      // Compacted before it was read: what it held is elsewhere now.
      if (segment.replaced) return this.read(from, to);
      if (piece.spans === null) await this.fromDisk(piece, builder);
      else for (const span of piece.spans) builder.addSpan(span);
    }
    return builder.chunk();
  }

  /** Resolves when the segment's file has its name; where that has failed it is tried again, as the
   * disk may work by now. Rejects with StorageFailure if it does not. */
  private async named(segment: Segment): Promise<void> {
    while (segment.changing !== null) {
      const { changing } = segment;
      await changing.catch(() => this.finish(segment, changing));
    }
  }

  private async finish(segment: Segment, failed: Promise<void>): Promise<void> {
    const { leftovers, turns } = this.parts;
    try {
      await turns.run(() => leftovers.finish());
    } catch (error) {
      // It may have its name, while what it has replaced cannot be removed yet.
      if (segment.changing === failed) throw failureOf(error);
    }
    invariant(segment.changing !== failed, 'what is left of a compaction is known');
  }

  private async fromDisk(piece: Piece, builder: ChunkBuilder): Promise<void> {
    const { disk, log, readers, turns, damaged } = this.parts;
    const { catalog } = log;
    const name = segmentName(piece.segment.start.first);
    // All at once: it is no more than a message may have, and may become the message itself.
    const pace = { windowBytes: piece.end - piece.start, pause: () => undefined };
    const { start, end, before, holes } = piece;
    const stretch = { start, end, before, holes, pace };
    try {
      await readers.with(name, (file) =>
        walkWhole(file, name, stretch, (bytes, at) => builder.add(bytes, at)),
      );
    } catch (error) {
      const found = await endOfReading({ disk, turns, catalog }, piece.segment, error);
      // What was cut off while it was read may look like anything.
      if (found instanceof DamagedLog && catalog.holds([piece.segment])) {
        if (found.offset < piece.segment.offset) damaged(found);
      }
      throw found;
    }
  }
}

/** Memory of the tail may be used for something else by the time the disk has answered. */
function ownCopy(piece: Piece): Piece {
  return piece.spans === null ? piece : { ...piece, spans: [Buffer.concat(piece.spans)] };
}
