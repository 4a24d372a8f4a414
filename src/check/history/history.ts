// What was seen of a cluster from outside, one record per thing that happened: the only input of
// the checkers. The simulator, the chaos command and the demos write it; a file of it is JSON
// lines, one record each, in the order in which they ended.
//
// Times are milliseconds on the recorder's one clock (virtual time in the simulator), never a
// node's own clock.

import type { WriteConcern } from '../../core/effects.ts';
import type { Operation } from '../../core/operation.ts';

export type ReadLevel = 'local' | 'majority' | 'linearizable';

/** A client's write, with what it heard. */
export interface WriteRecord {
  readonly type: 'write';
  readonly client: string;
  /** The node that was asked (after redirects: that answered). */
  readonly node: string;
  /** More than one: a batch, which enters the log whole or not at all. */
  readonly operations: readonly Operation[];
  readonly idempotencyKey: string | null;
  readonly w: WriteConcern;
  readonly call: number;
  /** null: no answer was heard before the client gave up or the recording ended. */
  readonly return: number | null;
  /**
   * `ok`: success was answered. `refused`: the answer said that nothing was appended.
   * `unknown`: no answer, a timeout, a broken connection: it may be in the log, now or later.
   */
  readonly outcome: 'ok' | 'refused' | 'unknown';
  /** Where it stands in the log; present for `ok`, and for `unknown` if the answer told. */
  readonly first?: number;
  readonly last?: number;
  /** Nodes that had it when the answer left; absent without an answer. */
  readonly acks?: readonly string[];
  /** The key was known: this request appended nothing. */
  readonly duplicate?: boolean;
  readonly durable?: boolean;
  /** The problem's code, for `refused` and `unknown`. */
  readonly code?: string;
}

/** An operation as a node showed it. */
export interface SeenEntry {
  readonly index: number;
  readonly epoch: number;
  readonly operation: Operation;
}

/** A page of the log that a node showed. What it says it covers, it covers. */
export interface LogRecord {
  readonly type: 'log';
  readonly client: string;
  readonly node: string;
  /** Names one life of the node's process: what it showed may not shrink within it. */
  readonly life: string;
  readonly read: ReadLevel;
  readonly call: number;
  readonly return: number;
  readonly from: number;
  /** The page covers `from`…`to`; entries missing in between were compacted away, or are a bug. */
  readonly to: number;
  readonly entries: readonly SeenEntry[];
  readonly lastIndex: number;
  readonly commitIndex: number;
  /** Read after everything was healed and quiet: all nodes must show the same. */
  readonly final?: boolean;
}

/** A key's value as a node showed it. */
export interface GetRecord {
  readonly type: 'get';
  readonly client: string;
  readonly node: string;
  readonly life: string;
  readonly read: ReadLevel;
  readonly call: number;
  readonly return: number;
  readonly key: string;
  readonly value: string | null;
  /** Index of the operation that gave the value; null if the key has none. */
  readonly index: number | null;
}

/** Something that happened to a node. */
export interface NodeRecord {
  readonly type: 'node';
  readonly at: number;
  readonly node: string;
  readonly life: string;
  readonly event:
    | 'start'
    | 'crash'
    | 'stop'
    | 'pause'
    | 'resume'
    | 'wipe'
    | 'repair'
    | 'join'
    | 'leave'
    | 'role'
    | 'refused-start';
  /** With `start`: whether it keeps its log on disk. */
  readonly durable?: boolean;
  /** With `start`: it has lost entries to damage, and says so; others keep what they promised. */
  readonly damaged?: boolean;
  /** With `leave`: it is only asked to, and may still be a member; one that is not pending, or the
   * role `removed`, tells that it has left. */
  readonly pending?: boolean;
  /** With `start` of the arbiter: it was told how large the cluster is. */
  readonly sized?: boolean;
  /** With `role`. */
  readonly role?: 'master' | 'secondary' | 'removed' | null;
  readonly epoch?: number;
}

/** A fault that was switched on, met or lifted. Not judged: it explains, and counts coverage. */
export interface FaultRecord {
  readonly type: 'fault';
  readonly at: number;
  readonly node: string;
  readonly kind: string;
  readonly detail?: string;
}

/** What a node said of the cluster. */
export interface HealthRecord {
  readonly type: 'health';
  readonly at: number;
  readonly node: string;
  readonly role: 'master' | 'secondary' | 'removed' | null;
  readonly epoch: number;
  readonly mode: 'read-write' | 'read-only' | null;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly alive?: number;
  readonly needed?: number;
  readonly size?: number;
}

/** From here on another rule holds: faults are allowed (`safety`), or are over (`liveness`). */
export interface PhaseRecord {
  readonly type: 'phase';
  readonly at: number;
  readonly phase: 'safety' | 'liveness' | 'end';
  /** With `liveness`: everything must have converged by then. */
  readonly until?: number;
  /** With `safety`: of so many idempotency keys the cluster remembers the last ones at least. If
   * not said, it is what every cluster promises. */
  readonly keys?: number;
}

export type HistoryRecord =
  | WriteRecord
  | LogRecord
  | GetRecord
  | NodeRecord
  | FaultRecord
  | HealthRecord
  | PhaseRecord;
