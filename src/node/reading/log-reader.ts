// Walks the log in chunks, for readers that want more than fits in memory at once.

import type { LogIndex } from '../../core/ids.ts';
import type { Entry } from '../../core/operation.ts';
import type { Chunk, Persistence } from '../../persistence/persistence.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../runtime/engine.ts';
import type { Reader } from './reading-room.ts';

/** One chunk: enough to be cheap per entry, little enough that no other client waits for it. */
const CHUNK_ENTRIES = 1_024;
const CHUNK_BYTES = 256 << 10;

/** The part of the log that was being read has been cut off: a new master's log replaces it. */
export class LogCutBack extends Error {
  override readonly name = 'LogCutBack';
}

/** A log that may be read at length. */
interface Source {
  readonly engine: Pick<Engine, 'persistence' | 'cuts'>;
  readonly reader: Reader;
}

/** The entries `from`…`upTo` that the log still holds, a chunk at a time. Throws LogCutBack where
 * they would be of two logs: one that was cut back, and what took its place. */
export async function* chunksOf(
  { engine, reader }: Source,
  from: LogIndex,
  upTo: LogIndex,
  entriesMax: number = CHUNK_ENTRIES,
): AsyncGenerator<Chunk> {
  const { persistence, cuts } = engine;
  const stillThere = (): void => {
    if (engine.cuts === cuts && persistence.lastIndex >= upTo) return;
    throw new LogCutBack(`the log was cut back, or ends before ${upTo}`);
  };
  let next: number = from;
  try {
    while (next <= upTo) {
      stillThere();
      const most = Math.min(entriesMax, CHUNK_ENTRIES);
      const first = next as LogIndex;
      const { to, count, bytes } = persistence.measure(first, most, CHUNK_BYTES);
      const last = Math.min(to, upTo) as LogIndex;
      if (count > 0) {
        const chunk = await reader.read(bytes, () => {
          stillThere();
          return persistence.read(first, last);
        });
        stillThere();
        yield chunk;
      }
      next = last + 1;
      if (next <= upTo) await nextTurn();
    }
  } finally {
    reader.took();
  }
}

/** So long an image waits for its reader to take the next chunk, in milliseconds. Meanwhile the log
 * takes up more of the disk than it has to. */
const STANDSTILL_MS = 600_000;

/** Whoever read an image of the log has taken nothing for too long. */
export class ReaderStoodStill extends Error {
  override readonly name = 'ReaderStoodStill';
}

/** All entries up to `upTo`, as the log holds them now: what comes meanwhile takes nothing of it
 * away. Throws LogCutBack, or ReaderStoodStill if the next chunk is asked for too late. */
export async function* imageOf(
  source: Source,
  clock: Pick<Clock, 'after'>,
  upTo: LogIndex,
): AsyncGenerator<Chunk> {
  const release = source.engine.persistence.hold();
  let stoodStill = false;
  const giveUp = (): void => {
    stoodStill = true;
    release();
  };
  try {
    for await (const chunk of chunksOf(source, 1 as LogIndex, upTo)) {
      const stopClock = clock.after(STANDSTILL_MS, giveUp);
      try {
        yield chunk;
      } finally {
        stopClock();
      }
      if (stoodStill) throw new ReaderStoodStill(`nothing was read for ${STANDSTILL_MS} ms`);
    }
  } finally {
    release();
  }
}

/** Lets everything else that is ready go first: where nothing is to be read, nothing waits. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The entry at `index`, or null if it is compacted away. `index` is within the log. Without a
 * reader it is read at once, and not counted: for who keeps nothing of it. */
export async function entryAt(
  persistence: Persistence,
  index: LogIndex,
  reader: Reader | null,
): Promise<Entry | null> {
  // It may have been cut off until its turn came.
  const read = () => (index <= persistence.lastIndex ? persistence.read(index, index) : null);
  const { bytes } = persistence.measure(index, 1, CHUNK_BYTES);
  const chunk = await (reader === null ? read() : reader.read(bytes, read));
  return chunk === null || chunk.count === 0 ? null : (chunk.entries()[0] ?? null);
}

/** An entry as clients see it: without what only replicas need (contract, section 3, `/log`). */
export function visible(entry: Entry): Record<string, unknown> {
  const { index, epoch, at, op } = entry;
  switch (entry.op) {
    case 'append':
      return { index, epoch, at, op, message: entry.message };
    case 'put':
      return { index, epoch, at, op, key: entry.key, value: entry.value };
    case 'remove':
      return { index, epoch, at, op, key: entry.key };
  }
}
