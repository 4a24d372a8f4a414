// Admits nodes, gives roles, knows who the replicas are. The first node to join becomes master;
// there is one master per epoch, and a new epoch each time one is appointed.

import type { ArbiterMemory, Noted } from '../effects.ts';
import { type Epoch, epoch, type NodeId } from '../ids.ts';
import { clusterSize } from '../master/quorum.ts';
import type {
  Join,
  JoinedMaster,
  JoinedSecondary,
  Left,
  Peer,
  Refusal,
  ReplicasNoted,
} from '../messages.ts';
import { RecentSet } from '../tables/recent-set.ts';
import { ClusterIdentity } from './cluster-identity.ts';
import { Succession } from './succession.ts';

/** The set of replicas, for the master. */
export interface Announcement {
  readonly epoch: Epoch;
  readonly master: Peer;
  readonly replicas: readonly Peer[];
  readonly size: number | null;
  readonly version: number;
  /** See Terms. */
  readonly since: Epoch;
  /** Identity of the cluster, once it has one. */
  readonly cluster?: string;
  /** See Terms. */
  readonly failover?: boolean;
  /** See Terms. */
  readonly established?: readonly NodeId[];
}

export interface ArbiterOptions {
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  /** Identity of the cluster, if it is known; a node whose folder belongs to another one is
   * refused. */
  readonly cluster: string | null;
  /** Identity for a cluster that has none; null: it stays without until a node that is let in
   * brings one. */
  readonly newCluster: string | null;
  /** It is in memory, and may be that of a cluster which has an identity. Default: false. */
  readonly forgetful?: boolean;
  /** Only this node may become the first master; null: whichever joins first. */
  readonly prefer: NodeId | null;
  /** How long it counts that a member hears nothing of the master, in milliseconds, where another
   * one takes over from it. Default: nobody does. */
  readonly failoverMs?: number;
  /** Which of its terms this is; absent: it has but one. See Succession. */
  readonly term?: string;
}

/** Nodes that left and are still told from strangers: more than any cluster has members. */
const DEPARTED_MAX = 1_000;

/** One life of a member, and where it can be reached. */
export interface Registered {
  readonly url: string;
  readonly incarnation: string;
}

const NO_MASTER: Refusal = { type: 'Refused', code: 'no-master' };

const BLANK: ArbiterMemory = { epoch: epoch(0), master: null, members: [], size: null };

/**
 * Invariants:
 * 1. The epoch never falls, and rises with every appointment.
 * 2. The master, if there is one, is a member.
 * 3. The same process that asks twice gets the same answer, unless the office has passed meanwhile.
 * 4. The version rises with each change of who is where, or of the size, and is remembered: of two
 *    announcements of one epoch it tells which is the later one.
 * 5. Whom it appointed in any epoch from `since` on is the master of today. An epoch of a member
 *    that is later than all of these is none that this arbiter has opened.
 */
export class Arbiter {
  private readonly options: ArbiterOptions;
  private readonly members = new Map<NodeId, Registered>();
  /** Those who left in this life of the arbiter. */
  private readonly departed = new RecentSet<NodeId>(DEPARTED_MAX);
  /** With which version of the set each came, or came back, in this life of the arbiter. */
  private readonly versions = new Map<NodeId, number>();
  private epoch: Epoch;
  private master: NodeId | null;
  private size: number | null;
  private version: number;
  /** From this epoch on nobody but the master was appointed. */
  private since: Epoch;
  private readonly identity: ClusterIdentity;
  private readonly succession: Succession | null;

  constructor(options: ArbiterOptions, memory: ArbiterMemory | null) {
    const known = memory ?? BLANK;
    this.options = options;
    this.epoch = known.epoch;
    this.master = known.master;
    this.size = options.size ?? known.size;
    const resized = memory !== null && this.size !== memory.size;
    this.version = (known.version ?? 0) + (resized ? 1 : 0);
    this.since = known.epoch;
    this.identity = new ClusterIdentity(
      options.cluster,
      options.newCluster,
      options.forgetful ?? false,
    );
    for (const { node, url, incarnation: life } of known.members) {
      this.members.set(node, { url, incarnation: life });
    }
    const { failoverMs } = options;
    // One that replaced nobody has not told its master that it may be replaced.
    const noted = known.noted ?? { size: this.size, nodes: [] };
    this.succession =
      failoverMs === undefined ? null : new Succession(failoverMs, noted, options.term);
  }

  /** The master has taken note of this announcement, and says who is established, or not, or not
   * yet. Returns whether this is to be remembered. */
  noted(
    { epoch: announced, replicas, size, version }: Announcement,
    { established = [], newcomersAt }: Omit<ReplicasNoted, 'type'> = {},
  ): boolean {
    if (announced !== this.epoch || this.succession === null) return false;
    const nodes = replicas.map(({ node }) => node).filter((node) => this.stayed(node, version));
    const named = established.length === 0 ? {} : { established };
    const when = newcomersAt === undefined ? {} : { newcomersAt };
    // Who has left meanwhile is a member to the master still.
    const counted = clusterSize(size, replicas.length);
    return this.succession.notes({ size: counted, nodes, ...named, ...when });
  }

  /** The master is to be told once more who the replicas are, to hear who of them is established
   * by then. */
  get awaitsNewcomers(): boolean {
    return this.succession?.awaitsNewcomers === true;
  }

  private get current(): Noted {
    return { size: this.size, nodes: [...this.members.keys()] };
  }

