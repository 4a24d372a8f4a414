// What one arbiter remembers in etcd while it is in charge. The rule: nothing is written but on
// condition that it still is, so an arbiter that was followed by another, and does not know it,
// can promise nothing any more: each promise waits for a write (core/arbiter/arbiter-node.ts). The
// lease tells, not a revision: an etcd that has lost its disks counts those from the beginning.

import type { Memory } from '../../../core/effects.ts';
import { LatestWrite } from '../../../persistence/bookkeeping/latest-write.ts';
import { StorageFailure, UnknownFormat } from '../../../persistence/persistence.ts';
import type { QueueClock } from '../../runtime/event-queue.ts';
import { type EtcdGateway, EtcdRefused, type Stored } from './gateway.ts';

/** etcd as an arbiter uses it. */
export type Etcd = Pick<EtcdGateway, 'grant' | 'read' | 'renew' | 'revoke' | 'writeIf'>;

/** Where arbiters of one cluster find each other. */
export interface Places {
  /** Whoever has made this key is in charge, for as long as it is there. Its value: the URL. */
  readonly seat: string;
  /** What must not be forgotten. */
  readonly memory: string;
}

/** How long an arbiter that has gone without a word is in charge, in seconds. */
export const LEASE_S = 5;
const LEASE_MS = LEASE_S * 1_000;
const RENEW_MS = LEASE_MS / 3;

const FORMAT = 1;

/** This arbiter is not in charge any more. */
export class TermOver extends Error {
  override readonly name = 'TermOver';
  readonly retriable = false;
}

/** What a term begins with. */
export interface TermStart {
  readonly etcd: Etcd;
  readonly places: Places;
  readonly clock: Pick<QueueClock, 'after' | 'now'>;
  readonly lease: string;
  /** When the lease was granted, or renewed last, or earlier, by this clock. */
  readonly renewedAt: number;
  readonly memory: Stored | null;
}

/**
 * Invariants:
 * 1. It writes only while the seat hangs on its lease.
 * 2. A write whose answer was lost, and which comes late, never replaces a later one.
 */
export class Term {
  /** What was remembered last, by whomever; null: nothing ever was. */
  readonly memory: Memory | null;
  /** Resolves with the reason, in words, when it is over. */
  readonly over: Promise<string>;
  private readonly start: TermStart;
  private readonly writes: LatestWrite<Memory>;
  /** Revision of the memory that is written next. */
  private written: string;
  private renewedAt: number;
  private ended: string | null = null;
  private end: (why: string) => void = () => {};
  private cancel: () => void = () => {};

  /** Throws UnknownFormat where a later version has written. */
  constructor(start: TermStart) {
    this.start = start;
    this.memory = start.memory === null ? null : remembered(start.memory, start.places.memory);
    this.written = start.memory?.written ?? '0';
    this.renewedAt = start.renewedAt;
    this.writes = new LatestWrite((memory) => this.write(memory));
    this.over = new Promise((resolve) => {
      this.end = (why) => {
        this.cancel();
        this.ended ??= why;
        resolve(this.ended);
      };
    });
    this.renewLater();
  }

  get lease(): string {
    return this.start.lease;
  }

  /** Resolves when this memory or a newer one is in etcd. Rejects with StorageFailure, or with
   * TermOver. */
  remember(memory: Memory): Promise<void> {
    return this.writes.save(memory);
  }

  /** Leaves the seat to the next, without waiting for the lease to end. */
  async resign(): Promise<void> {
    this.end('it has resigned');
    await this.writes.idle();
    await this.start.etcd.revoke(this.start.lease);
  }

  private async write(memory: Memory): Promise<void> {
    const { etcd, lease, places } = this.start;
    const value = encode(memory);
    for (;;) {
      if (this.ended !== null) throw new TermOver(this.ended);
      const conditions = [
        { key: places.seat, lease },
        { key: places.memory, written: this.written },
      ];
      const write = { key: places.memory, value };
      const outcome = await etcd
        .writeIf(conditions, write, [places.seat, places.memory])
        .catch(failed);
      if (outcome.revision !== null) {
        this.written = outcome.revision;
        return;
      }
      const [now = null, stored = null] = outcome.instead;
      if (now?.lease !== lease) {
        this.end(now === null ? 'its lease has ended' : `${now.value} is in charge`);
      } else {
        // An earlier write of this term, whose answer was lost.
        this.written = stored?.written ?? '0';
      }
    }
  }

  private renewLater(): void {
    this.cancel = this.start.clock.after(RENEW_MS, () => {
      void this.renew();
    });
  }

  private async renew(): Promise<void> {
    const { clock, etcd, lease } = this.start;
    const begun = clock.now();
    const lives = await etcd.renew(lease).catch((error: unknown) => {
      if (error instanceof EtcdRefused) return false;
      return clock.now() - this.renewedAt < LEASE_MS ? null : 'etcd cannot be reached';
    });
    if (this.ended !== null) return;
    if (lives === false) this.end('its lease has ended');
    else if (typeof lives === 'string') this.end(lives);
    else {
      if (lives === true) this.renewedAt = begun;
      this.renewLater();
    }
  }
}

/** Like a disk that fails: it is tried again. */
function failed(error: unknown): never {
  throw new StorageFailure(error instanceof Error ? error.message : String(error), false, error);
}

function encode(memory: Memory): string {
  return JSON.stringify({ format: FORMAT, memory });
}

/** What an arbiter wrote there. Throws UnknownFormat where a later version has written, or none. */
export function remembered({ value }: Stored, key: string): Memory {
  const { format, memory } = fieldsOf(value);
  if (format === FORMAT && typeof memory === 'object' && memory !== null) return memory as Memory;
  const later = typeof format === 'number' && format > FORMAT;
  const found = later
    ? `has format ${format}; this program knows ${FORMAT}`
    : 'is of something else';
  throw new UnknownFormat(`the key ${key} of etcd ${found}`);
}

function fieldsOf(text: string): { readonly format?: unknown; readonly memory?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
