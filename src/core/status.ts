// What a machine says of itself, for people: `GET /health`, metrics, the dashboard.

import type { MemberStatus } from './effects.ts';
import type { Epoch, LogIndex, NodeId } from './ids.ts';
import type { Peer } from './messages.ts';

/** One member of the cluster as its master sees it. Times are milliseconds: ages and spans, but for
 * `since`. */
export interface MemberReport {
  readonly node: NodeId;
  readonly url: string;
  readonly role: 'master' | 'secondary';
  readonly status: MemberStatus;
  /** From when on it has had this status: a moment of the machine's clock. */
  readonly since: number;
  /** Age of the last answer; null if there was none yet. The master's own is 0. */
  readonly lastHeartbeatMs: number | null;
  /** Up to where it has acknowledged; null until it has done so for the first time. */
  readonly ackedIndex: LogIndex | null;
  readonly lagEntries: number;
  /** For how long it has been behind. */
  readonly lagMs: number;
  /** Copies sent of what it has not acknowledged. */
  readonly attempts: number;
  readonly retryInMs: number | null;
  readonly lastError: string | null;
}

/** Counted since the process started; metrics and tests read them. */
export interface Counters {
  appended: number;
  duplicates: number;
  resends: number;
  timeouts: number;
  refused: Record<string, number>;
}

/** What every node says. */
export interface CommonStatus {
  readonly node: NodeId;
  readonly epoch: Epoch;
  readonly lastIndex: LogIndex;
  readonly persistedIndex: LogIndex;
  readonly commitIndex: LogIndex;
  /** false: the commit index is 0 because nobody has said yet what it is, not because it is 0. */
  readonly commitKnown: boolean;
  readonly counters: Readonly<Counters>;
}

export interface MasterStatus extends CommonStatus {
  readonly role: 'master';
  readonly mode: 'read-write' | 'read-only';
  /** Why it is read-only; null while it is not. */
  readonly reason: string | null;
  /** It has not fetched yet what its members may hold beyond its own log. */
  readonly recovering: boolean;
  /** Another member takes over if a majority hears nothing of it. */
  readonly failover: boolean;
  readonly quorum: { readonly size: number; readonly needed: number; readonly alive: number };
  readonly members: readonly MemberReport[];
  /** Writes that wait for their write concern. */
  readonly waiting: number;
}

export interface FollowerStatus extends CommonStatus {
  /** null: no role yet, or the master it had is gone; `removed`: it has left the cluster. */
  readonly role: 'secondary' | 'removed' | null;
  readonly master: Peer | null;
}

export type NodeStatus = MasterStatus | FollowerStatus;
