// What the arbiter has said of a master's cluster: how large it is meant to be, whether its members
// were named, and whether another node takes over when this one is silent. The rule: a word that a
// later one has overtaken changes nothing.

import type { Epoch, NodeId } from '../ids.ts';
import type { Peer } from '../messages.ts';

/** What the arbiter says of the cluster; see Replicas. */
export interface Announced {
  readonly replicas: readonly Peer[];
  /** Absent: as before. */
  readonly size?: number | null;
  readonly version?: number;
  /** Absent: false. */
  readonly failover?: boolean;
}

/** The same, when the epoch begins; `replicas` is null where the arbiter will only say it with
 * Replicas: until then this is a cluster of one. */
export type Appointment = Omit<Announced, 'replicas'> & {
  readonly replicas: readonly Peer[] | null;
  /** The last epoch in which this node was master and ready, if nobody else was appointed since.
   * Absent or null: there is none, or that is not known. */
  readonly incumbent?: Epoch | null;
  /** See Terms. */
  readonly established?: readonly NodeId[];
};

export class Mandate {
  private named: boolean;
  private configured: number | null;
  /** Of the latest announcement that had one. */
  private version: number;
  private replaced: boolean;
  /** It was given back, and the arbiter has not said whether it stands. */
  returned = false;

  /** `first`: there were no members before. */
  constructor(appointment: Appointment, first: boolean) {
    const { failover = false, replicas, size = null, version = 0 } = appointment;
    this.named = replicas !== null || first;
    this.configured = size;
    this.version = version;
    this.replaced = failover;
  }

  /** Another member takes over if a majority hears nothing of this master. */
  get failover(): boolean {
    return this.replaced;
  }

  /** Who the members are has been said, or need not be: nobody could hold anything. */
  get told(): boolean {
    return this.named;
  }

  /** Configured size of the cluster; null: as many as there are members. */
  get size(): number | null {
    return this.configured;
  }

  /** Returns whether this word stands. */
  heed({ failover = false, size, version }: Announced): boolean {
    if (version !== undefined && version < this.version) return false;
    this.version = version ?? this.version;
    this.replaced = failover;
    this.named = true;
    if (size !== undefined) this.configured = size;
    return true;
  }
}
