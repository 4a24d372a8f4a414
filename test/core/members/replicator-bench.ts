// One replicator on a workbench: time in small steps, and a record of every copy that goes out.

import { epoch, logIndex, nodeId, session } from '../../../src/core/ids.ts';
import type { StaleEpoch } from '../../../src/core/master/rivalry.ts';
import {
  Replicator,
  type ReplicatorOwner,
  type Start,
} from '../../../src/core/members/replicator.ts';
import type { Response, SnapshotOrder } from '../../../src/core/messages.ts';
import type { Options } from '../../../src/core/options.ts';
import { Bench, type SentCall } from '../bench.ts';

/** A copy as it went out, and when. */
export interface Copy extends SentCall<SnapshotOrder> {
  readonly at: number;
}

export class ReplicatorBench implements ReplicatorOwner {
  readonly bench: Bench;
  readonly replicator: Replicator;
  readonly copies: Copy[] = [];
  /** What it told its master. */
  readonly told: string[] = [];
  now = 0;
  private readonly appended: { readonly lastIndex: number; readonly at: number }[] = [];

  constructor(
    how: {
      held?: number;
      start?: Partial<Start>;
      options?: Partial<Options>;
      random?: () => number;
    } = {},
  ) {
    const { options = {}, random = () => 0.5 } = how;
    this.bench = new Bench({ options, random });
    this.bench.append(how.held ?? 0);
    const start: Start = {
      peer: { node: nodeId('n2'), url: 'n2' },
      epoch: epoch(1),
      opened: logIndex(0),
      session: session(7),
      base: logIndex(0),
      verify: false,
      reset: false,
      ...how.start,
    };
    this.replicator = new Replicator(this.bench.context, this, start, 0);
    this.look();
  }

  acknowledged(): void {
    this.told.push(`acknowledged ${this.replicator.ackedIndex}`);
  }

  heard(): void {
    this.told.push('heard');
  }

  tookIn(): void {}

  restart(_node: unknown, cause: { code: string }): void {
    this.told.push(`restart ${cause.code}`);
  }

  outdated({ epoch: by }: StaleEpoch): void {
    this.told.push(`outdated by ${by}`);
  }

  /** A client's operations enter the log; what is due goes out. */
  append(count = 1): void {
    this.bench.append(count);
    this.appended.push({ lastIndex: this.bench.ledger.log.lastIndex, at: this.now });
    this.turn();
  }

  /** Lets time pass, waking the replicator exactly when it wants to be woken. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let wakes = 0; ; wakes += 1) {
      if (wakes > 10_000) throw new Error('the replicator wants to be woken again and again');
      const deadline = this.replicator.deadline();
      if (deadline > end) break;
      this.now = Math.max(this.now, deadline);
      this.turn();
    }
    this.now = end;
  }

  /** The answer to one of the copies, 0 the first. */
  answer(copy: number, response: Response): void {
    this.bench.answer(this.copies[copy]!.call, response, this.now);
    this.turn();
  }

  ack(copy: number, upTo: number): void {
    this.answer(copy, {
      type: 'SnapshotAck',
      session: this.replicator.session,
      seq: upTo as SnapshotOrder['seq'],
      lastIndex: logIndex(0),
    });
  }

  outOfOrder(copy: number, expected: number): void {
    const expects = expected as SnapshotOrder['seq'];
    this.answer(copy, { type: 'Refused', code: 'out-of-order', expected: expects });
  }

  fail(copy: number): void {
    this.bench.fail(this.copies[copy]!.call, this.now);
    this.turn();
  }

  turn(): void {
    this.replicator.flush(this.now);
    this.look();
  }

  /** Every copy so far as `time seq from-to`. */
  get drawn(): string[] {
    return this.copies.map(({ at, request }) => {
      const { seq, from, to } = request;
      return `${Math.round(at)} ms: seq ${seq}, ${from}-${to}`;
    });
  }

  /** Milliseconds from each append to the first copy that carries its entries; those of appends
   * that have not left yet are missing. */
  get waits(): number[] {
    const waits: number[] = [];
    for (const { lastIndex, at } of this.appended) {
      const carrier = this.copies.find(({ request }) => request.to >= lastIndex);
      if (carrier !== undefined) waits.push(carrier.at - at);
    }
    return waits;
  }

  /** Times at which this sequence number went out. */
  timesOf(seq: number): number[] {
    return this.copies.filter(({ request }) => request.seq === seq).map(({ at }) => at);
  }

  private look(): void {
    for (const call of this.bench.sent()) {
      if (call.request.type !== 'Snapshot') throw new Error(`sent a ${call.request.type}`);
      this.copies.push({ ...call, request: call.request, at: this.now });
    }
  }
}

export function gapsBetween(times: readonly number[]): number[] {
  return times.slice(1).map((at, i) => at - times[i]!);
}
