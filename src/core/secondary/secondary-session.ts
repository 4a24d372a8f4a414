// One life of the replicator as its secondary sees it: which sequence number comes next, and which
// one may be acknowledged.

import { type Epoch, type LogIndex, type Seq, type Session, seq } from '../ids.ts';

/**
 * Invariants:
 * 1. expected is one more than the last sequence number taken in; it never falls.
 * 2. ackedSeq < expected, and everything up to it is persisted.
 */
export class SecondarySession {
  readonly epoch: Epoch;
  readonly session: Session;
  private next: Seq = seq(0);
  private acked: Seq = seq(-1);
  /** What was taken in and is not persisted yet: sequence numbers, and the indexes they mean. */
  private readonly taken: { seq: Seq; index: LogIndex }[] = [];

  constructor(epoch: Epoch, session: Session) {
    this.epoch = epoch;
    this.session = session;
  }

  get expected(): Seq {
    return this.next;
  }

  get ackedSeq(): Seq {
    return this.acked;
  }

  /** Nothing was taken in yet. */
  get fresh(): boolean {
    return this.next === 0;
  }

  /** Sessions compare as (epoch, session). */
  compare(message: { epoch: Epoch; session: Session }): 'older' | 'same' | 'newer' {
    if (message.epoch !== this.epoch) return message.epoch < this.epoch ? 'older' : 'newer';
    if (message.session === this.session) return 'same';
    return message.session < this.session ? 'older' : 'newer';
  }

  /** Everything up to `last` is in the log, where it stands at or before `index`. */
  took(last: Seq, index: LogIndex): void {
    if (last < this.next) return;
    this.next = seq(last + 1);
    this.taken.push({ seq: last, index });
  }

  persisted(index: LogIndex): void {
    while (this.taken.length > 0 && this.taken[0]!.index <= index) {
      this.acked = this.taken.shift()!.seq;
    }
  }
}
