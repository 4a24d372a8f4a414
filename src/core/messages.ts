// Every message between nodes, in protocol order: what it says, and a line for each field.
//
// A request is an object with a `type`; its answer is the type of the same family. Every request
// carries `epoch`; a receiver that knows a higher one refuses it with StaleEpoch. On the wire each
// request is a POST whose path follows from its type (contract, section 6). Fields marked "own" are
// not in the contract: replog nodes add them, and manage without them when a peer does not.

import type { Lost } from './effects.ts';
import type { Epoch, Incarnation, LogIndex, NodeId, Seq, Session } from './ids.ts';
import type { Entry } from './operation.ts';

/** A node and where it can be reached. The URL may be a proxy. */
export interface Peer {
  readonly node: NodeId;
  readonly url: string;
}

/** A starting node asks its arbiter for a role: the first thing it sends, until answered. */
export interface Join {
  readonly type: 'Join';
  readonly node: NodeId;
  readonly url: string;
  readonly incarnation: Incarnation;
  /** The highest epoch this node has seen. */
  readonly epoch: Epoch;
  readonly lastIndex: LogIndex;
  /** Own. The role its operator asked for; absent: whatever the arbiter gives. */
  readonly wants?: 'master' | 'secondary';
  /** Own. Identity of the cluster whose data this node's folder holds; absent: none yet. */
  readonly cluster?: string;
  /** Own. true: it has heard nothing of the master of `epoch` for too long; false: it has said so,
   * and hears it again; absent: neither. */
  readonly masterSilent?: boolean;
  /** Own, with `masterSilent`. How many Joins this process has sent; an earlier one is no news. */
  readonly asked?: number;
  /** Own, with `masterSilent`. Epoch of the last master this node accepted operations from. */
  readonly acceptedEpoch?: Epoch;
  /** Own, with `masterSilent`. Up to here its log is durable. */
  readonly durableIndex?: LogIndex;
  /** Own, with `masterSilent`. What the arbiter has said last; see JoinedSecondary. */
  readonly term?: string;
}

/** Own. What an arbiter tells a master beside the replicas. */
export interface Terms {
  /** Configured cluster size; absent or null: the number of replicas. */
  readonly size?: number | null;
  /** Rises with each change of the set or the size. In one epoch a lower one than the master has
   * seen was overtaken on its way; absent: the latest to arrive counts. */
  readonly version?: number;
  /** From this epoch on nobody but this master was appointed; absent: that is not known. */
  readonly since?: Epoch;
  /** Identity of the cluster; absent: it has none yet. */
  readonly cluster?: string;
  /** Another member takes over if a majority hears nothing of the master; absent: nobody does. */
  readonly failover?: boolean;
  /** Whom a master has named last (see ReplicasNoted); absent: none has. */
  readonly established?: readonly NodeId[];
}

/** The node is master from now on, in this (new) epoch. */
export interface JoinedMaster extends Terms {
  readonly type: 'JoinedMaster';
  readonly epoch: Epoch;
  /** Own. The members known to the arbiter, the master included; it hears them before it serves. */
  readonly replicas?: readonly Peer[];
}

/** The node is a secondary. With `failover` it tells the arbiter, again and again, of a silence. */
export interface JoinedSecondary extends Pick<Terms, 'cluster' | 'failover'> {
  readonly type: 'JoinedSecondary';
  readonly epoch: Epoch;
  readonly master: Peer;
  /** Own. Which of its terms this is; absent: it is in charge for as long as it lives. */
  readonly term?: string;
}

/** The node is no replica any more: its acknowledgements are waived, it is sent nothing. */
export interface Leave {
  readonly type: 'Leave';
  readonly node: NodeId;
}

/** The node is no member (any more). */
export interface Left {
  readonly type: 'Left';
}

/** The arbiter tells the master the whole set of replicas, the master included. */
export interface Replicas extends Terms {
  readonly type: 'Replicas';
  readonly epoch: Epoch;
  readonly replicas: readonly Peer[];
}

/** The master has taken note of the set. */
export interface ReplicasNoted {
  readonly type: 'ReplicasNoted';
  /** Own, with failover. Who has had, at some time since it joined, all that the log held when it
   * did; empty: the master cannot say yet; absent: it never says. */
  readonly established?: readonly NodeId[];
  /** Own. So have the others once their log of this epoch is durable to here; absent: unknown. */
  readonly newcomersAt?: LogIndex;
}

