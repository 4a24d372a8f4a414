// Looks at a node's folder without changing it: is everything whole, what is in it, and, if there
// is damage, where, and what is left behind it. The rule: the verdict is the one that a start of
// the node would come to, by the same code.

import type { Lost, Memory } from '../../core/effects.ts';
import type { EpochStart } from '../../core/log/log.ts';
import type { Entry } from '../../core/operation.ts';
import { loadMemory } from '../bookkeeping/bookkeeping.ts';
import { type Disk, withFile } from '../disk/disk.ts';
import { ReadOnlyDisk } from '../disk/read-only-disk.ts';
import { EncodedLog } from '../log/encoded-log.ts';
import { recoverSegments } from '../log/recovery.ts';
import { DamagedLog } from '../persistence.ts';
import { FILE_HEADER_BYTES, segmentName, segmentsAmong } from '../segment/segment-file.ts';
import { setAsideAmong } from './damaged-files.ts';
import { type Remains, surveyRemains, wholeBytes } from './remains.ts';

/** Damage, and what it leaves. */
export interface FoundDamage {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  /** For people. */
  readonly what: string;
  /** Bytes of the file that belong to the log before the damage. */
  readonly keepBytes: number;
  /** What is behind it; null: the damage is not in the log. */
  readonly remains: Remains | null;
}

/** A node's folder, as it is. Counts are of the whole part of the log, before any damage. */
export interface FolderCheck {
  readonly segments: number;
  /** Of all segment files. */
  readonly bytes: number;
  readonly entries: number;
  /** null: the log is empty. */
  readonly firstIndex: number | null;
  readonly lastIndex: number;
  readonly epochs: readonly EpochStart[];
  readonly messages: number;
  /** Keys that have a value. */
  readonly keys: number;
  /** Entries that carry an idempotency key. */
  readonly idempotencyKeys: number;
  /** Where a batch begins that the log ends in the middle of: a master drops such a part, unless
   * another node has the whole. null: there is none. */
  readonly tornBatch: number | null;
  /** The segment in which it begins. */
  readonly tornFile: string | null;
  /** Bytes of an interrupted last write: no damage, the next start cuts them off. */
  readonly tornBytes: number;
  readonly damage: FoundDamage | null;
  /** Damage to the bookkeeping, also where `damage` is that of the log. */
  readonly forgotten: FoundDamage | null;
  /** What an earlier damage took and is not known to be there again. */
  readonly lost: Lost | null;
  /** Files that were set aside because of damage. */
  readonly setAside: readonly string[];
  /** null: there is none, or it is damaged. */
  readonly memory: Memory | null;
}

/** Bytes of the segment files of a folder: what a check reads, at least once. */
export async function segmentBytesOf(disk: Disk): Promise<number> {
  let bytes = 0;
  for (const first of segmentsAmong(await disk.list())) {
    bytes += await withFile(disk, segmentName(first), 'read', (file) => file.size());
  }
  return bytes;
}

/** What is done meanwhile. */
export interface CheckUse {
  /** So many bytes more were read. */
  onRead?(bytes: number): void;
  /** Each entry before any damage, in order. */
  visit?(entry: Entry): void;
}

/** Rejects with UnknownFormat if a later version of replog wrote the folder. */
export async function checkFolder(disk: Disk, use: CheckUse = {}): Promise<FolderCheck> {
  const seen = new ReadOnlyDisk(disk, use.onRead?.bind(use));
  const names = await disk.list();
  const { memory, damage: forgotten } = await bookkeepingOf(disk);
  const contents = new Contents();
  const log = new EncodedLog(LAYOUT);
  let damage: FoundDamage | null = null;
  const found = await recoverSegments(seen, log, {
    tailBytes: 0,
    visit: (entry) => {
      contents.add(entry);
      use.visit?.(entry);
    },
    salvage: async (error) => {
      const { catalog } = log;
      const keepBytes = wholeBytes(catalog, error.file);
      const remains = await surveyRemains(disk, error, keepBytes, catalog.lastIndex);
      damage = { ...placeOf(error), keepBytes, remains };
    },
  });
  const { cutBytes: tornBytes, epochs } = found;
  const tornBatch = contents.tornBatch(log.catalog.lastIndex);
  return {
    segments: segmentsAmong(names).length,
    bytes: await segmentBytesOf(disk),
    ...contents.counts,
    tornBatch,
    tornFile: tornBatch === null ? null : holderOf(log, tornBatch),
    lastIndex: log.catalog.lastIndex,
    epochs,
    tornBytes,
    damage: damage ?? forgotten,
    forgotten,
    lost: memory?.lost ?? null,
    setAside: setAsideAmong(names),
    memory,
  };
}

/** Nothing is kept in memory but the index. */
const LAYOUT = {
  dataStart: FILE_HEADER_BYTES,
  segmentBytes: Number.MAX_SAFE_INTEGER,
  blockBytes: 1 << 20,
  intervalBytes: 1 << 20,
  outlined: false,
};

function holderOf({ catalog }: EncodedLog, index: number): string {
  return segmentName(catalog.covering(index, index)[0]!.start.first);
}

function placeOf({ file, offset, message }: DamagedLog) {
  return { file, offset, what: message };
}

async function bookkeepingOf(
  disk: Disk,
): Promise<{ memory: Memory | null; damage: FoundDamage | null }> {
  try {
    return { memory: await loadMemory(disk), damage: null };
  } catch (error) {
    if (!(error instanceof DamagedLog)) throw error;
    return { memory: null, damage: { ...placeOf(error), keepBytes: 0, remains: null } };
  }
}

/** Counts what goes by. */
class Contents {
  private entries = 0;
  private messages = 0;
  private idempotencyKeys = 0;
  private firstIndex: number | null = null;
  private readonly keys = new Set<string>();
  private batch = { first: 0, end: 0 };

  add(entry: Entry): void {
    this.entries += 1;
    this.firstIndex ??= entry.index;
    if (entry.idempotencyKey !== undefined) this.idempotencyKeys += 1;
    if (entry.batch !== undefined) {
      this.batch = { first: entry.index, end: entry.index + entry.batch - 1 };
    }
    if (entry.op === 'append') this.messages += 1;
    else if (entry.op === 'put') this.keys.add(entry.key);
    else this.keys.delete(entry.key);
  }

  tornBatch(lastIndex: number): number | null {
    return this.batch.end > lastIndex ? this.batch.first : null;
  }

  get counts() {
    const { entries, messages, idempotencyKeys, firstIndex } = this;
    return { entries, messages, idempotencyKeys, firstIndex, keys: this.keys.size };
  }
}
