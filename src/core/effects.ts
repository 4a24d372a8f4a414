// The contract between the core and its host (a node, or the simulator): events in, effects out.
//
// The host calls `step(event, now)` for every event, performs the effects in order, and calls
// `step({type:'Wake'}, now)` when `deadline()` is reached. A deadline that is already past means
// "as soon as the events at hand are done": that is how operations gather into one write and one
// Snapshot without any timer.

import type { CallId, Epoch, LogIndex, NodeId, Ticket } from './ids.ts';
import type { LogPoint, Request, RequestOrder, Response, ResponseOrder } from './messages.ts';
import type { Entry, Operation } from './operation.ts';

/** How many nodes must have an operation before the client hears success, the master counted. */
export type WriteConcern = number | 'majority' | 'all';

/** A client's write. All of `operations` enter the log together or not at all. */
export interface Write {
  readonly type: 'Write';
  readonly ticket: Ticket;
  readonly operations: readonly Operation[];
  /** It came as a batch, even if of one message. */
  readonly batch: boolean;
  /** Wall clock at arrival, ISO 8601; only stamped on the entries. */
  readonly at: string;
  readonly w: WriteConcern;
  /** Milliseconds after which the client hears "timed out, outcome unknown"; absent: never. */
  readonly timeoutMs?: number | undefined;
  /** When it came, on the clock of the steps; absent: with the step. */
  readonly arrivedAt?: number | undefined;
  readonly idempotencyKey?: string | undefined;
  /** Key-value only: the write happens if the key's latest index is this; `null`: it has none;
   * `any`: it has one. */
  readonly ifIndex?: LogIndex | 'any' | null | undefined;
}

/** What happened. */
export type Event =
  /** The process is up, its log and memory have been read. Sent once, first. */
  | { readonly type: 'Start' }
  | { readonly type: 'Received'; readonly ticket: Ticket; readonly request: Request }
  | { readonly type: 'Answered'; readonly call: CallId; readonly response: Response }
  /** No usable answer came: a broken connection, a time limit, a 500. `error` is for people. */
  | { readonly type: 'Unanswered'; readonly call: CallId; readonly error: string }
  | Write
  /** A linearizable read: answered once this node has re-proved that it is the master. */
  | { readonly type: 'Confirm'; readonly ticket: Ticket }
  /** The client of this ticket went away; nobody waits for the answer any more. */
  | { readonly type: 'Abandoned'; readonly ticket: Ticket }
  /** Persist `id` is done: everything up to its `upTo` is durable as this node promises. */
  | { readonly type: 'Persisted'; readonly id: number }
  | {
      readonly type: 'PersistFailed';
      readonly id: number;
      readonly error: string;
      /** The disk has no room: the node is read-only until a later Persist succeeds. */
      readonly full: boolean;
    }
  /** Remember `id` is on disk. */
  | { readonly type: 'Remembered'; readonly id: number }
  /** Leave the cluster for good (but go on serving reads). Answered through `ticket`. */
  | { readonly type: 'Retire'; readonly ticket: Ticket }
  /** The process is about to end: every waiting client is told so. */
  | { readonly type: 'Stop' }
  | { readonly type: 'Wake' };

/** What a client's write or Confirm came to. */
export type Outcome =
  | {
      readonly type: 'Stored';
      readonly first: LogIndex;
      readonly last: LogIndex;
      readonly acks: readonly NodeId[];
      /** The idempotency key was known: nothing was appended. */
      readonly duplicate: boolean;
    }
  /** In the log and replicating, but `w` was not met in time. Its outcome is open. */
  | {
      readonly type: 'TimedOut';
      readonly first: LogIndex;
      readonly last: LogIndex;
      readonly acks: readonly NodeId[];
    }
  | { readonly type: 'Confirmed'; readonly lastIndex: LogIndex }
  | {
      readonly type: 'NoQuorum';
      readonly alive: number;
      readonly needed: number;
      readonly missing: readonly NodeId[];
    }
  | { readonly type: 'Unsatisfiable'; readonly size: number }
  | { readonly type: 'KeyReused' }
  | { readonly type: 'PreconditionFailed'; readonly index: LogIndex | null }
  | { readonly type: 'NotMaster'; readonly master: { node: NodeId; url: string } }
  /** With `first`/`last`: it is in the log, outcome open; without: nothing was appended. */
  | { readonly type: 'NoMaster'; readonly first?: LogIndex; readonly last?: LogIndex }
  /** This master has not finished opening its epoch. Nothing was appended. */
  | { readonly type: 'Recovering' }
  | { readonly type: 'Overloaded' }
  /** The disk is full or failing. Nothing was appended. */
  | { readonly type: 'StorageUnavailable'; readonly reason: string }
  | { readonly type: 'NotLinearizable'; readonly reason: string }
  | { readonly type: 'ShuttingDown'; readonly first?: LogIndex; readonly last?: LogIndex };

/** Durable bookkeeping beside the log: small, written whole, replaced atomically. */
export interface Memory {
  /** Identity of the cluster this folder belongs to. */
  readonly cluster: string | null;
  /** The highest epoch this node has seen; lower ones are refused, also after a restart. */
  readonly epoch: Epoch;
  /** Epoch of the last master this node accepted operations from. */
  readonly acceptedEpoch: Epoch;
  /** What the arbiter in this process knows; null when it runs none. */
  readonly arbiter: ArbiterMemory | null;
  /** What damage took from the log, until it is known to be there again; absent or null:
   * nothing. */
  readonly lost?: Lost | null;
  /** It was appointed master without a trace of an earlier life where there had been masters
   * before, or dropped its log as one, and what it has fetched since is not all durable; absent:
   * false. */
  readonly refilling?: boolean;
  /** For a master: the members that have had, at some time since they joined, all that its log held
   * when they did; absent or null: it does not know. */
  readonly established?: readonly NodeId[] | null;
}

