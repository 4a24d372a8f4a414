// Which operations clients asked for, and which were seen. An operation is known by what it says,
// so that a history is judged sharply if its messages and values are all different; where they are
// not, they are counted.

import type { Operation } from '../core/operation.ts';
import type { WriteRecord } from './history/history.ts';
import { ByContents } from './log/by-contents.ts';

/** Names one operation's content; numbers from 0. */
export type Content = number;

/** Of so many keys a cluster remembers the last ones at least (contract, section 3). */
const KEYS_REMEMBERED = 100_000;

/** Where the request with this idempotency key was last said to be, what it was, and the record; 0:
 * nowhere. */
export interface KeyFacts {
  first: number;
  contents: readonly Content[];
  place: number;
  /** Whether an answer said that its request stored it there. */
  stored: boolean;
  /** When it was first said to be there. */
  heardAt: number;
  /** When the latest request was asked for that was said to be there. */
  askedAt: number;
  /** When it was first used. */
  since: number;
  /** What it was ever used for: more than one, and it was refused for all of them but one. */
  readonly asked: ByContents<true>;
}

/** A batch whose outcome is open: it is in the log as a whole or not at all. */
export interface OpenBatch {
  readonly contents: readonly Content[];
  readonly place: number;
}

/**
 * Invariants:
 * 1. Requests for the same with the same idempotency key count as one, and as a repetition each, if
 *    the answer does not say that they appended nothing.
 * 2. A refused request does not count.
 */
export class Operations {
  /** Of so many keys the cluster remembers the last ones at least. */
  keysRemembered = KEYS_REMEMBERED;
  private readonly contents = new Map<string, Content>();
  private readonly operations: Operation[] = [];
  private readonly possible: number[] = [];
  private readonly repeated = new Map<Content, number>();
  private readonly firstCall: number[] = [];
  private readonly firstSeen: number[] = [];
  private readonly seenPlace: number[] = [];
  private readonly refusedPlace = new Map<Content, number>();
  private readonly keys = new Map<string, KeyFacts>();
  readonly openBatches: OpenBatch[] = [];
  /** Key-value operations of which it is not known whether and where they are in the log. */
  openKeyValues = 0;
  /** Keys with a removal of which that is not known. */
  readonly openRemovals = new Set<string>();
  /** By index: the operation on a key that was last said to be there. */
  readonly said = new Map<number, Content>();
  /** For each key, the highest index at which an operation on it was ever said to be. What was
   * there may have been lost since, after it had superseded others. */
  readonly newest = new Map<string, number>();

  /** The content's number; a new one if it was never met. */
  of(operation: Operation): Content {
    const name = nameOf(operation);
    let content = this.contents.get(name);
    if (content === undefined) {
      content = this.operations.length;
      this.contents.set(name, content);
      this.operations.push(operation);
      this.possible.push(0);
      this.firstCall.push(Number.POSITIVE_INFINITY);
      this.firstSeen.push(Number.POSITIVE_INFINITY);
      this.seenPlace.push(0);
    }
    return content;
  }

  /** A client's request, with what became of it. */
  asked(record: WriteRecord, contents: readonly Content[], place: number): void {
    if (record.outcome === 'refused') {
      for (const content of contents) this.refusedPlace.set(content, place);
      return;
    }
    const { idempotencyKey: key, operations } = record;
    const again = key !== null && this.asksAgain(key, contents, record.call);
    for (const content of contents) {
      if (!again) this.possible[content]! += 1;
      else if (record.duplicate !== true) this.repeat(content);
      this.firstCall[content] = Math.min(this.firstCall[content]!, record.call);
    }
    this.place(record, contents[0]);
    if (record.outcome === 'ok') return;
    if (contents.length > 1) this.openBatches.push({ contents, place });
    if (record.first === undefined && operations[0]!.op !== 'append') this.openKeyValues += 1;
  }

  private repeat(content: Content): void {
    this.repeated.set(content, (this.repeated.get(content) ?? 0) + 1);
  }

