// Which cluster this is: nodes whose data belong to another one are not let in. The rule: an
// arbiter whose folder is empty may be that of a new cluster, or of one that has lost it. Where the
// size is configured a majority of it decides which, by what its nodes bring along; a node that was
// left over from an earlier cluster, and goes on asking at the same address, decides nothing. An
// arbiter in memory forgets at each start: it takes what the first node brings that it lets in, and
// gives an identity only when as many nodes as are configured have brought none.

import type { NodeId } from '../ids.ts';
import { majority } from '../master/quorum.ts';
import type { Join, Refusal } from '../messages.ts';

/** Nodes whose word is kept until a majority has spoken: more than any cluster has members. */
const CLAIMS_MAX = 1_000;

export class ClusterIdentity {
  private id: string | null;
  /** For a cluster that turns out to have none; null: it stays without. */
  private readonly fresh: string | null;
  /** It is in memory: that it knows none does not tell of a new cluster. */
  private readonly forgetful: boolean;
  /** What the nodes that have asked so far belong to; null: to none. */
  private readonly claims = new Map<NodeId, string | null>();

  constructor(known: string | null, fresh: string | null, forgetful: boolean) {
    this.id = known;
    this.fresh = fresh;
    this.forgetful = forgetful || fresh === null;
  }

  /** null: it has none, or it is not known yet. */
  get current(): string | null {
    return this.id;
  }

  /** The first node that is let in, and has one, decides. */
  get awaitsFirst(): boolean {
    return this.forgetful && this.id === null;
  }

  /** Refuses a node that is known to belong to another cluster; null: it may be of this one. */
  excludes({ cluster }: Join): Refusal | null {
    const { id } = this;
    if (cluster === undefined || id === null || cluster === id) return null;
    return { type: 'Refused', code: 'wrong-cluster', cluster: id };
  }

  /** Hears to which cluster a node belongs that joins; null: nothing speaks against it. `size`: the
   * configured one, null: none. */
  meets({ cluster, node }: Join, size: number | null): Refusal | null {
    if (this.id === null) {
      if (this.forgetful) this.takes(node, cluster ?? null, size);
      else this.hears(node, cluster ?? null, size);
    }
    if (cluster === undefined || cluster === this.id) return null;
    // Those that have not asked yet may decide for it. When all have, it is told.
    const open = this.id === null && size !== null && this.claims.size < size;
    if (open) return { type: 'Refused', code: 'no-master' };
    return { type: 'Refused', code: 'wrong-cluster', cluster: this.id ?? this.fresh! };
  }

  /** The first node that has one is believed. One that comes without may be new where the others
   * are not: until all have come like that, nothing follows from it. */
  private takes(node: NodeId, claim: string | null, size: number | null): void {
    this.id = claim;
    if (claim !== null || this.fresh === null || size === null) return;
    if (this.claims.size < CLAIMS_MAX) this.claims.set(node, null);
    if (this.claims.size < size) return;
    this.id = this.fresh;
    this.claims.clear();
  }

  private hears(node: NodeId, claim: string | null, size: number | null): void {
    if (size === null) {
      // Nobody knows how many there are to be heard.
      this.id = this.fresh;
      return;
    }
    if (this.claims.size < CLAIMS_MAX || this.claims.has(node)) this.claims.set(node, claim);
    const agreed = [...this.claims.values()].filter((other) => other === claim);
    if (agreed.length < majority(size)) return;
    this.id = claim ?? this.fresh;
    this.claims.clear();
  }
}
