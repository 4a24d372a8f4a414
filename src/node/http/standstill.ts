// Whoever asks for something long and takes nothing of it ends: its connection is one of those that
// the process may have, and what was read for it lies in memory. The rule: a reader is judged by
// what it takes, however little, and one for whom there is nothing to take is not judged at all. So
// slow clients and event streams in which nothing happens stay.

import type { Socket } from 'node:net';

/** How often a connection is looked at until it has stood still for too long. Looks are counted,
 * and not time: of one that the process itself has slept through nothing is known. */
export const LOOKS = 4;

/** Node's own object behind a socket, which its documentation does not name. In bytes. */
interface Handle {
  /** Given to the system, or waiting to be. */
  readonly bytesWritten: number;
  /** Waiting: the system takes no more before the client does. */
  readonly writeQueueSize: number;
}

/** What is needed of a connection. */
export interface Looked {
  readonly _handle?: Handle | null;
  destroy(): unknown;
}

interface Seen {
  readonly taken: number;
  readonly looks: number;
}

export class Standstill {
  private seen = new Map<Looked, Seen>();

  /** Ends the connections that have taken nothing since LOOKS looks before this one, though
   * something waits for them. */
  look(connections: Iterable<Looked>): void {
    const seen = new Map<Looked, Seen>();
    for (const connection of connections) {
      const { bytesWritten = 0, writeQueueSize = 0 } = connection._handle ?? {};
      if (writeQueueSize === 0) continue;
      const taken = bytesWritten - writeQueueSize;
      const before = this.seen.get(connection);
      const looks = before?.taken === taken ? before.looks + 1 : 0;
      if (looks === LOOKS) connection.destroy();
      else seen.set(connection, { taken, looks });
    }
    this.seen = seen;
  }
}

/** Ends those of the connections that take nothing for `standstillMs`, or up to a quarter longer.
 * Returns how to stop that. */
export function endStanding(connections: ReadonlySet<Socket>, standstillMs: number): () => void {
  const standstill = new Standstill();
  const look = (): void => standstill.look(connections as ReadonlySet<unknown> as Set<Looked>);
  const timer = setInterval(look, standstillMs / LOOKS).unref();
  return () => clearInterval(timer);
}
