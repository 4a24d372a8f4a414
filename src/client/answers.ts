// What is asked for and what is answered: the JSON bodies of the contract, one type each. Fields a
// node adds beyond these are handed through untouched.

import type { MemberStatus, WriteConcern } from '../core/effects.ts';

export type { MemberStatus, WriteConcern } from '../core/effects.ts';

/** What a read may show: what this node has, what a majority has, or proved to be current. */
export type ReadLevel = 'local' | 'majority' | 'linearizable';

/** A node and where it can be reached. */
export interface NodeAddress {
  readonly node: string;
  readonly url: string;
}

/** `POST /messages`: the message stands at `index` and `acks` (the master among them) have it. */
export interface AppendAnswer {
  readonly index: number;
  readonly w: WriteConcern;
  readonly acks: readonly string[];
  /** True: fsynced by the nodes named; false: in memory. */
  readonly durable: boolean;
  readonly ms: number;
  /** The idempotency key was known: this is the earlier append, nothing was added. */
  readonly duplicate?: boolean;
  /** What this acknowledgement survives, in a sentence; with the option `receipt`. */
  readonly receipt?: string;
}

/** `POST /messages/batch`: the messages stand at `first`…`last`, without anything in between. */
export interface BatchAnswer {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly w: WriteConcern;
  readonly acks: readonly string[];
  readonly durable: boolean;
  readonly ms: number;
  readonly duplicate?: boolean;
  /** What this acknowledgement survives, in a sentence; with the option `receipt`. */
  readonly receipt?: string;
}

/** `GET /messages`: messages in log order. */
export interface MessagePage {
  readonly messages: readonly string[];
  readonly lastIndex: number;
  /** Index to continue from; null or absent at the end. */
  readonly next?: number | null;
}

/** One operation at its place in the log. `at` is ISO 8601 in UTC, a label and no order. */
export type LogEntry = { readonly index: number; readonly epoch: number; readonly at: string } & (
  | { readonly op: 'append'; readonly message: string }
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  | { readonly op: 'remove'; readonly key: string }
);

/** `GET /log`. */
export interface LogPage {
  readonly entries: readonly LogEntry[];
  readonly lastIndex: number;
  /** Highest index known to be on a majority. */
  readonly commitIndex: number;
  readonly next: number | null;
}

/** `GET /outcomes/:key`: the write with this idempotency key stands at `index`. */
export interface StoredOutcome {
  readonly state: 'stored';
  readonly index: number;
  readonly acks: readonly string[];
}

/** `GET /log/:index/story`: what became of one operation on one node. */
export interface Story {
  readonly index: number;
  readonly node: string;
  /** False: parts fell out of the node's trace, or happened before its process began. */
  readonly complete: boolean;
  readonly lines: readonly {
    /** ISO 8601, by the node's clock. */
    readonly at: string;
    /** Since the first line. */
    readonly ms: number;
    readonly event: string;
    readonly peer: string | null;
    /** One plain sentence. */
    readonly text: string;
  }[];
}

/** `PUT` and `DELETE /kv/:key`. */
export interface OperationAck {
  readonly result: 'OperationAck';
  readonly id: string | number | null;
  readonly key: string;
  readonly index: number;
  readonly acks: readonly string[];
  readonly ms: number;
  readonly duplicate?: boolean;
}

/** `GET /kv/:key`; `value` is null when the key has none. */
export interface GetResult {
  readonly result: 'GetResult';
  readonly id: string | number | null;
  readonly key: string;
  readonly value: string | null;
  readonly index?: number;
}

/** `GET /kv`: keys in order. */
export interface KeyPage {
  readonly items: readonly {
    readonly key: string;
    readonly value: string;
    readonly index: number;
  }[];
  /** Key to continue after; null at the end. */
  readonly next: string | null;
}

/** One member of the cluster as the master sees it. Spans are in milliseconds. */
export interface MemberHealth {
  readonly node: string;
  readonly url: string;
  readonly role: 'master' | 'secondary';
  readonly status: MemberStatus;
  /** Since when it has that status; ISO 8601. */
  readonly since: string;
  /** Since its last answer to a heartbeat; null before the first. */
  readonly lastHeartbeatMs: number | null;
  /** Everything up to here it has acknowledged; null before the first acknowledgement. */
  readonly ackedIndex: number | null;
  readonly lagEntries: number;
  /** For how long it has been behind; 0: it is not. */
  readonly lagMs: number;
  /** Copies sent of the oldest Snapshot that it has not acknowledged. */
  readonly attempts: number;
  /** Until the next copy; null: none is due. */
  readonly retryInMs: number | null;
  readonly lastError: string | null;
}