/**
 * One or more operations, as they arrive at a secondary. `seq` is that of the first update, the
 * others follow on. An empty `updates` (own) asks only whether the secondary's log ends as `prev`
 * says, and is sent to nodes that have shown that they understand it.
 */
export interface Snapshot {
  readonly type: 'Snapshot';
  readonly epoch: Epoch;
  readonly session: Session;
  readonly seq: Seq;
  readonly updates: readonly Entry[];
  readonly commitIndex: LogIndex;
  /** Own. The sender, so that a node without a master knows whom it follows. */
  readonly master?: Peer;
  /** Own. What stands in the master's log right before the first update. */
  readonly prev?: LogPoint;
  /** Own. Those of the updates that do not follow the one before them, because what stood between
   * was compacted away, and the master's running hash after each. */
  readonly holes?: readonly LogPoint[];
  /** Own. See Heartbeat. */
  readonly opened?: LogIndex;
  /** Own, with no updates. The logs differ somewhere: what the receiver holds after `prev` goes. */
  readonly reset?: boolean;
}

/**
 * A Snapshot as it leaves the core: which operations, not their bytes. The host fills in `updates`
 * (all entries `from`…`to` that the log still holds), `prev` and `holes` from the log.
 */
export interface SnapshotOrder extends Omit<Snapshot, 'updates' | 'prev' | 'holes'> {
  readonly from: LogIndex;
  /** Less than `from` for an empty Snapshot. */
  readonly to: LogIndex;
}

/** A place in a log and the running hash of everything up to it: equal hashes, equal logs. */
export interface LogPoint {
  readonly index: LogIndex;
  readonly hash: number;
}

/** The running hash at an index that was compacted away: none equals it, others start over. */
export const UNKNOWN_HASH: number = 2 ** 32;

/** The secondary has persisted everything up to `seq` of this session. */
export interface SnapshotAck {
  readonly type: 'SnapshotAck';
  readonly session: Session;
  /** Highest acknowledged; -1 when the session has had no update yet. */
  readonly seq: Seq;
  readonly lastIndex: LogIndex;
}

/** In a log, no entry beyond `index` is of `epoch` or of an earlier one. */
export interface EpochEnd {
  readonly epoch: Epoch;
  readonly index: LogIndex;
}

/** The master shows that it lives, and how far it is. */
export interface Heartbeat {
  readonly type: 'Heartbeat';
  readonly epoch: Epoch;
  readonly master: Peer;
  readonly lastIndex: LogIndex;
  readonly commitIndex: LogIndex;
  /** Own. The master has finished recovery: what a secondary holds beyond `lastIndex` is not part
   * of the log of this epoch. */
  readonly settled?: boolean;
  /** Own. Where the master's log ended when it finished recovery: what a secondary holds beyond it
   * of earlier epochs is not part of the log of this epoch, however long that has become since. */
  readonly opened?: LogIndex;
  /** Own. Identity of the cluster, for a secondary that joined before there was one. */
  readonly cluster?: string;
  /** Own. Sent to a secondary whose last entries cannot be in the master's log: where those of
   * their epoch, and of earlier ones, end there. */
  readonly epochEnd?: EpochEnd;
  /** Own. Everything up to here is on a majority and on every member: what is superseded there may
   * be compacted away; absent: nothing may. */
  readonly compactTo?: LogIndex;
}

/** The secondary lives. */
export interface HeartbeatAck {
  readonly type: 'HeartbeatAck';
  readonly node: NodeId;
  readonly incarnation: Incarnation;
  readonly epoch: Epoch;
  readonly lastIndex: LogIndex;
  /** Own. Epoch of the last master this node accepted operations from. */
  readonly acceptedEpoch?: Epoch;
  /** Own. Epoch of the entry at `lastIndex`; 0: it has none. */
  readonly lastEpoch?: Epoch;
  /** Own. Running hash of its log at `lastIndex`. */
  readonly hash?: number;
  /** Own. It has lost entries to damage: that they are not here proves nothing. */
  readonly lost?: Lost;
  /** Own. What it acknowledges is on its disk, and not only in its memory. */
  readonly durable?: boolean;
  /** Own. Why its disk takes nothing at the moment, for people. */
  readonly trouble?: string;
  /** Own. The arbiter may have heard from it that this master is silent, and not yet that it is
   * not; absent: it has not. */
  readonly doubts?: boolean;
}

