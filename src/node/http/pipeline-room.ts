// How many requests may wait behind others on their connections. The rule: whoever sends on and on
// and reads no answer is not read any further, and no crowd of these takes the memory that others
// need. Each request that waits takes two kilobytes, and forty bytes to send. That the client of a
// connection that is not read has gone shows when something is sent to it.

import type { Socket } from 'node:net';

/** So many of one connection wait before no more of it is read. What was read together with the
 * last one comes on top: up to 64 KiB, which may be 1,600 requests. */
const READ_ON_MAX: number = 1_000;

/** Of all connections together, some 120 MiB. What is beyond is cut off. */
const ALL_MAX: number = 65_536;

/** So many of each may always wait, whatever others send. All connections come to a quarter of a
 * million with that, some 500 MiB. */
const ALWAYS: number = 16;

/** The part of a connection that is needed. */
type Connection = Pick<Socket, 'pause' | 'resume' | 'on' | 'destroy'>;

interface Waiting {
  count: number;
  /** No more is read until half of them have gone. */
  full: boolean;
}

/** Invariant: `all` is what waits on all connections that are open. */
export class PipelineRoom {
  private readonly of = new Map<Connection, Waiting>();
  private readonly allMax: number;
  private all = 0;

  constructor(allMax: number = ALL_MAX) {
    this.allMax = allMax;
  }

  /** One more waits on this connection; false: there is no room, and the connection ends. */
  enter(connection: Connection): boolean {
    const waiting = this.of.get(connection) ?? this.begin(connection);
    if (waiting.count >= ALWAYS && this.all >= this.allMax) {
      connection.destroy();
      return false;
    }
    waiting.count += 1;
    this.all += 1;
    if (waiting.count > READ_ON_MAX && !waiting.full) {
      waiting.full = true;
      connection.pause();
    }
    return true;
  }

  /** One of this connection waits no more. */
  leave(connection: Connection): void {
    const waiting = this.of.get(connection);
    // The connection has ended, with all that waited on it.
    if (waiting === undefined) return;
    waiting.count -= 1;
    this.all -= 1;
    if (waiting.full && waiting.count <= READ_ON_MAX / 2) {
      waiting.full = false;
      connection.resume();
    }
  }

  private begin(connection: Connection): Waiting {
    const waiting = { count: 0, full: false };
    this.of.set(connection, waiting);
    // Node has a connection go on behind each request that it has read.
    connection.on('resume', () => {
      if (waiting.full) connection.pause();
    });
    connection.on('close', () => {
      this.of.delete(connection);
      this.all -= waiting.count;
    });
    return waiting;
  }
}
