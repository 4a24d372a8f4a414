// How an epoch opens under its new master: it hears its members, and fetches what they hold, until
// the epoch is settled; from then on it takes writes. When its log is durable as that of the epoch,
// what it has persisted counts.

import type { Context } from '../context.ts';
import type { Epoch } from '../ids.ts';
import type { Membership } from '../members/membership.ts';
import type { ReplicasNoted } from '../messages.ts';
import { Accession } from './accession.ts';
import type { Electorate } from './electorate.ts';
import type { Assembly } from './hearing.ts';
import { Recovery } from './recovery.ts';

/** Who opens it, and with whom. */
export interface OpeningParts extends Omit<Assembly, 'members'> {
  readonly membership: Membership;
  readonly electorate: Electorate;
  /** Who the members are has been said, or need not be. */
  readonly told: () => boolean;
}

/** What the master is told. */
export interface OpeningOwner {
  /** It wants to be woken in this turn. */
  again(): void;
  /** What counts as acknowledged may be more than before. */
  progressed(): void;
}

export class Opening {
  readonly recovery: Recovery;
  readonly accession: Accession;
  private readonly context: Context;
  private readonly parts: OpeningParts;
  private readonly owner: OpeningOwner;
  private isSettled = false;

  constructor(
    context: Context,
    epoch: Epoch,
    parts: OpeningParts,
    owner: OpeningOwner,
    now: number,
  ) {
    this.context = context;
    this.parts = parts;
    this.owner = owner;
    this.recovery = new Recovery(
      context,
      epoch,
      { ...parts, members: () => parts.membership.members },
      { settle: () => this.settle(), again: () => owner.again() },
      now,
    );
    this.accession = new Accession(context, epoch, this.recovery.unrivalled, () => {
      owner.again();
      owner.progressed();
    });
  }

  /** The master takes writes, as far as it depends on what the members hold. */
  get settled(): boolean {
    return this.isSettled;
  }

  /** It has settled without having heard of any member, and has written nothing since: it can still
   * hear them before its first write. */
  get untold(): boolean {
    const { membership, told } = this.parts;
    const { opened } = membership;
    return !told() && opened !== null && this.context.ledger.log.lastIndex === opened;
  }

  /** Who has, or has had, all that there was. */
  get told(): Omit<ReplicasNoted, 'type'> {
    return this.parts.electorate.told;
  }

  /** More may be durable than before. */
  accede(): void {
    const { opened } = this.parts.membership;
    // Members that are yet to be heard may have the log of a later epoch than this node's.
    if (opened !== null && !this.untold) this.accession.proceed(opened);
  }

  /** This node is master no more. */
  end(): void {
    this.accession.end();
    this.recovery.end();
  }

  private settle(): void {
    const { membership, electorate } = this.parts;
    this.isSettled = true;
    this.owner.again();
    membership.opened = this.context.ledger.log.lastIndex;
    electorate.settle();
    membership.beatNow();
    this.owner.progressed();
    this.accede();
  }
}
