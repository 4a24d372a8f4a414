// How many requests may wait behind others on their connections. The rule: whoever sends on and on
// and reads no answer is not read any further, and no crowd of these takes the memory that others
// need. Each request that waits takes two kilobytes, and forty bytes to send. That the client of a
// connection that is not read has gone shows when something is sent to it, which is done for that.

import type { Socket } from 'node:net';
import { askUnread } from './half-close.ts';

/** So many of one connection wait before no more of it is read. What was read together with the
 * last one comes on top: up to 64 KiB, which may be 1,600 requests. */
const READ_ON_MAX: number = 1_000;

/** Of all connections together, some 120 MiB. What is beyond is cut off. */
const ALL_MAX: number = 65_536;

/** So many of each may always wait, whatever others send. All connections come to a quarter of a
 * million with that, some 500 MiB. */
const ALWAYS: number = 16;

interface Waiting {
  count: number;
  /** No more is read until half of them have gone: how to ask the client no more whether it is
   * there. null: it is read. */
  full: (() => void) | null;
}

/** Invariant: `all` is what waits on all connections that are open. */
export class PipelineRoom {
  private readonly of = new Map<Socket, Waiting>();
  private readonly allMax: number;
  private all = 0;

  constructor(allMax: number = ALL_MAX) {
    this.allMax = allMax;
  }

  /** One more waits on this connection; false: there is no room, and the connection ends. */
  enter(connection: Socket): boolean {
    const waiting = this.of.get(connection) ?? this.begin(connection);
    if (waiting.count >= ALWAYS && this.all >= this.allMax) {
      connection.destroy();
      return false;
    }
    waiting.count += 1;
    this.all += 1;
    if (waiting.count > READ_ON_MAX && waiting.full === null) {
      waiting.full = askUnread(connection);
      connection.pause();
    }
    return true;
  }

  /** One of this connection waits no more. */
  leave(connection: Socket): void {
    const waiting = this.of.get(connection);
    // The connection has ended, with all that waited on it.
    if (waiting === undefined) return;
    waiting.count -= 1;
    this.all -= 1;
    if (waiting.full !== null && waiting.count <= READ_ON_MAX / 2) {
      waiting.full();
      waiting.full = null;
      connection.resume();
    }
  }

  private begin(connection: Socket): Waiting {
    const waiting: Waiting = { count: 0, full: null };
    this.of.set(connection, waiting);
    // Node has a connection go on behind each request that it has read.
    connection.on('resume', () => {
      if (waiting.full !== null) connection.pause();
    });
    connection.on('close', () => {
      waiting.full?.();
      this.of.delete(connection);
      this.all -= waiting.count;
    });
    return waiting;
  }
}