/** Own. A master that opens an epoch asks a member for what it holds beyond the master's log. */
export interface Fetch {
  readonly type: 'Fetch';
  readonly epoch: Epoch;
  readonly from: LogIndex;
}

/** A new master asks a member that does not say what replog's nodes say of themselves for what it
 * holds beyond the master's log, as clients read one: `GET /log` (contract, section 3) from `from`
 * on. The answer is a Fetched without `prev`; it has no updates where the member does not let its
 * log be read. */
export interface ReadLog {
  readonly type: 'ReadLog';
  readonly from: LogIndex;
}

/** Where a Fetch goes that is for what damage left readable in this node's own files. */
export const ASIDE = 'aside:';

/** Own. Operations from `from` on, as many as fit one answer; empty at the end of the log. */
export interface Fetched {
  readonly type: 'Fetched';
  readonly updates: readonly Entry[];
  readonly lastIndex: LogIndex;
  /** What stands in the answering node's log right before the first update. */
  readonly prev?: LogPoint;
  /** See Snapshot. */
  readonly holes?: readonly LogPoint[];
}

/** A Fetched as it leaves the core: the host fills in `updates` and `prev`. */
export interface FetchedOrder {
  readonly type: 'FetchedOrder';
  readonly from: LogIndex;
  readonly lastIndex: LogIndex;
}

/** The protocol's ways of saying no. Each is a value, with the HTTP status of the problem table. */
export type Refusal =
  /** The sender's epoch is over; this is the receiver's. Own: who says so, in answer to Replicas
   * (an arbiter asks by that whether a process still lives), and where the receiver is master of
   * the sender's own epoch. */
  | {
      readonly type: 'Refused';
      readonly code: 'stale-epoch';
      readonly epoch: Epoch;
      readonly node?: NodeId;
      readonly incarnation?: Incarnation;
    }
  /** The sender's session has been replaced by this one. */
  | { readonly type: 'Refused'; readonly code: 'stale-session'; readonly session: Session }
  /** Something before this Snapshot is missing; this `seq` is expected. */
  | { readonly type: 'Refused'; readonly code: 'out-of-order'; readonly expected: Seq }
  /** The logs differ at or before `prev`; up to `lastIndex` they are known to agree, and from there
   * the sender starts over. */
  | { readonly type: 'Refused'; readonly code: 'diverged'; readonly lastIndex: LogIndex }
  /** The arbiter has no master to give, and the node did not want to be one; or the receiver, which
   * is none, knows of none. */
  | { readonly type: 'Refused'; readonly code: 'no-master' }
  /** The message is for a node in another role. */
  | { readonly type: 'Refused'; readonly code: 'not-master'; readonly master: Peer }
  /** The node's folder belongs to another cluster. */
  | { readonly type: 'Refused'; readonly code: 'wrong-cluster'; readonly cluster: string }
  /** Another living process uses this node id. */
  | { readonly type: 'Refused'; readonly code: 'node-id-taken'; readonly node: NodeId }
  /** The receiver has no room for another waiting request. */
  | { readonly type: 'Refused'; readonly code: 'overloaded' }
  /** This process runs no arbiter; or of several another one is in charge. */
  | { readonly type: 'Refused'; readonly code: 'no-arbiter' | 'standby' };

/** A request as a node receives it. */
export type Request = Join | Leave | Replicas | Snapshot | Heartbeat | Fetch;

/** A request as the core sends it. */
export type RequestOrder = Join | Leave | Replicas | SnapshotOrder | Heartbeat | Fetch | ReadLog;

/** An answer as a node receives it. */
export type Response =
  | JoinedMaster
  | JoinedSecondary
  | Left
  | ReplicasNoted
  | SnapshotAck
  | HeartbeatAck
  | Fetched
  | Refusal;

/** An answer as the core gives it. */
export type ResponseOrder = Exclude<Response, Fetched> | FetchedOrder;
