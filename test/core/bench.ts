// A workbench for one machine: its context, a log, and the host's part in the hands of the test.

import { Bookkeeping } from '../../src/core/bookkeeping.ts';
import type { Context } from '../../src/core/context.ts';
import { BLANK_MEMORY, type Effect, type Memory } from '../../src/core/effects.ts';
import {
  type CallId,
  epoch,
  incarnation,
  type LogIndex,
  logIndex,
  nodeId,
} from '../../src/core/ids.ts';
import { Folds, Ledger } from '../../src/core/log/ledger.ts';
import type { Peer, RequestOrder, Response } from '../../src/core/messages.ts';
import { type Entry, entryOf, type Operation } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS, type Options } from '../../src/core/options.ts';
import { Outbox } from '../../src/core/outbox.ts';
import { VirtualLog } from './virtual-log.ts';

export const AT = '2026-01-01T00:00:00.000Z';

/** An entry with a message that names its place. */
export function entry(
  index: number,
  entryEpoch = 1,
  more: { operation?: Operation; batch?: number; idempotencyKey?: string } = {},
): Entry {
  const { operation = { op: 'append', message: `m${index}` }, ...request } = more;
  return entryOf(operation, { index: logIndex(index), epoch: epoch(entryEpoch), at: AT }, request);
}

/** Entries `from`…`to`, all of one epoch. */
export function entries(from: number, to: number, entryEpoch = 1): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, entryEpoch));
}

export function peer(id: string): Peer {
  return { node: nodeId(id), url: id };
}

export interface SentCall<R extends RequestOrder = RequestOrder> {
  readonly call: CallId;
  readonly to: string;
  readonly request: R;
}

export interface BenchOptions {
  readonly self?: string;
  readonly options?: Partial<Options>;
  /** What is in the log, and persisted, at the start. */
  readonly entries?: readonly Entry[];
  readonly memory?: Partial<Memory>;
  readonly random?: () => number;
}

export class Bench {
  readonly log = new VirtualLog();
  readonly outbox = new Outbox();
  readonly options: Options;
  readonly folds: Folds;
  readonly context: Context;
  /** Everything that was to be performed, in order. */
  readonly performed: Effect[] = [];

  constructor(setup: BenchOptions = {}) {
    const { self = 'n1', memory, random = () => 0.5 } = setup;
    this.options = { ...DEFAULT_OPTIONS, ...setup.options };
    this.folds = new Folds(this.options);
    this.log.append(setup.entries ?? []);
    this.log.persist(this.log.lastIndex);
    for (const known of this.log.entries) this.folds.observe(known);
    const recovered = { lastIndex: this.log.lastIndex, epochs: this.log.epochs() };
    this.context = {
      self: peer(self),
      incarnation: incarnation(`${self}#1`),
      blank: memory === undefined && this.log.lastIndex === 0,
      options: this.options,
      random,
      ledger: new Ledger(recovered, this.folds, this.log, this.options, this.outbox),
      bookkeeping: new Bookkeeping({ ...BLANK_MEMORY, ...memory }, this.outbox),
      outbox: this.outbox,
      counters: { appended: 0, duplicates: 0, resends: 0, timeouts: 0, refused: {} },
    };
  }

  get ledger(): Ledger {
    return this.context.ledger;
  }

  /** Performs Append and Truncate, and hands over everything that has gathered. */
  take(): Effect[] {
    const effects = this.outbox.take();
    for (const effect of effects) {
      if (effect.type === 'Append') this.log.append(effect.entries);
      if (effect.type === 'Truncate') this.log.truncate(effect.after);
    }
    this.performed.push(...effects);
    return effects;
  }

  /** What was sent since the last look. */
  sent(): SentCall[] {
    return this.take().filter((effect) => effect.type === 'Send');
  }

  /** What other nodes were answered since the last look. */
  responses(): unknown[] {
    const answers = this.take().filter((effect) => effect.type === 'Respond');
    return answers.map(({ ticket, response }) => ({ ticket, ...response }));
  }

  /** What was noted since the last look. */
  notes(): unknown[] {
    const notes = this.take().filter((effect) => effect.type === 'Note');
    return notes.map(({ note }) => note);
  }

  answer(call: CallId, response: Response, now: number): void {
    this.outbox.answered(call, response, now);
  }

  fail(call: CallId, now: number): void {
    this.outbox.answered(call, { type: 'None', error: 'connection refused' }, now);
  }

  /** Appends `count` entries as a master would. */
  append(count: number, entryEpoch = 1): void {
    const from = this.ledger.log.lastIndex + 1;
    this.ledger.append(entries(from, from + count - 1, entryEpoch));
    const effects = this.outbox.take();
    for (const effect of effects) if (effect.type === 'Append') this.log.append(effect.entries);
    this.performed.push(...effects);
  }

  /** Everything that is in the log becomes durable, as if the disk had taken no time. */
  persist(now = 0): LogIndex {
    this.ledger.flush(now);
    for (const effect of this.take()) {
      if (effect.type === 'Persist') {
        this.log.persist(effect.upTo);
        this.ledger.confirmed(effect.id);
      }
    }
    return this.ledger.persister.persistedIndex;
  }

  /** What was to be remembered is remembered. */
  remember(): void {
    for (const effect of this.take()) {
      if (effect.type === 'Remember') this.context.bookkeeping.remembered(effect.id);
    }
  }
}
