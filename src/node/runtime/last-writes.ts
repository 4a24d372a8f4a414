// What a node that ends in good order still has to write: its clients were told that their
// operations are in the log, with the index, and on disk they would expect them there.

import type { Persistence } from '../../persistence/persistence.ts';
import type { QueueClock } from './event-queue.ts';

/** The machine counts its own upwards from 0, and asks for none any more. */
const LAST_PERSIST = -1;

/** A disk that takes longer does not keep a process that has to end within 5 s (contract, section
 * 3), of which open requests may take four. */
const LAST_WRITES_MS = 500;

/** Writes what was appended and not yet asked to be persisted. Resolves when it is durable, and
 * also where the disk fails or takes too long, which `failed` is told: nobody else was told that it
 * is durable. */
export async function lastWrites(
  persistence: Pick<Persistence, 'persist' | 'lastIndex'>,
  clock: Pick<QueueClock, 'after'>,
  failed: (error: unknown) => void,
): Promise<void> {
  let stopWaiting = (): void => {};
  const tooLong = new Promise<never>((_, reject) => {
    const giveUp = (): void => reject(new Error(`not written within ${LAST_WRITES_MS} ms`));
    stopWaiting = clock.after(LAST_WRITES_MS, giveUp);
  });
  try {
    await Promise.race([persistence.persist(LAST_PERSIST, persistence.lastIndex), tooLong]);
  } catch (error) {
    failed(error);
  } finally {
    stopWaiting();
  }
}
