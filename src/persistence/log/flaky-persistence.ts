// A Persistence that fails on purpose, around any other. The rule: only `persist` is touched, and
// what it promises still holds: a request is answered with success only when that is true.

import type { Memory } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { Measured } from '../../core/log/log.ts';
import type { LogPoint } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import {
  type Chunk,
  type Persistence,
  type Recovery,
  type Release,
  StorageFailure,
} from '../persistence.ts';
import type { Restore } from '../segment/brief.ts';
import { Deferred } from './deferred.ts';

/** What goes wrong (contract, section 8). Read at each request: it may be changed at any time. */
export interface PersistFaults {
  /** Probability with which a request throws StorageFailure. */
  fail?: number;
  /** Of every `swallow` + 1 requests, so many are never answered. */
  swallow?: number;
  /** Nothing is answered until this is lifted; then what waited goes through. */
  stuck?: boolean;
  /** Answers come this much later. */
  delayMs?: number;
}

export type PersistFault = keyof PersistFaults;

export interface FlakyOptions {
  /** Changed by whoever sets the faults, who then calls `faultsChanged`. */
  readonly faults: PersistFaults;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Calls back once, after so many milliseconds. */
  readonly setTimer: (callback: () => void, ms: number) => void;
  /** Called each time a request meets a fault. */
  readonly onHit?: (fault: PersistFault) => void;
}

interface Stuck {
  readonly upTo: LogIndex;
  readonly done: Deferred<void>;
}

/** Invariant: a request that waits here, stuck or late, is kept once, however often it is
 * repeated. */
export class FlakyPersistence implements Persistence {
  private readonly inner: Persistence;
  private readonly options: FlakyOptions;
  private readonly stuck = new Map<number, Stuck>();
  private readonly late = new Map<number, Promise<void>>();
  /** Requests swallowed since one was let through. */
  private swallowed = 0;

  constructor(inner: Persistence, options: FlakyOptions) {
    this.inner = inner;
    this.options = options;
  }

  get durable(): boolean {
    return this.inner.durable;
  }

  get lastIndex(): LogIndex {
    return this.inner.lastIndex;
  }

  get hash(): number {
    return this.inner.hash;
  }

  /** The faults are others: the next `swallow` requests are lost, whatever was lost before. Lets go
   * through what waited, if `stuck` is lifted; any request does that as well. */
  faultsChanged(): void {
    this.swallowed = 0;
    this.release();
  }

  persist(id: number, upTo: LogIndex): Promise<void> {
    this.release();
    const { faults, random } = this.options;
    if (faults.stuck === true) return this.wait(id, upTo);
    if (faults.fail !== undefined && faults.fail > 0 && random() < faults.fail) {
      this.hit('fail');
      return Promise.reject(new StorageFailure('a fault that was asked for', false));
    }
    if (this.swallowed < (faults.swallow ?? 0)) {
      this.swallowed += 1;
      this.hit('swallow');
      return new Promise(() => undefined);
    }
    this.swallowed = 0;
    const delayMs = faults.delayMs ?? 0;
    return delayMs > 0 ? this.delay(id, upTo, delayMs) : this.inner.persist(id, upTo);
  }

  recover(visit: (entry: Entry) => void, restore?: Restore): Promise<Recovery> {
    return this.inner.recover(visit, restore);
  }

  append(entries: readonly Entry[], holes?: readonly LogPoint[]): void {
    this.inner.append(entries, holes);
  }

  truncate(after: LogIndex): void {
    this.inner.truncate(after);
  }

  remember(memory: Memory): Promise<void> {
    return this.inner.remember(memory);
  }

  measure(from: LogIndex, entriesMax: number, bytesMax: number): Measured {
    return this.inner.measure(from, entriesMax, bytesMax);
  }

  read(from: LogIndex, to: LogIndex): Chunk | Promise<Chunk> {
    return this.inner.read(from, to);
  }

  hold(): Release {
    return this.inner.hold();
  }

  /** What is stuck stays unanswered. */
  close(): Promise<void> {
    this.stuck.clear();
    return this.inner.close();
  }

  private release(): void {
    if (this.options.faults.stuck === true) return;
    for (const [id, { upTo, done }] of this.stuck) {
      this.stuck.delete(id);
      this.inner.persist(id, upTo).then(done.resolve, done.reject);
    }
  }

  private wait(id: number, upTo: LogIndex): Promise<void> {
    this.hit('stuck');
    const known = this.stuck.get(id);
    if (known !== undefined) return known.done.promise;
    const done = new Deferred<void>();
    this.stuck.set(id, { upTo, done });
    return done.promise;
  }

  private delay(id: number, upTo: LogIndex, delayMs: number): Promise<void> {
    this.hit('delayMs');
    const known = this.late.get(id);
    if (known !== undefined) return known;
    const done = new Deferred<void>();
    const later = (settle: () => void) => () =>
      this.options.setTimer(() => {
        this.late.delete(id);
        settle();
      }, delayMs);
    this.late.set(id, done.promise);
    this.inner.persist(id, upTo).then(later(done.resolve), (error: unknown) => {
      later(() => done.reject(error))();
    });
    return done.promise;
  }

  private hit(fault: PersistFault): void {
    this.options.onHit?.(fault);
  }
}
