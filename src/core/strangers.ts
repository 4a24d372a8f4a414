// Members that are not replog's: what they say of themselves is what the contract asks for, and
// their log is read as clients read it. A new master looks there last, since what it finds has no
// idempotency keys, and no running hash by which logs are compared.

import type { Context } from './context.ts';
import { type Epoch, type LogIndex, logIndex, type NodeId } from './ids.ts';
import type { Member } from './member.ts';
import type { HeartbeatAck } from './messages.ts';
import type { Entry } from './operation.ts';
import type { Answer } from './outbox.ts';

/** One that has not answered so often is passed over: it may read what nobody asks it for as an
 * attack, and a cluster shall open all the same. */
const ATTEMPTS_MAX = 2;

interface Stranger {
  readonly url: string;
  readonly lastIndex: LogIndex;
  /** Epoch of the entry at `lastIndex`; null: it was not asked yet. */
  readonly lastEpoch: Epoch | null;
  /** It has nothing to add, or does not let itself be asked. */
  readonly spent: boolean;
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
  private readonly attempts = new Map<NodeId, number>();

  constructor(context: Context, epoch: Epoch) {
    this.context = context;
    this.epoch = epoch;
  }

  heardFrom({ peer: { node, url } }: Member, { acceptedEpoch, lastIndex }: HeartbeatAck): void {
    const known = this.known.get(node);
    if (acceptedEpoch !== undefined) this.known.delete(node);
    else if (known?.lastIndex !== lastIndex || known.url !== url) {
      this.known.set(node, { url, lastIndex, lastEpoch: null, spent: false });
    }
  }

  /** Asks one that may have something to give; false if there is none. `done` is called when it has
   * answered, or cannot any more, with how many entries were taken. */
  ask(done: (taken: number, now: number) => void): boolean {
    const { log } = this.context.ledger;
    const ahead = [...this.known].filter(
      ([, { lastIndex, spent }]) => !spent && lastIndex > log.lastIndex,
    );
    const unasked = ahead.find(([, { lastEpoch }]) => lastEpoch === null);
    if (unasked !== undefined) {
      const [node, stranger] = unasked;
      this.read(node, stranger.lastIndex, done, ([last]) => {
        // Who holds an entry of the epoch that begins now is not to be understood.
        const known = last !== undefined && last.epoch < this.epoch;
        if (known) this.known.set(node, { ...stranger, lastEpoch: last.epoch });
        else this.spend(node);
        return 0;
      });
      return true;
    }
    const [best] = ahead.sort(([, a], [, b]) => b.lastEpoch! - a.lastEpoch!);
    if (best === undefined) return false;
    const [node] = best;
    this.read(node, logIndex(Math.max(1, log.lastIndex)), done, (updates) => {
      const taken = this.continuation(updates);
      this.context.ledger.append(taken);
      if (taken.length === 0) this.spend(node);
      return taken.length;
    });
    return true;
  }

  private read(
    node: NodeId,
    from: LogIndex,
    done: (taken: number, now: number) => void,
    use: (updates: readonly Entry[]) => number,
  ): void {
    const { url } = this.known.get(node)!;
    this.context.outbox.send(url, { type: 'ReadLog', from }, (answer: Answer, now: number) => {
      if (answer.type === 'Fetched') this.attempts.delete(node);
      else this.missed(node);
      done(answer.type === 'Fetched' ? use(answer.updates) : 0, now);
    });
  }

  private missed(node: NodeId): void {
    const attempts = (this.attempts.get(node) ?? 0) + 1;
    this.attempts.set(node, attempts);
    if (attempts >= ATTEMPTS_MAX) this.spend(node);
  }

  private spend(node: NodeId): void {
    const stranger = this.known.get(node);
    if (stranger !== undefined) this.known.set(node, { ...stranger, spent: true });
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
