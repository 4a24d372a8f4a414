// Which of several arbiters is in charge: whoever makes a key of etcd that ends with its lease. The
// rule: each term has a lease of its own, so that what is on its way from an earlier one never
// counts for a later one.

import type { QueueClock } from '../../runtime/event-queue.ts';
import { EtcdRefused, EtcdUnreachable, type Stored } from './gateway.ts';
import { type Etcd, LEASE_S, type Places, Term } from './term.ts';

/** How often it is looked at whether the seat is free, in milliseconds. */
const LOOK_MS = 500;

/** How an arbiter waits for its turn. */
export interface SeatOptions {
  readonly etcd: Etcd;
  readonly places: Places;
  /** What others are told when this one is in charge: its URL. */
  readonly name: string;
  readonly clock: Pick<QueueClock, 'after' | 'now'>;
  /** Who is in charge instead; called when that is another one than before. */
  readonly standby: (holder: string) => void;
  /** What stands in etcd while another one is in charge; called with each look. */
  readonly looked: (seat: Stored, memory: Stored | null) => void;
  /** etcd gave no answer, for the first time since it last did. */
  readonly trouble: (error: unknown) => void;
}

interface Grant {
  readonly lease: string;
  readonly renewedAt: number;
}

export class Seat {
  private readonly options: SeatOptions;
  private held: string | null = null;
  /** Whom `standby` was told of last. */
  private told: string | null = null;
  /** That of its latest term; null: there was none. */
  private lastLease: string | null = null;
  /** etcd has answered as it should: what it refuses from then on is a matter of the moment. */
  private answered = false;
  private troubled = false;

  constructor(options: SeatOptions) {
    this.options = options;
  }

  /** URL of the arbiter that is in charge instead; null: nobody is, or etcd does not say. */
  get holder(): string | null {
    return this.held;
  }

  /** Resolves when this arbiter is in charge; null: it was told to stop before. Rejects with
   * UnknownFormat, or with EtcdRefused where nothing has ever answered as etcd does. */
  async take(stopping: AbortSignal): Promise<Term | null> {
    let grant: Grant | null = null;
    while (!stopping.aborted) {
      try {
        grant ??= await this.claim();
        const term = await this.termOf(grant);
        this.troubled = false;
        if (term !== null) {
          this.told = null;
          this.lastLease = term.lease;
          return term;
        }
        // What was granted for this attempt ends by itself.
        grant = null;
      } catch (error) {
        if (this.isFatal(error)) throw error;
        this.held = null;
        if (!this.troubled) this.options.trouble(error);
        this.troubled = true;
      }
      await this.pause(stopping);
    }
    return null;
  }

  /** Makes the key, if it is not there. */
  private async claim(): Promise<Grant | null> {
    const { clock, etcd, name, places } = this.options;
    const [seat] = await etcd.read([places.seat]);
    if (seat !== null && seat !== undefined) {
      // Its own, of a term that is over: etcd was away when it was to be told.
      if (seat.lease === this.lastLease) await etcd.revoke(seat.lease);
      return null;
    }
    const renewedAt = clock.now();
    const lease = await etcd.grant(LEASE_S);
    const write = { key: places.seat, value: name, lease };
    await etcd.writeIf([{ key: places.seat, created: '0' }], write, []);
    return { lease, renewedAt };
  }

  private async termOf(grant: Grant | null): Promise<Term | null> {
    const { clock, etcd, places } = this.options;
    const [seat = null, memory = null] = await etcd.read([places.seat, places.memory]);
    this.answered = true;
    this.held = null;
    if (seat === null) return null;
    if (grant !== null && seat.lease === grant.lease) {
      return new Term({ etcd, places, clock, ...grant, memory });
    }
    this.held = seat.value;
    if (seat.value !== this.told) this.options.standby(seat.value);
    this.told = seat.value;
    this.options.looked(seat, memory);
    return null;
  }

  private isFatal(error: unknown): boolean {
    if (error instanceof EtcdRefused) return !this.answered;
    return !(error instanceof EtcdUnreachable);
  }

  private pause(stopping: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (stopping.aborted) {
        resolve();
        return;
      }
      const over = (): void => {
        cancel();
        stopping.removeEventListener('abort', over);
        resolve();
      };
      const cancel = this.options.clock.after(LOOK_MS, over);
      stopping.addEventListener('abort', over);
    });
  }
}
