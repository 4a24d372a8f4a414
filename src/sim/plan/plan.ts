// Everything that is decided before a run begins. The rule: a plan and its seed give one history,
// to the letter; leaving out a fault or an operation leaves a plan.

import type { ReadLevel } from '../../check/history/history.ts';
import type { WriteConcern } from '../../core/effects.ts';
import type { Operation } from '../../core/operation.ts';
import type { Options } from '../../core/options.ts';
import type { SegmentedLogOptions } from '../../persistence/log/segmented-log.ts';

/** The cluster, before anything goes wrong. */
export interface Shape {
  /** The first is the master, and with an embedded arbiter also that. */
  readonly nodes: readonly { readonly id: string; readonly durable: boolean }[];
  readonly arbiter: 'own' | 'embedded';
  readonly arbiterDurable: boolean;
  /** The arbiter replaces a master of which a majority hears nothing; absent: it does not. */
  readonly failover?: boolean;
  /** An arbiter that takes the place of a lost one has an empty folder, and lets a majority say
   * which cluster it is the arbiter of; otherwise it is in memory, and takes the first word. */
  readonly nameless: boolean;
  /** A node whose log is damaged keeps what is before the damage and fetches the rest, as nodes do
   * that are served; otherwise it refuses to start, and its operator gives it an empty disk. */
  readonly salvages: boolean;
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  /** It may be less than there are, and stays what it is when nodes join or leave; absent: it
   * follows them. */
  readonly untold?: boolean;
  readonly options: Partial<Options>;
  /** Of so many idempotency keys it remembers the last ones, whatever is cut off its logs; null: of
   * more than there are. */
  readonly keys: number | null;
  readonly layout: SegmentedLogOptions;
  /** Durable logs write summaries, compact and check themselves, and start from their summaries. */
  readonly upkeep: boolean;
  /** A message takes about this long. */
  readonly networkMs: number;
  /** A call to a disk takes about this long. */
  readonly diskMs: number;
}

/** One thing that goes wrong. What the numbers mean is up to its kind. */
export interface Fault {
  readonly kind: string;
  readonly at: number;
  /** Until it ends by itself; all faults end when the faulty phase does. */
  readonly forMs: number;
  readonly node: string;
  /** Another node. */
  readonly peer: string;
  /** How bad, above 0, up to 1. */
  readonly amount: number;
  /** What chance inside the fault is drawn from. */
  readonly seed: number;
}

/** A client's write. */
export interface PlannedWrite {
  readonly type: 'write';
  readonly client: string;
  /** Not before; a client does one thing after the other. */
  readonly at: number;
  readonly operations: readonly Operation[];
  readonly batch: boolean;
  readonly w: WriteConcern;
  readonly timeoutMs: number | null;
  readonly key: string | null;
  /** After this long without an answer the client goes away. */
  readonly patienceMs: number;
  /** How often it asks at most. Without a key it repeats only what was refused. */
  readonly tries: number;
  /** Only if the key has no value yet. */
  readonly onlyNew: boolean;
}

/** A client's read of the log, or of a key. */
export interface PlannedRead {
  readonly type: 'log' | 'get';
  readonly client: string;
  readonly at: number;
  readonly node: string;
  readonly read: ReadLevel;
  /** For `get`. */
  readonly key: string;
  /** For `log`: from the beginning, or the last few entries. */
  readonly whole: boolean;
}

export type ClientOperation = PlannedWrite | PlannedRead;

export interface Plan {
  readonly seed: number;
  readonly shape: Shape;
  /** When faults may begin, and when all of them are over, in milliseconds. */
  readonly faultsFrom: number;
  readonly faultsUntil: number;
  readonly faults: readonly Fault[];
  readonly operations: readonly ClientOperation[];
}
