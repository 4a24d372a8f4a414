// What this node has lately done with its operations, for `GET /log/:index/story`: numbers in a
// ring of fixed size, written while the host performs effects. The rule: whoever writes stores
// numbers only, and never looks anything up per operation; sentences are made in story.ts, when
// somebody asks.
//
// One record is about a run of indexes (`from`…`to`), as one effect is: group commit, Snapshots and
// batches cost the trace no more than a single operation does.

import type { Effect, Event, Outcome, Write } from '../../core/effects.ts';
import type { LogIndex, Ticket } from '../../core/ids.ts';
import type { Request, Response, ResponseOrder, SnapshotOrder } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import { KIND, type Kind, OUTCOMES, type TraceRecord, wOf } from './trace-record.ts';

/** Records kept, 64 bytes each: 4 MiB, some seconds under full load and hours of quiet use. */
const RECORDS_MAX = 65_536;

const FIELDS = 8;

/** Texts kept: URLs, refusals, errors. A peer that invents new errors fills no more than this. */
const TEXTS_MAX = 512;
const TEXT_LENGTH_MAX = 200;

/**
 * Invariants:
 * 1. Its size never changes: the oldest record gives way to the newest.
 * 2. Records stand in the order in which things happened.
 */
export class Trace {
  private readonly ring: Float64Array;
  private readonly recordsMax: number;
  /** Records ever written. */
  private written = 0;
  private readonly texts: string[] = ['something else'];
  private readonly ids = new Map<string, number>();
  /** Up to here the disk was asked; -1: nothing has happened yet. */
  private handedOver = -1;

  constructor(recordsMax: number = RECORDS_MAX) {
    this.recordsMax = recordsMax;
    this.ring = new Float64Array(recordsMax * FIELDS);
  }

  /** When the oldest thing it still knows happened; null: it knows all since the process began. */
  get forgottenUntil(): number | null {
    if (this.written <= this.recordsMax) return null;
    return this.ring[(this.written % this.recordsMax) * FIELDS]!;
  }

  /** A text that a record refers to. */
  textOf(id: number): string {
    return this.texts[id] ?? this.texts[0]!;
  }

  /** Everything kept, oldest first. There may be 65,536 of them, so each costs one object. */
  *records(): Generator<TraceRecord> {
    const first = Math.max(0, this.written - this.recordsMax);
    for (let n = first; n < this.written; n += 1) {
      yield this.recordAt((n % this.recordsMax) * FIELDS);
    }
  }

  private recordAt(place: number): TraceRecord {
    const { ring } = this;
    return {
      at: ring[place]!,
      kind: ring[place + 1]! as Kind,
      from: ring[place + 2]!,
      to: ring[place + 3]!,
      who: ring[place + 4]!,
      a: ring[place + 5]!,
      b: ring[place + 6]!,
      c: ring[place + 7]!,
    };
  }

  // What the host performs. `event` is what the machine was stepped with.

  append(entries: readonly Entry[], event: Event, now: number): void {
    const first = entries[0]!;
    const last = entries.length === 1 ? first.index : entries.at(-1)!.index;
    if (this.handedOver === -1) this.handedOver = first.index - 1;
    if (event.type === 'Write') {
      const { ticket, w, timeoutMs = 0 } = event;
      this.put(now, KIND.appended, first.index, last, first.epoch, ticket, wOf(w), timeoutMs);
      return;
    }
    const ticket = event.type === 'Received' ? event.ticket : 0;
    const kind = event.type === 'Received' ? KIND.copied : KIND.fetched;
    this.put(now, kind, first.index, last, first.epoch, ticket, 0, 0);
  }

  repeated(index: LogIndex, { ticket, operations, w, timeoutMs = 0 }: Write, now: number): void {
    const last = index + operations.length - 1;
    this.put(now, KIND.duplicate, index, last, 0, ticket, wOf(w), timeoutMs);
  }

  truncate(after: LogIndex, now: number): void {
    this.put(now, KIND.truncated, after + 1, Number.POSITIVE_INFINITY, 0, 0, 0, 0);
    this.handedOver = Math.min(this.handedOver, after);
  }

  /** It is about what earlier ones do not cover; asked for again, about its last operation. */
  persist(id: number, upTo: LogIndex, now: number): void {
    const from = Math.min(this.handedOver + 1, upTo);
    this.handedOver = Math.max(this.handedOver, upTo);
    this.put(now, KIND.persisting, from, upTo, 0, id, 0, 0);
  }

  persisted(id: number, upTo: LogIndex, now: number): void {
    this.put(now, KIND.persisted, 0, upTo, 0, id, 0, 0);
  }

  persistFailed(id: number, upTo: LogIndex, error: string, now: number): void {
    this.put(now, KIND.persistFailed, 0, upTo, 0, id, this.idOf(error), 0);
  }

