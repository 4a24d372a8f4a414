// How a master stands with its members: how large the cluster is, who of it is alive, and who has
// how much of the log.

import type { Context } from '../context.ts';
import type { Membership } from '../members/membership.ts';
import type { Accession } from '../recovery/accession.ts';
import type { MasterStatus } from '../status.ts';
import type { Mandate } from './mandate.ts';
import { clusterSize, majority } from './quorum.ts';
import { tenureUntil } from './tenure.ts';
import type { Acknowledged } from './write-concern.ts';

export class Standing {
  private readonly context: Context;
  private readonly mandate: Mandate;
  private readonly membership: Membership;
  private readonly accession: Accession;

  constructor(context: Context, mandate: Mandate, membership: Membership, accession: Accession) {
    this.context = context;
    this.mandate = mandate;
    this.membership = membership;
    this.accession = accession;
  }

  /** Of the cluster. */
  get size(): number {
    return clusterSize(this.mandate.size, this.membership.count + 1);
  }

  quorum(): MasterStatus['quorum'] {
    const { size } = this;
    return { size, alive: this.membership.alive(), needed: majority(size) };
  }

  /** When the heartbeats were sent by whose answers each node has followed this one last. None is
   * of one that gave its office back: another may lead, and members that have left follow still. */
  followedAt(now: number): readonly number[] {
    if (this.mandate.returned) return [];
    return [now, ...this.membership.members.map((member) => member.followedAt)];
  }

  /** Nobody else can be in office. */
  certain(now: number): boolean {
    // Who gave its office back may have been followed by another one, with or without failover.
    if (this.mandate.returned) return false;
    if (!this.mandate.failover) return true;
    const assuredAt = this.membership.members.map((member) => member.assuredAt);
    const { masterSilenceMs } = this.context.options;
    return now <= tenureUntil(assuredAt, this.size, masterSilenceMs);
  }

  /** Who has what; this node only what its epoch lets it count. */
  acknowledged(): Acknowledged {
    const positions = this.membership.positions(this.accession.position);
    return { self: this.context.self.node, positions, size: this.size };
  }
}
