// What can be asked for when a client is made and with each call.

import type { ReadLevel, WriteConcern } from './answers.ts';
import type { Pace } from './pace.ts';
import type { Fetch } from './wire/ky-wire.ts';

export interface ClientOptions {
  /** Base URL of a node, or of a launcher for the control routes. */
  readonly url: string;
  /** Base URLs of further nodes: a write that nobody takes at one goes to the next, so that it
   * finds the master that has taken over from the node at `url`. Reads go to `url` alone. Default:
   * none. */
  readonly others?: readonly string[] | undefined;
  /** Sent as a Bearer token with every request; a function is asked before each. */
  readonly token?: string | (() => string | undefined) | undefined;
  /** Carries all requests. Default: Node's own HTTP client. */
  readonly fetch?: Fetch | undefined;
  /** How long a write looks for a master that answers, in milliseconds; default 10,000, which
   * outlasts a change or a restart of the master. One without a `timeoutMs` that a node has held
   * for longer than that, until it was gone, looks for another one as long again. Where no write
   * was ever answered, and nothing listens, 500 are enough. 0: one try. */
  readonly retryForMs?: number | undefined;
  /** How long a read, an echo or a change of faults waits for the head of an answer, in
   * milliseconds, before it is Unreachable; a launcher may take its time with its nodes.
   * Default: as long as its signal lets it. */
  readonly answerMs?: number | undefined;
  /** Key of a write that was not given one. Default: a random UUID. */
  readonly newKey?: (() => string) | undefined;
  /** Time and chance between two tries; for tests. */
  readonly pace?: Pace | undefined;
}

export interface CallOptions {
  /** Ends the call when it aborts, with its reason; default: nothing does. A write that was sent by
   * then throws OutcomeUnknown, whose cause is the reason: it may be stored. */
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOptions extends CallOptions {
  /** How many nodes must have it. Default: the node's for messages, `all` for keys. */
  readonly w?: WriteConcern | undefined;
  /** 1…86,400,000 milliseconds. Default: none for messages, 1,000 for keys. */
  readonly timeoutMs?: number | undefined;
  /** 1–128 printable ASCII characters; default: a new one. */
  readonly idempotencyKey?: string | undefined;
}

/** Options of messages only. */
export interface AppendOptions extends WriteOptions {
  /** Have the answer say in a sentence what the acknowledgement survives. */
  readonly receipt?: boolean | undefined;
}

export interface KeyWriteOptions extends WriteOptions {
  /** Echoed in the answer. */
  readonly id?: string | number | undefined;
  /** Only if the key's latest index is this. */
  readonly ifMatch?: number | undefined;
  /** Only if the key has no value. */
  readonly ifNoneMatch?: '*' | undefined;
}

export interface ReadOptions extends CallOptions {
  /** What may be shown. Default `local`: all that the node has. `linearizable` is answered by the
   * master alone; another node sends the read on to it. */
  readonly read?: ReadLevel | undefined;
}

export interface PageOptions extends ReadOptions {
  /** Index to begin at; default 1. */
  readonly from?: number | undefined;
  /** At most so many: messages from 1 on, operations 1…10,000. Default: all messages, in pages of
   * 1,000 where they come in pages; 1,000 operations. */
  readonly limit?: number | undefined;
}

export interface KeyPageOptions extends ReadOptions {
  /** Only keys that begin with it. */
  readonly prefix?: string | undefined;
  /** Only keys behind this one: `next` of the page before. */
  readonly after?: string | undefined;
  /** At most so many, 1…10,000; default 1,000. */
  readonly limit?: number | undefined;
}
