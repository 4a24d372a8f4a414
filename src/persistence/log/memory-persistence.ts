// The Persistence of a `--memory` node: the same encoded log, all of it in blocks outside the
// JavaScript heap. The rule: it behaves like the durable one in all but surviving the process.

import type { Memory } from '../../core/effects.ts';
import { type LogIndex, logIndex } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import type { Measured } from '../../core/log/log.ts';
import type { LogPoint } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import type { Chunk, Persistence, Recovery, Release } from '../persistence.ts';
import { EncodedLog } from './encoded-log.ts';

/** How the blocks and the index are laid out, in bytes; everything has a default. */
export interface MemoryPersistenceOptions {
  readonly blockBytes?: number;
  readonly intervalBytes?: number;
}

/** Places in a segment are numbers of 32 bits. */
const SEGMENT_BYTES = 1 << 30;

export class MemoryPersistence implements Persistence {
  readonly durable = false;
  private readonly log: EncodedLog;
  /** There is never anything to wait for, so everybody is given the same promise. */
  private readonly done: Promise<void> = Promise.resolve();

  constructor(options: MemoryPersistenceOptions = {}) {
    this.log = new EncodedLog({
      dataStart: 0,
      segmentBytes: SEGMENT_BYTES,
      blockBytes: options.blockBytes ?? 1 << 20,
      intervalBytes: options.intervalBytes ?? 8 << 10,
      outlined: false,
    });
  }

  get lastIndex(): LogIndex {
    return logIndex(this.log.catalog.lastIndex);
  }

  get hash(): number {
    return this.log.catalog.hash;
  }

  async recover(_visit: (entry: Entry) => void): Promise<Recovery> {
    return { lastIndex: this.lastIndex, epochs: [], memory: null, cutBytes: 0 };
  }

  append(entries: readonly Entry[], holes: readonly LogPoint[] = []): void {
    this.log.appendAll(entries, holes);
  }

  truncate(after: LogIndex): void {
    this.log.cut(after, () => {
      invariant(false, 'everything is in memory');
    });
  }

  persist(_id: number, _upTo: LogIndex): Promise<void> {
    return this.done;
  }

  /** The bookkeeping is the machine's own while the process lives; nothing is kept beyond it. */
  remember(_memory: Memory): Promise<void> {
    return this.done;
  }

  measure(from: LogIndex, entriesMax: number, bytesMax: number): Measured {
    return this.log.catalog.measure(from, entriesMax, bytesMax);
  }

  read(from: LogIndex, to: LogIndex): Chunk {
    return this.log.chunk(from, to, this.log.pieces(from, to));
  }

  /** Nothing is ever compacted here. */
  hold(): Release {
    return () => undefined;
  }

  close(): Promise<void> {
    return this.done;
  }
}
