// Members that are not replog's: what they say of themselves is what the contract asks for, and
// their log is read as clients read it. A new master looks there last, since what it finds has no
// idempotency keys, and no running hash by which logs are compared.

import type { Context } from '../context.ts';
import { type Epoch, type LogIndex, logIndex, type NodeId } from '../ids.ts';
import type { Member } from '../members/member.ts';
import type { HeartbeatAck } from '../messages.ts';
import type { Entry } from '../operation.ts';
import type { Answer } from '../outbox.ts';

/** One that has not answered so often is passed over: it may read what nobody asks it for as an
 * attack, and a cluster shall open all the same. */
const ATTEMPTS_MAX = 2;

interface Stranger {
  readonly url: string;
  readonly lastIndex: LogIndex;
  /** Epoch of the entry at `lastIndex`; null: it was not asked yet. */
  lastEpoch: Epoch | null;
  /** 0: it has nothing to add, or does not let itself be asked. */
  attemptsLeft: number;
}

/**
 * Invariants:
 * 1. What is taken follows our log: it stands behind an entry of the same index and epoch as our
 *    last one. Two such logs are the same up to there, as there is one master per epoch.
 * 2. Of several that go on, the one with the latest epoch at its end comes first: as in Raft, what
 *    is on a majority is in it, or in one that goes on where it ends.
 */
export class Strangers {
  private readonly context: Context;
  /** The one that is being opened: nobody else has an entry of it. */
  private readonly epoch: Epoch;
  private readonly known = new Map<NodeId, Stranger>();
  private over = false;

  constructor(context: Context, epoch: Epoch) {
    this.context = context;
    this.epoch = epoch;
  }

  heardFrom({ peer: { node, url } }: Member, { acceptedEpoch, lastIndex }: HeartbeatAck): void {
    const known = this.known.get(node);
    if (acceptedEpoch !== undefined) this.known.delete(node);
    else if (known?.lastIndex !== lastIndex || known.url !== url) {
      this.known.set(node, { url, lastIndex, lastEpoch: null, attemptsLeft: ATTEMPTS_MAX });
    }
  }

  /** Answers that still come are not for the log of who is master now. */
  end(): void {
    this.over = true;
  }

  /** Asks one that may have something to give; false if there is none. `done` is called when it has
   * answered, or cannot any more, with how many entries were taken. */
  ask(done: (taken: number, now: number) => void): boolean {
    const { ledger } = this.context;
    const ahead = [...this.known.values()].filter(
      ({ lastIndex, attemptsLeft }) => attemptsLeft > 0 && lastIndex > ledger.log.lastIndex,
    );
    const unasked = ahead.find(({ lastEpoch }) => lastEpoch === null);
    if (unasked !== undefined) {
      this.read(unasked, unasked.lastIndex, done, ([last]) => {
        // Who holds an entry of the epoch that begins now is not to be understood.
        if (last !== undefined && last.epoch < this.epoch) unasked.lastEpoch = last.epoch;
        else unasked.attemptsLeft = 0;
        return 0;
      });
      return true;
    }
    const [best] = ahead.sort((a, b) => b.lastEpoch! - a.lastEpoch!);
    if (best === undefined) return false;
    this.read(best, logIndex(Math.max(1, ledger.log.lastIndex)), done, (updates) => {
      const taken = this.continuation(updates);
      ledger.append(taken);
      if (taken.length === 0) best.attemptsLeft = 0;
      return taken.length;
    });
    return true;
  }

  private read(
    stranger: Stranger,
    from: LogIndex,
    done: (taken: number, now: number) => void,
    use: (updates: readonly Entry[]) => number,
  ): void {
    const request = { type: 'ReadLog' as const, from };
    this.context.outbox.send(stranger.url, request, (answer: Answer, now: number) => {
      if (this.over) return;
      const heard = answer.type === 'Fetched';
      stranger.attemptsLeft = heard ? ATTEMPTS_MAX : stranger.attemptsLeft - 1;
      done(heard ? use(answer.updates) : 0, now);
    });
  }

  /** What stands there right behind our last entry, up to a place where something was compacted
   * away. */
  private continuation(updates: readonly Entry[]): Entry[] {
    const { log } = this.context.ledger;
    const [first, ...rest] = updates;
    const common = first?.index === log.lastIndex && first.epoch === log.lastEpoch;
    if (log.lastIndex > 0 && !common) return [];
    let { lastIndex, lastEpoch } = log;
    const taken: Entry[] = [];
    for (const entry of common ? rest : updates) {
      if (entry.index !== lastIndex + 1) break;
      if (entry.epoch < lastEpoch || entry.epoch >= this.epoch) break;
      taken.push(entry);
      lastIndex = entry.index;
      lastEpoch = entry.epoch;
    }
    return taken;
  }
}