/** `GET /health` on the master. */
export interface MasterHealth {
  readonly node: string;
  readonly role: 'master';
  readonly epoch: number;
  readonly mode: 'read-write' | 'read-only';
  readonly reason: string | null;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly quorum: { readonly size: number; readonly needed: number; readonly alive: number };
  readonly members: readonly MemberHealth[];
  /** Another node takes over if a majority hears nothing of it; absent: nobody does. */
  readonly failover?: true;
  readonly damage?: FoundDamage;
}

/** `GET /health` on any other node; `role` is null until it has one. */
export interface FollowerHealth {
  readonly node: string;
  readonly role: 'secondary' | 'removed' | null;
  readonly epoch: number;
  readonly master: NodeAddress | null;
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly status: string;
  readonly damage?: FoundDamage;
}

/** Damage that a node's process found in its log when it started, or met since. */
export interface FoundDamage {
  readonly file: string;
  /** In bytes. */
  readonly offset: number;
  /** The log was whole up to here. */
  readonly after: number;
  /** It had gone on to here, at least. */
  readonly upTo: number;
  /** ISO 8601. */
  readonly foundAt: string;
  /** Since when it has again what was lost; null: not yet. */
  readonly mendedAt: string | null;
  /** A read met it since the start: what is there cannot be read, and the next start mends it. */
  readonly running?: true;
}

export type Health = MasterHealth | FollowerHealth;

/** What a node does to replication traffic that arrives at it. p is a probability, 0…1. */
export interface Faults {
  /** Delay before handling, in milliseconds. */
  readonly delayMs?: number | { readonly min: number; readonly max: number };
  /** p: answered with 500, not applied. */
  readonly errorBefore?: number;
  /** p: applied, then answered with 500. */
  readonly errorAfter?: number;
  /** p: swallowed without any answer. */
  readonly dropRequest?: number;
  /** p: applied, the answer swallowed. */
  readonly dropReply?: number;
  /** Everything waits until this is lifted. */
  readonly hold?: boolean;
  /** Heartbeats are affected too; default false. */
  readonly heartbeat?: boolean;
  readonly persist?: PersistFaults;
  /** Only the next n requests; 0: none at all (persistence not counted). */
  readonly times?: number;
  /** Fixes the random sequence. */
  readonly seed?: number;
}

/** What a node does to its own writes to disk. */
export interface PersistFaults {
  /** p: throws. */
  readonly fail?: number;
  /** k: silently loses the next k of every k + 1 requests. */
  readonly swallow?: number;
  /** Never answers until lifted. */
  readonly stuck?: boolean;
  readonly delayMs?: number;
}

/** `GET /faults`. */
export interface FaultReport {
  readonly faults: Faults;
  readonly hits: Readonly<Record<string, number>>;
}

/** A node as the launcher sees it. */
export interface ClusterNode {
  readonly node: string;
  readonly role: string | null;
  readonly url: string;
  readonly pid: number | null;
  readonly state: string;
  /** What may become of an addition or a removal that was just answered so. */
  readonly warning?: string;
}

/** `GET {control}/cluster`. */
export interface ClusterReport {
  readonly name: string;
  /** Of the launcher. */
  readonly pid: number;
  /** How many members count for a majority, those included that are down. */
  readonly size: number;
  /** Where nodes join. */
  readonly arbiter: string;
  /** Base URL of the control routes. */
  readonly control: string;
  /** Absolute; null: its nodes keep nothing on disk. */
  readonly dataDir: string | null;
  readonly nodes: readonly ClusterNode[];
  /** No members any more; their processes serve what they had. */
  readonly removed: readonly ClusterNode[];
}

/** `GET {control}/cluster/nodes/:id/output`: the last lines that a node's processes wrote. */
export interface NodeOutput {
  readonly node: string;
  /** Number of the first line, counted from 1 over everything that was ever written. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** What the launcher can do to a node's process. */
export type ControlVerb = 'stop' | 'start' | 'restart' | 'kill' | 'pause' | 'resume';