  send(to: string, { from, to: last, session, seq }: SnapshotOrder, now: number): void {
    this.put(now, KIND.sent, from, last, this.idOf(to), session, seq, 0);
  }

  /** What came back for a Snapshot. */
  answer(to: string, order: SnapshotOrder, response: Response, now: number): void {
    const { from, to: last, session, seq } = order;
    const who = this.idOf(to);
    if (response.type === 'SnapshotAck') {
      this.put(now, KIND.acknowledged, from, last, who, response.session, response.seq, 0);
    } else if (response.type === 'Refused') {
      this.put(now, KIND.refused, from, last, who, session, seq, this.idOf(response.code));
    }
  }

  noAnswer(to: string, order: SnapshotOrder, error: string, now: number): void {
    const { from, to: last, session, seq } = order;
    this.put(now, KIND.unanswered, from, last, this.idOf(to), session, seq, this.idOf(error));
  }

  reply(ticket: Ticket, outcome: Outcome, now: number): void {
    const code = OUTCOMES.indexOf(outcome.type as (typeof OUTCOMES)[number]);
    if (code === -1) return;
    const { first, last } = outcome as { first?: number; last?: number };
    if (first === undefined) return;
    const count = 'acks' in outcome ? outcome.acks.length : 0;
    this.put(now, KIND.answered, first, last ?? first, 0, ticket, code, count);
  }

  abandon(ticket: Ticket, now: number): void {
    this.put(now, KIND.abandoned, 0, 0, 0, ticket, 0, 0);
  }

  /** A request of another node arrived. */
  receive(ticket: Ticket, request: Request, now: number): void {
    if (request.type !== 'Snapshot') return;
    const first = request.updates[0];
    if (first === undefined) return;
    const { session, seq, epoch } = request;
    const last = request.updates.at(-1)!.index;
    this.put(now, KIND.arrived, first.index, last, session, ticket, seq, epoch);
  }

  respond(ticket: Ticket, response: ResponseOrder, now: number): void {
    if (response.type === 'SnapshotAck') {
      this.put(now, KIND.responded, 0, 0, 0, ticket, response.seq, 0);
    } else if (response.type === 'Refused') {
      this.put(now, KIND.declined, 0, 0, 0, ticket, this.idOf(response.code), 0);
    }
  }

  /** A fault that was asked for struck a request of another node; `ms` for those that wait. */
  strike(request: Request, fault: string, ms: number, now: number): void {
    if (request.type !== 'Snapshot') return;
    const first = request.updates[0];
    if (first === undefined) return;
    const last = request.updates.at(-1)!.index;
    const { session, seq } = request;
    this.put(now, KIND.struck, first.index, last, session, this.idOf(fault), ms, seq);
  }

  /** The same for a Persist. */
  strikePersist(fault: string, now: number): void {
    this.put(now, KIND.persistStruck, 0, 0, 0, this.idOf(fault), 0, 0);
  }

  /** The number that stands for a text. */
  private idOf(text: string): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    if (this.texts.length >= TEXTS_MAX) return 0;
    this.texts.push(text.slice(0, TEXT_LENGTH_MAX));
    this.ids.set(text, this.texts.length - 1);
    return this.texts.length - 1;
  }

  private put(
    at: number,
    kind: Kind,
    from: number,
    to: number,
    who: number,
    a: number,
    b: number,
    c: number,
  ): void {
    const { ring } = this;
    if (ring.length === 0) return;
    const place = (this.written % this.recordsMax) * FIELDS;
    this.written += 1;
    ring[place] = at;
    ring[place + 1] = kind;
    ring[place + 2] = from;
    ring[place + 3] = to;
    ring[place + 4] = who;
    ring[place + 5] = a;
    ring[place + 6] = b;
    ring[place + 7] = c;
  }
}

/** Writes down what an effect says of operations, before it is performed. */
export function traceEffect(trace: Trace, effect: Effect, event: Event, now: number): void {
  switch (effect.type) {
    case 'Append':
      trace.append(effect.entries, event, now);
      return;
    case 'Truncate':
      trace.truncate(effect.after, now);
      return;
    case 'Persist':
      trace.persist(effect.id, effect.upTo, now);
      return;
    case 'Send':
      if (effect.request.type === 'Snapshot') trace.send(effect.to, effect.request, now);
      return;
    case 'Respond':
      trace.respond(effect.ticket, effect.response, now);
      return;
    case 'Reply':
      trace.reply(effect.ticket, effect.outcome, now);
      return;
    case 'Note':
      if (effect.note.event === 'duplicate' && event.type === 'Write') {
        trace.repeated(effect.note.index, event, now);
      }
      return;
  }
}