  /** A key for something else may have reached the cluster first, or alone. */
  private asksAgain(key: string, contents: readonly Content[], call: number): boolean {
    const facts = this.keys.get(key);
    if (facts === undefined) {
      const [heardAt, askedAt] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const nowhere = { first: 0, place: 0, stored: false, heardAt, askedAt };
      const asked = new ByContents<true>();
      asked.add(contents, true);
      this.keys.set(key, { ...nowhere, contents, since: call, asked });
      return false;
    }
    facts.since = Math.min(facts.since, call);
    const again = facts.asked.find(contents) === true;
    if (!again) facts.asked.add(contents, true);
    return again;
  }

  private place({ operations: [operation], first }: WriteRecord, content?: Content): void {
    if (operation === undefined || operation.op === 'append') return;
    const { key } = operation;
    if (first !== undefined) {
      this.said.set(first, content!);
      this.newest.set(key, Math.max(first, this.newest.get(key) ?? 0));
    } else if (operation.op === 'remove') {
      this.openRemovals.add(key);
    }
  }

  /** What is known of an idempotency key that was not refused; for its judge to note. */
  request(key: string): KeyFacts {
    return this.keys.get(key)!;
  }

  /** How many contents there are. */
  get size(): number {
    return this.operations.length;
  }

  /** A node showed it in an answer that came at `moment`. */
  seen(content: Content, moment: number, place: number): void {
    if (moment >= this.firstSeen[content]!) return;
    this.firstSeen[content] = moment;
    this.seenPlace[content] = place;
  }

  /** How many requests could have put it into the log. */
  requests(content: Content): number {
    return this.possible[content]!;
  }

  /** Whether a cluster may have forgotten any key: there were more than it must remember. The
   * answer to a request may come last, so that only the end of the history tells. */
  get forgetsKeys(): boolean {
    return this.keys.size > this.keysRemembered;
  }

  /** Whether there is room between the two for as many other requests as are remembered: each takes
   * at least one index. */
  isFar(one: number, other: number): boolean {
    return Math.abs(other - one) > this.keysRemembered;
  }

  /** How many of these may have come when their key had been forgotten: they are new then. */
  repetitions(content: Content): number {
    return this.forgetsKeys ? (this.repeated.get(content) ?? 0) : 0;
  }

  /** The record of a request with this content that was refused; 0: there is none. */
  refused(content: Content): number {
    return this.refusedPlace.get(content) ?? 0;
  }

  /** Contents that were seen: what it is, when, and since when somebody had asked for it. */
  *shown(): Iterable<{ content: Content; seenAt: number; askedAt: number; place: number }> {
    for (let content = 0; content < this.operations.length; content += 1) {
      const place = this.seenPlace[content]!;
      if (place === 0) continue;
      const seenAt = this.firstSeen[content]!;
      yield { content, seenAt, askedAt: this.firstCall[content]!, place };
    }
  }

  /** Whether this is what the content stands for; quicker than `of`. */
  is(content: Content, operation: Operation): boolean {
    const known = this.operations[content]!;
    if (operation.op === 'append') {
      return known.op === 'append' && known.message === operation.message;
    }
    if (known.op !== operation.op || known.key !== operation.key) return false;
    return known.op === 'remove' || known.value === (operation as typeof known).value;
  }

  /** The key that the operation writes; null: it is a message. */
  key(content: Content): string | null {
    const operation = this.operations[content]!;
    return operation.op === 'append' ? null : operation.key;
  }

  /** It is a `put`: its key has a value after it. */
  gives(content: Content): boolean {
    return this.operations[content]!.op === 'put';
  }

  /** The content for people, shortened. */
  name(content: Content | undefined): string {
    const operation = content === undefined ? undefined : this.operations[content];
    if (operation === undefined) return 'nothing';
    switch (operation.op) {
      case 'append':
        return `append ${short(operation.message)}`;
      case 'put':
        return `put ${short(operation.key)} = ${short(operation.value)}`;
      case 'remove':
        return `remove ${short(operation.key)}`;
    }
  }
}

/** Different for different operations. */
function nameOf(operation: Operation): string {
  switch (operation.op) {
    case 'append':
      return `a${operation.message}`;
    case 'put':
      return `p${operation.key.length} ${operation.key}${operation.value}`;
    case 'remove':
      return `r${operation.key}`;
  }
}

function short(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 37)}…` : text);
}
