// What keeps a node's log and bookkeeping. Implementations: segmented files on a Disk, memory, and
// a wrapper that fails on purpose. All of them run the same contract suite (test/contracts).

import type { Memory } from '../core/effects.ts';
import type { LogIndex } from '../core/ids.ts';
import type { EpochStart, LogMeter } from '../core/log/log.ts';
import type { LogPoint } from '../core/messages.ts';
import type { Entry } from '../core/operation.ts';
import type { Restore } from './segment/brief.ts';

/** A run of consecutive entries as they are stored: JSON texts, encoded once. */
export interface Chunk {
  readonly from: LogIndex;
  readonly to: LogIndex;
  /** How many of `from`…`to` the log still holds. */
  readonly count: number;
  /** The entries' JSON texts, separated by commas: the inside of a JSON array. UTF-8. */
  readonly json: Buffer;
  /** Bytes of each of the texts. */
  readonly lengths: readonly number[];
  /** What stands in the log right before `from`; where that was compacted away, the hash is
   * UNKNOWN_HASH. */
  readonly prev: LogPoint;
  /** Those of the entries that do not follow the one before them, because what stood between was
   * compacted away, and the running hash after each. */
  readonly holes: readonly LogPoint[];
  /** The same entries, parsed. */
  entries(): Entry[];
}

/** Ends what was begun; may be called again. */
export type Release = () => void;

/** What `recover` found. */
export interface Recovery {
  readonly lastIndex: LogIndex;
  readonly epochs: readonly EpochStart[];
  /** null: nothing was ever remembered here. */
  readonly memory: Memory | null;
  /** Bytes of a torn tail that were cut off. */
  readonly cutBytes: number;
  /** Damage that was taken out of the log; `memory.lost` says how far it had gone. */
  readonly damage?: DamagedLog;
}

/**
 * Invariants:
 * 1. `append` makes entries readable at once; `persist` makes them durable. Nothing that was
 *    durable is lost or changed by anything short of losing the disk.
 * 2. What `recover` finds is a prefix of what was appended, and holds all that was durable. Damage
 *    that is not a torn tail is reported, never skipped.
 * 3. The running hash at an index depends on the bytes of every entry up to there, and on nothing
 *    else: two logs with equal hashes at an index are equal up to it.
 */
export interface Persistence extends LogMeter {
  /** Whether `persist` survives the end of the process. */
  readonly durable: boolean;
  readonly lastIndex: LogIndex;
  /** Running hash at `lastIndex`; 0 for an empty log. Unsigned 32-bit. */
  readonly hash: number;

  /** Reads what is there, in order. Called once, before anything else. With `restore`, closed
   * segments are taken over by what folding them came to, and checked only when they are read.
   * Rejects with DamagedLog, UnknownFormat or FolderInUse, which leave the files as they were. */
  recover(visit: (entry: Entry) => void, restore?: Restore): Promise<Recovery>;

  /** Puts entries at the end, in memory. `holes`: the running hash after each of them before which
   * another log has compacted something away. */
  append(entries: readonly Entry[], holes?: readonly LogPoint[]): void;

  /** Drops all entries after `after`: from reads at once, from the disk before a later `persist`
   * resolves. A durable implementation first keeps a copy of them in a file of their own. */
  truncate(after: LogIndex): void;

  /** Resolves when everything up to `upTo` is durable. Rejects with StorageFailure, after which the
   * caller asks again; a repeated `id` joins the request that is under way. */
  persist(id: number, upTo: LogIndex): Promise<void>;

  /** Resolves when the bookkeeping is durable. */
  remember(memory: Memory): Promise<void>;

  /** The entries `from`…`to` (both ≥ 1 and ≤ lastIndex). At once if they are in memory. */
  read(from: LogIndex, to: LogIndex): Chunk | Promise<Chunk>;

  /** Until that is released nothing is compacted: what is there now can be read piece by piece. */
  hold(): Release;

  /** Finishes what is under way and lets go of the folder. */
  close(): Promise<void>;
}

/** The disk failed. Everything not yet durable is still held, and can be asked for again. */
export class StorageFailure extends Error {
  override readonly name = 'StorageFailure';
  readonly retriable = true;
  /** The disk has no room. */
  readonly full: boolean;

  constructor(message: string, full: boolean, cause?: unknown) {
    super(message, { cause });
    this.full = full;
  }
}

/** Damage in the middle of the log: bytes that were once valid are not valid any more. */
export class DamagedLog extends Error {
  override readonly name = 'DamagedLog';
  readonly retriable = false;
  readonly file: string;
  readonly offset: number;

  constructor(file: string, offset: number, what: string) {
    super(`${what} in ${file} at byte ${offset}`);
    this.file = file;
    this.offset = offset;
  }
}

/** Damage took a part of the log, and there is no other node that may have it. */
export class LostLog extends Error {
  override readonly name = 'LostLog';
  readonly retriable = false;

  constructor(after: number, upTo: number) {
    super(`entries ${after + 1} to ${upTo} were lost to damage, and no other node has them`);
  }
}

/** The folder was written by a version of replog that this one does not know. */
export class UnknownFormat extends Error {
  override readonly name = 'UnknownFormat';
  readonly retriable = false;
}

/** Another process works on this folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse';
  readonly retriable = false;
  readonly pid: number;

  constructor(folder: string, pid: number) {
    super(`${folder} is in use by process ${pid}`);
    this.pid = pid;
  }
}

/** The folder is that of a server of the other kind: an arbiter was given a node's, or a node an
 * arbiter's. */
export class ForeignUse extends Error {
  override readonly name = 'ForeignUse';
  readonly retriable = false;
}
