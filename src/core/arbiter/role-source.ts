// Where a node's roles come from: an arbiter elsewhere, which it asks, or the one inside its own
// process. The rule: who follows a master asks again when that has been silent for too long, an
// arbiter elsewhere until it is answered, the own one once.

import type { Context } from '../context.ts';
import { type ArbiterHome, EmbeddedArbiter } from './embedded-arbiter.ts';
import { type Farewell, Joiner, type JoinerOwner } from './joiner.ts';

/** Where its roles come from. */
export interface Appointer {
  /** Where its arbiter is, or several of which one is in charge; null: it is its own, and so
   * becomes master. */
  readonly arbiters: readonly string[] | null;
  readonly wants: 'master' | 'secondary' | null;
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  /** Identity for a cluster that has none yet (own arbiter only). */
  readonly newCluster: string | null;
}

/** The node that is given them. */
export interface RoleHome extends ArbiterHome, JoinerOwner {}

/** Invariant: it is one of the two, for as long as the process lives. */
export class RoleSource {
  private readonly context: Context;
  private readonly embedded: EmbeddedArbiter | null;
  private readonly joiner: Joiner | null;
  /** Its own arbiter has been asked since this node last heard another master. */
  private asked = false;

  constructor(context: Context, { arbiters, newCluster, size, wants }: Appointer, home: RoleHome) {
    this.context = context;
    const { cluster } = context.bookkeeping.current;
    const own = arbiters === null;
    this.embedded = own ? new EmbeddedArbiter(context, { size, cluster, newCluster }, home) : null;
    this.joiner = own ? null : new Joiner(context, arbiters, wants, home);
  }

  /** The one inside this process; null: it is elsewhere. */
  get arbiter(): EmbeddedArbiter | null {
    return this.embedded;
  }

  /** Asks for a role. */
  start(now: number): void {
    this.embedded?.start();
    this.ask(now);
  }

  /** Asks the arbiter elsewhere, at this time or as soon as it is planned anyway. */
  ask(at: number): void {
    this.joiner?.plan(at);
  }

  /** Tells the arbiter elsewhere that this node is no replica any more; `then` hears what came of
   * it. */
  leave(then: (outcome: Farewell) => void): void {
    this.joiner?.leave(then);
  }

  /** A master is followed, and has been heard. */
  followed(): void {
    this.asked = false;
  }

  /** `silentAt`: when the master that this node follows has been silent for too long. */
  wake(now: number, silentAt: number): void {
    if (this.waits && now >= silentAt) this.askAgain(now);
    this.joiner?.wake(now);
  }

  deadline(silentAt: number): number {
    return Math.min(
      this.joiner?.deadline() ?? Number.POSITIVE_INFINITY,
      this.waits ? silentAt : Number.POSITIVE_INFINITY,
    );
  }

  /** It has not asked since it last heard a master. */
  private get waits(): boolean {
    return this.joiner === null ? !this.asked : this.joiner.idle;
  }

  /** Where this node is its own arbiter, the master that is silent came from elsewhere, and this
   * node is appointed in an epoch behind that one's. */
  private askAgain(now: number): void {
    this.ask(now);
    if (this.embedded === null) return;
    this.asked = true;
    this.embedded.outdated(this.context.bookkeeping.current.epoch);
  }
}
