// What the HTTP routes see of a running node: the machine behind one queue, and the log to read.

import type { Outcome, Write } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Request, Response } from '../../core/messages.ts';
import type { NodeStatus } from '../../core/status.ts';
import type { Persistence } from '../../persistence/persistence.ts';
import type { Departure } from '../http/departure.ts';

/** The JSON text of a message whose entries were never parsed: sent as it is. */
export interface Encoded {
  readonly json: Buffer;
}

export interface Engine {
  /** The node's log, for reading only. */
  readonly persistence: Persistence;

  /** How often an end of the log was dropped. It may be continued in the same step, and be as long
   * as before: whoever reads it piece by piece has pieces of two logs when this has changed. */
  readonly cuts: number;

  /** Gives a client's write to the machine; resolves with what it came to. When `departure`
   * aborts, the client is gone: its waiter is freed, and the promise may stay open. */
  write(write: Omit<Write, 'type' | 'ticket'>, departure?: Departure): Promise<Outcome>;

  /** Re-proves that this node is the master and that all it shows is on a majority. */
  confirm(departure?: Departure): Promise<Outcome>;

  /** Hands another node's request to the machine; resolves with the answer to send back. */
  receive(request: Request): Promise<Response | Encoded>;

  /** A fault that was asked for struck this request. For the trace. */
  struck?(request: Request, fault: string, ms: number): void;

  /** Role, positions, members: for `GET /health`, metrics and the dashboard. */
  status(): NodeStatus;

  /** Where the idempotency key stands in the log; undefined if it is not known. */
  findKey(idempotencyKey: string): { first: LogIndex; count: number } | undefined;

  /** Index of the `put` that gave the key its value as of `upTo`, or of the commit index if that is
   * higher; null if it has none. */
  findValue(key: string, upTo: LogIndex): LogIndex | null;

  /** The first `limit` keys with a value, as `findValue` has it, in key order. */
  listKeys(
    prefix: string,
    after: string | null,
    upTo: LogIndex,
    limit: number,
  ): readonly { key: string; index: LogIndex }[];

  /** Which nodes are known to have the operation at `index`, this one first. */
  holders(index: LogIndex): readonly string[];

  /** The other nodes that are known to keep their log in memory; who is no master knows of none. */
  readonly inMemory: readonly string[];

  /** Calls back after each step in which the log changed or its commit index moved; returns how to
   * stop that. */
  onProgress(listener: () => void): () => void;
}