  /** Whether it has been a member, in one place, since the set of this version. */
  private stayed(node: NodeId, version: number): boolean {
    return this.members.has(node) && version >= (this.versions.get(node) ?? 0);
  }

  /** Identity of the cluster, once it has one. */
  get clusterId(): string | null {
    return this.identity.current;
  }

  /** What must be durable before an answer leaves. */
  get memory(): ArbiterMemory {
    const members = [...this.members].map(([node, { url, incarnation: life }]) => ({
      node,
      url,
      incarnation: life,
    }));
    const { epoch: current, master, size, succession, version } = this;
    const noted = succession === null ? {} : { noted: succession.noted };
    return { epoch: current, master, members, size, version, ...noted };
  }

  /** For the master; null while there is none. */
  get announcement(): Announcement | null {
    if (this.master === null) return null;
    const master = this.peer(this.master);
    const { epoch: current, size, version, since } = this;
    const replicas = this.replicas();
    const named = this.established();
    return { epoch: current, master, replicas, size, version, since, ...named, ...this.common() };
  }

  /** `now`: in milliseconds, monotonic; for one that replaces masters. */
  join(request: Join, now = 0): JoinedMaster | JoinedSecondary | Refusal {
    const { node, url } = request;
    const leaderless = this.master === null && !this.mayLead(request);
    if (leaderless && this.identity.awaitsFirst) return NO_MASTER;
    const refusal = this.identity.meets(request, this.size);
    if (refusal !== null) return refusal;
    if (leaderless) return NO_MASTER;
    const known = this.members.get(node);
    if (this.succeeds(request, now)) this.master = null;
    // A stranger that has seen this epoch, or a later one, shows that this arbiter has forgotten
    // something: what it appointed then is not to be confused with what it appoints now.
    const stranger = known === undefined && !this.departed.has(node);
    const forgotten = stranger && request.epoch >= this.epoch;
    const ahead = request.epoch > this.epoch;
    const appointed = this.master === null || this.master === node;
    const anew = this.master === null || known?.incarnation !== request.incarnation;
    if ((appointed && anew) || forgotten || ahead) this.raise(request.epoch);
    if (this.master === null || forgotten) this.since = this.epoch;
    if (known?.url !== url) {
      this.version += 1;
      this.versions.set(node, this.version);
    }
    this.members.set(node, { url, incarnation: request.incarnation });
    this.departed.delete(node);
    if (appointed) this.master = node;
    if (appointed && anew) this.succession?.notes(this.current);
    return this.answer(node);
  }

  /** Refuses a node that is known to belong to another cluster, whatever it is called. */
  excludes(request: Join): Refusal | null {
    return this.identity.excludes(request);
  }

  leave(node: NodeId): Left {
    if (this.members.delete(node)) {
      this.version += 1;
      this.departed.add(node);
      this.versions.delete(node);
      this.succession?.left(node);
    }
    if (this.master === node) this.master = null;
    return { type: 'Left' };
  }

  /** The process with this id that is registered elsewhere, if that is not the one that asks. */
  takenBy({ node, url, incarnation: life }: Join): Registered | null {
    const known = this.members.get(node);
    if (known === undefined || known.incarnation === life || known.url === url) return null;
    return known;
  }

  /** A higher epoch was seen: the master is appointed anew, above it. */
  raise(seen: Epoch): void {
    this.epoch = epoch(Math.max(this.epoch, seen) + 1);
    this.succession?.clear();
  }

  resize(size: number | null): void {
    if (size !== this.size) this.version += 1;
    this.size = size;
  }

  /** Whether the office passes to the node that asks. Only a process that is a member, and speaks
   * of the master of this epoch, is heard. */
  private succeeds(request: Join, now: number): boolean {
    const { succession } = this;
    const { epoch: seen, incarnation: life, node } = request;
    if (succession === null || this.master === null || this.master === node) return false;
    const before = this.members.get(node)?.incarnation;
    if (before !== life) {
      succession.begins(node, life, before);
      return false;
    }
    if (seen !== this.epoch) return false;
    succession.heard(request, now);
    return succession.passesTo(node, clusterSize(this.size, this.members.size), now);
  }

  private mayLead({ node, wants }: Join): boolean {
    const { prefer } = this.options;
    return wants !== 'secondary' && (prefer === null || prefer === node || this.epoch > 0);
  }

  private answer(node: NodeId): JoinedMaster | JoinedSecondary {
    const common = this.common();
    if (this.master !== node) {
      const master = this.peer(this.master!);
      const { term } = this.options;
      const named = term === undefined ? {} : { term };
      return { type: 'JoinedSecondary', epoch: this.epoch, master, ...named, ...common };
    }
    const replicas = this.replicas();
    const { epoch: current, size, version, since } = this;
    const named = { version, since, ...this.established() };
    return { type: 'JoinedMaster', epoch: current, replicas, size, ...named, ...common };
  }

  /** What a master is told; nothing where nobody is left of whom that is known. */
  private established(): { established?: readonly NodeId[] } {
    const { established = [] } = this.succession?.noted ?? {};
    return established.length === 0 ? {} : { established };
  }

  /** What all are told. */
  private common(): { cluster?: string; failover?: true } {
    const { current } = this.identity;
    return {
      ...(current === null ? {} : { cluster: current }),
      ...(this.succession === null ? {} : { failover: true }),
    };
  }

  private peer(node: NodeId): Peer {
    return { node, url: this.members.get(node)!.url };
  }

  private replicas(): Peer[] {
    return [...this.members.keys()].map((node) => this.peer(node));
  }
}