/** What a node once held, perhaps acknowledged, and does not hold any more. */
export interface Lost {
  /** Epoch of the last master it had accepted operations from. */
  readonly epoch: Epoch;
  /** It held everything up to here. */
  readonly upTo: LogIndex;
  /** It may have held more than that: nobody can tell how much. */
  readonly open: boolean;
  /** Places behind the damage whose running hash is known, rising: a log that agrees there is the
   * one that was lost. Not told to others. */
  readonly points?: readonly LogPoint[];
  /** Where the damage was found, the latest if it happened again: for who asks this node. Not told
   * to others. */
  readonly place?: DamagePlace;
}

/** Where damage begins on disk. */
export interface DamagePlace {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
}

/** What an arbiter must not forget. */
export interface ArbiterMemory {
  readonly epoch: Epoch;
  readonly master: NodeId | null;
  readonly members: readonly {
    readonly node: NodeId;
    readonly url: string;
    readonly incarnation: string;
  }[];
  readonly size: number | null;
  /** How often the set of members or the size has changed; absent: before that was counted. */
  readonly version?: number;
  /** What the master has taken note of last, where it may be replaced; absent: all of the above. */
  readonly noted?: Noted;
}

/** How large a cluster is meant to be, and who its members are. */
export interface Noted {
  readonly size: number | null;
  readonly nodes: readonly NodeId[];
  /** See ReplicasNoted. */
  readonly established?: readonly NodeId[];
  /** See ReplicasNoted; of the present epoch. */
  readonly newcomersAt?: LogIndex;
}

/** What a node remembers before it has seen anything. */
export const BLANK_MEMORY: Memory = {
  cluster: null,
  epoch: 0 as Epoch,
  acceptedEpoch: 0 as Epoch,
  arbiter: null,
};

/** What is known of a node that has a log whose last entry is of this epoch (0: an empty one), and
 * no memory: its folder was tampered with, or it ended before what it remembered was durable. */
export function memoryBeside(lastEpoch: Epoch): Memory {
  return { ...BLANK_MEMORY, epoch: lastEpoch, acceptedEpoch: lastEpoch };
}

/** Something worth telling people: one line of the logger, one event of the stream. */
export type Note =
  | {
      readonly event: 'status';
      readonly node: NodeId;
      readonly from: MemberStatus;
      readonly to: MemberStatus;
    }
  | {
      readonly event: 'role';
      readonly node: NodeId;
      readonly role: 'master' | 'secondary' | 'removed' | null;
      readonly epoch: Epoch;
    }
  | {
      readonly event: 'mode';
      readonly mode: 'read-write' | 'read-only';
      readonly reason: string | null;
    }
  | {
      readonly event: 'joined';
      readonly node: NodeId;
      readonly session: number;
      readonly from: LogIndex;
    }
  | { readonly event: 'left'; readonly node: NodeId }
  | {
      readonly event: 'resend';
      readonly node: NodeId;
      readonly attempt: number;
      readonly index: LogIndex;
    }
  | { readonly event: 'duplicate'; readonly index: LogIndex }
  | { readonly event: 'recovered'; readonly count: number }
  /** Damage took entries from the log on disk; they are to be fetched from others. */
  | {
      readonly event: 'damaged';
      readonly file: string;
      /** In bytes. */
      readonly offset: number;
      readonly after: LogIndex;
      readonly upTo: LogIndex;
    }
  /** What damage took is there again. */
  | { readonly event: 'repaired'; readonly upTo: LogIndex }
  /** Damage took entries from the only node of a cluster: nobody has them. */
  | { readonly event: 'lost'; readonly after: LogIndex; readonly upTo: LogIndex }
  | { readonly event: 'discarded'; readonly after: LogIndex; readonly count: number }
  | { readonly event: 'refused'; readonly by: string; readonly code: string }
  | { readonly event: 'unanswered'; readonly by: string; readonly error: string };

export type MemberStatus = 'Healthy' | 'Suspected' | 'Unhealthy';

/** What the host must do, in this order. */
export type Effect =
  /** Put the entries, one or more, at the end of the log, in memory: readable when `step` has
   * returned. */
  | {
      readonly type: 'Append';
      readonly entries: readonly Entry[];
      /** The running hash after each of them before which another log has compacted something. */
      readonly holes?: readonly LogPoint[];
    }
  /** Drop everything after this index, in memory and on disk; a durable node keeps a copy aside. */
  | { readonly type: 'Truncate'; readonly after: LogIndex }
  /** Make everything up to `upTo` durable; answered by Persisted or PersistFailed with this id. The
   * same id may be asked for again while it is under way: that is one request, not two. */
  | { readonly type: 'Persist'; readonly id: number; readonly upTo: LogIndex }
  /** Make this bookkeeping durable; answered by Remembered. Never fails: the host retries. */
  | { readonly type: 'Remember'; readonly id: number; readonly memory: Memory }
  /** Send to a URL; answered by Answered or Unanswered with this call, once. */
  | {
      readonly type: 'Send';
      readonly call: CallId;
      readonly to: string;
      readonly request: RequestOrder;
    }
  /** Answer another node's request. */
  | { readonly type: 'Respond'; readonly ticket: Ticket; readonly response: ResponseOrder }
  /** Answer a client. */
  | { readonly type: 'Reply'; readonly ticket: Ticket; readonly outcome: Outcome }
  | { readonly type: 'Note'; readonly note: Note };
