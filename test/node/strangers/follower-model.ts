// What a secondary owes a master that speaks the contract and nothing beyond it (section 6).

export interface Update {
  readonly index: number;
  readonly epoch: number;
  readonly at: string;
  readonly op: 'append' | 'put' | 'remove';
  readonly message?: string;
  readonly key?: string;
  readonly value?: string;
  readonly idempotencyKey?: string;
}

export interface SnapshotSaid {
  readonly epoch: number;
  readonly session: number;
  readonly seq: number;
  readonly updates: readonly Update[];
  readonly commitIndex: number;
}

export type Owed =
  | { readonly status: 200 }
  | { readonly status: 409; readonly code: string; readonly extra?: Record<string, unknown> }
  /** It takes it, or refuses it with this code and changes nothing. */
  | { readonly status: 'either'; readonly codes: readonly string[] };

export class FollowerModel {
  epoch = 0;
  /** The last epoch of which it took operations. */
  accepted = 0;
  session: { readonly epoch: number; readonly session: number; expected: number } | null = null;
  log: Update[] = [];
  /** Up to here the log was sent by the master of `accepted`. */
  agreed = 0;
  /** What a master has claimed at most. */
  claimed = 0;

  heartbeat({ epoch, commitIndex }: { epoch: number; commitIndex: number }): Owed {
    const refused = this.stale(epoch);
    if (refused !== null) return refused;
    this.epoch = epoch;
    this.claimed = Math.max(this.claimed, commitIndex);
    return { status: 200 };
  }

  stale(epoch: number): Owed | null {
    if (epoch >= this.epoch) return null;
    return { status: 409, code: 'stale-epoch', extra: { epoch: this.epoch } };
  }

  /** What it owes; `taken` is called when it has taken it, where it must or may. */
  snapshot(said: SnapshotSaid): Owed {
    const refused = this.stale(said.epoch);
    if (refused !== null) return refused;
    const { session } = this;
    const same = session?.epoch === said.epoch && session.session === said.session;
    if (session !== null && !same) {
      const older =
        said.epoch < session.epoch ||
        (said.epoch === session.epoch && said.session < session.session);
      if (older) return { status: 409, code: 'stale-session' };
    }
    const expected = same ? session!.expected : 0;
    const outOfOrder: Owed = { status: 409, code: 'out-of-order', extra: { expected } };
    if (said.seq > expected) return outOfOrder;
    const fresh = said.updates.slice(expected - said.seq);
    const differs = fresh.findIndex(
      ({ index, epoch }) => index <= this.log.length && this.log[index - 1]!.epoch !== epoch,
    );
    const from = differs === -1 ? this.log.length + 1 : fresh[differs]!.index;
    const rest = fresh.filter(({ index }) => index >= from);
    let last = from - 1;
    let epoch = this.log[last - 1]?.epoch ?? 0;
    for (const update of rest) {
      if (update.index !== last + 1 || update.epoch < epoch || update.epoch > said.epoch) {
        // What does not fit and differs as well is refused for either reason.
        if (differs !== -1) return { status: 409, code: 'any' };
        return outOfOrder;
      }
      last = update.index;
      epoch = update.epoch;
    }
    if (differs === -1) return { status: 200 };
    // It contradicts what was shown in this very epoch.
    if (said.epoch === this.accepted && from <= this.agreed) return { status: 409, code: 'any' };
    return { status: 'either', codes: ['diverged', 'out-of-order'] };
  }

  /** Takes in what it has acknowledged. */
  take(said: SnapshotSaid): void {
    this.epoch = said.epoch;
    if (this.accepted !== said.epoch) this.agreed = 0;
    this.accepted = said.epoch;
    const { session } = this;
    const same = session?.epoch === said.epoch && session.session === said.session;
    const expected = same ? session!.expected : 0;
    if (!same) this.session = { epoch: said.epoch, session: said.session, expected: 0 };
    for (const update of said.updates.slice(expected - said.seq)) {
      if (this.log[update.index - 1]?.epoch !== update.epoch) this.log.length = update.index - 1;
      this.log[update.index - 1] ??= update;
      this.agreed = Math.max(this.agreed, update.index);
    }
    const next = said.seq + said.updates.length;
    this.session!.expected = Math.max(expected, next);
    this.claimed = Math.max(this.claimed, said.commitIndex);
  }
}
