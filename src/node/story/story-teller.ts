// Keeps the thread of one operation's story: who has it, who waits, which copy is which. Called
// with the records of the trace in the order in which things happened.

import type { WriteConcern } from '../../core/effects.ts';
import { duration, others, persistStruck, refusal, struck, wanting } from './phrases.ts';
import type { StoryParts } from './story.ts';
import { OUTCOMES, type TraceRecord } from './trace-record.ts';

interface Told {
  readonly at: number;
  readonly event: string;
  readonly peer: string | null;
  readonly text: string;
}

/** A client that waits, or waited. */
interface Waiting {
  readonly at: number;
  readonly w: WriteConcern;
  readonly limitMs: number;
}

export class StoryTeller {
  readonly told: Told[] = [];
  /** The story's beginning is known. */
  begun = false;
  private readonly parts: StoryParts;
  private readonly waiting = new Map<number, Waiting>();
  /** Who is known to have it, and since when. */
  private readonly having = new Map<string, number>();
  /** Its place in the latest session with each peer, by the peer's URL. */
  private readonly places = new Map<number, { session: number; seq: number; copies: number }>();
  private readonly arrivals = new Map<number, number>();
  private copiedBy: number | null = null;
  private persistId: number | null = null;
  private persistAsked = 0;
  private refusals = 0;
  private refusedAt = 0;
  private lastRefusal = '';
  private stored = false;
  private lastStruck = '';

  constructor(parts: StoryParts) {
    this.parts = parts;
  }

  appended(
    { at, who: epoch, from, to, a: ticket, c: limitMs }: TraceRecord,
    w: WriteConcern,
  ): void {
    this.begin();
    const part = from === to ? '' : `, one of a batch of ${to - from + 1}`;
    const limit = limitMs === 0 ? 'without a time limit' : `within ${duration(limitMs)}`;
    const what = this.parts.entry?.op ?? 'write';
    const receivedAt = Math.min(at, this.monotonic(this.parts.entry?.at) ?? at);
    const wanted = `it is to be answered when ${wanting(w)}, ${limit}`;
    this.say(receivedAt, 'received', null, `A client's ${what} arrived${part}; ${wanted}.`);
    const { index } = this.parts;
    this.say(at, 'appended', null, `Put into the log at index ${index}, epoch ${epoch}.`);
    this.waiting.set(ticket, { at: receivedAt, w, limitMs });
  }

  copied({ at, from, who, a: ticket }: TraceRecord): void {
    this.begin();
    this.copiedBy = ticket;
    const { index, entry } = this.parts;
    // The record has the epoch of its first entry; those behind it may be of later ones.
    const epoch = from === index ? who : (entry?.epoch ?? who);
    const text =
      ticket === 0
        ? `Fetched from a member that had it, and put into the log at index ${index}.`
        : `Put into the log at index ${index}, epoch ${epoch}: readable here from now on.`;
    this.say(at, 'appended', null, text);
  }

  repeated({ at, a: ticket, c: limitMs }: TraceRecord, w: WriteConcern): void {
    this.waiting.set(ticket, { at, w, limitMs });
    const text =
      'A client repeated the request with its Idempotency-Key: nothing was appended; ' +
      `it is to be answered when ${wanting(w)}.`;
    this.say(at, 'duplicate', null, text);
  }

  persisting({ at, from, to, a: id }: TraceRecord): void {
    if (this.stored || !this.begun) return;
    const { index, durable } = this.parts;
    if (this.persistId === null && from <= index && index <= to) {
      this.persistId = id;
      if (durable) this.say(at, 'persisting', null, `Handed to the disk${others(from, to)}.`);
    } else if (this.persistId === id) {
      this.persistAsked += 1;
      if (this.persistAsked > 1) return;
      const why = this.refusals === 0 ? 'No word from the disk yet: asked' : 'The disk is asked';
      this.say(at, 'persisting', null, `${why} again, every 100 ms.`);
    }
  }

  persisted({ at }: TraceRecord): void {
    if (this.stored || !this.begun) return;
    this.stored = true;
    this.having.set(this.parts.node, at);
    const asked = this.persistAsked === 0 ? '' : `, asked ${this.persistAsked + 1} times`;
    const where = this.parts.durable
      ? `On the disk of this node${asked}`
      : 'In memory, as promised';
    this.say(at, 'persisted', null, `${where}: this node counts as having it.`);
  }

  /** A disk that refuses does so every 100 ms: each reason is told once. */
  persistFailed({ at, a: id, b: error }: TraceRecord): void {
    if (this.stored || !this.begun) return;
    if (this.persistId !== null && this.persistId !== id) return;
    this.refusals += 1;
    this.refusedAt = at;
    const reason = this.textOf(error);
    if (reason === this.lastRefusal) return;
    this.lastRefusal = reason;
    this.say(at, 'persist-failed', null, `The disk refused it: ${reason}.`);
  }

  persistStruck({ at, a: fault }: TraceRecord): void {
    if (this.stored || this.persistId === null) return;
    const name = this.textOf(fault);
    if (name === this.lastStruck) return;
    this.lastStruck = name;
    const text = `The request to the disk met an injected fault: ${persistStruck(name)}.`;
    this.say(at, 'fault', null, text);
  }

  sent({ at, from, to, who, a: session, b: seq }: TraceRecord): void {
    const peer = this.peerOf(who);
    const own = seq + this.parts.index - from;
    const place = this.places.get(who);
    const again = place?.session === session;
    const copies = again ? place.copies + 1 : 1;
    this.places.set(who, { session, seq: own, copies });
    const which = again ? `Sent to ${peer} again, copy ${copies}` : `Sent to ${peer}`;
    const text = `${which} (session ${session}, seq ${own}${others(from, to)}).`;
    this.say(at, again ? 'resent' : 'sent', peer, text);
  }

  acknowledged({ at, from, to, who, a: session, b: acked }: TraceRecord): void {
    const peer = this.peerOf(who);
    const { index } = this.parts;
    if (from > to) {
      if (!this.begun || to < index || this.having.has(peer)) return;
      this.having.set(peer, at);
      const text = `${peer} has it: at the start of a session its log agreed up to index ${to}.`;
      this.say(at, 'acknowledged', peer, text);
      return;
    }
    const place = this.places.get(who);
    if (place?.session === session && acked >= place.seq && !this.having.has(peer)) {
      this.having.set(peer, at);
      this.say(at, 'acknowledged', peer, `${peer} acknowledged it (up to seq ${acked}).`);
    } else if (from <= index && index <= to && this.having.has(peer)) {
      this.say(at, 'late-answer', peer, `${peer} answered another copy too: that changes nothing.`);
    }
  }

  refused({ at, who, c: code }: TraceRecord): void {
    const peer = this.peerOf(who);
    this.say(at, 'refused', peer, `${peer} refused it: ${refusal(this.textOf(code))}.`);
  }

  unanswered({ at, who, c: error }: TraceRecord): void {
    const peer = this.peerOf(who);
    this.say(at, 'unanswered', peer, `No usable answer from ${peer}: ${this.textOf(error)}.`);
  }

  answered({ at, a: ticket, b: code, c: count }: TraceRecord): void {
    const waiting = this.waiting.get(ticket);
    if (waiting === undefined) return;
    this.waiting.delete(ticket);
    const outcome = OUTCOMES[code];
    const nodes = `${count} ${count === 1 ? 'node has' : 'nodes have'} it`;
    const after = duration(at - waiting.at);
    if (outcome === 'Stored') {
      const why = this.why(waiting.at, count);
      this.say(at, 'answered', null, `Answered the client after ${after}: ${nodes}${why}.`);
    } else if (outcome === 'TimedOut') {
      const lacking = this.lacking();
      const text =
        `Told the client after ${after} that time is up: ${nodes}${lacking}. ` +
        'It stays in the log and goes on replicating.';
      this.say(at, 'timed-out', null, text);
    } else {
      const why = outcome === 'NoMaster' ? 'this node is master no more' : 'this node is stopping';
      this.say(at, 'answered', null, `Told the client after ${after} that ${why}: outcome open.`);
    }
  }

  abandoned({ at, a: ticket }: TraceRecord): void {
    if (!this.waiting.delete(ticket)) return;
    this.say(at, 'abandoned', null, 'The client went away; the operation stays in the log.');
  }

  arrived({ at, from, to, who: session, a: ticket, b: seq }: TraceRecord): void {
    const own = seq + this.parts.index - from;
    this.arrivals.set(ticket, own);
    const where = `session ${session}, seq ${own}${others(from, to)}`;
    this.say(at, 'arrived', this.parts.master, `Arrived from the master (${where}).`);
  }

  responded({ at, a: ticket, b: acked }: TraceRecord): void {
    const own = this.arrivals.get(ticket);
    if (own === undefined || acked < own) return;
    const { master } = this.parts;
    if (this.copiedBy !== ticket) {
      this.say(at, 'duplicate', master, 'It was here already: this copy was ignored.');
    }
    this.say(at, 'acknowledged', master, `Acknowledged to the master (up to seq ${acked}).`);
  }

  declined({ at, a: ticket, b: code }: TraceRecord): void {
    if (!this.arrivals.has(ticket)) return;
    this.say(at, 'refused', this.parts.master, `Refused: ${refusal(this.textOf(code))}.`);
  }

  struck({ at, a: fault, b: ms }: TraceRecord): void {
    const text = `A copy met an injected fault: it ${struck(this.textOf(fault), ms)}.`;
    this.say(at, 'fault', this.parts.master, text);
  }

  dropped({ at }: TraceRecord): void {
    if (!this.begun) return;
    this.stored = false;
    this.having.clear();
    this.say(at, 'dropped', null, "Dropped: it is not part of the new master's log.");
  }

  /** What is still open when the story is told: the disk's word, and clients that wait. */
  end(): void {
    if (this.begun && !this.stored && this.refusals > 1) {
      const text = `The disk has refused it ${this.refusals} times so far.`;
      this.say(this.refusedAt, 'persist-failed', null, text);
    }
    for (const { at, w } of this.waiting.values()) {
      const { now } = this.parts;
      const text = `The client still waits, for ${duration(now - at)}, until ${wanting(w)}`;
      this.say(now, 'waiting', null, `${text}${this.lacking()}.`);
    }
  }

  /** All that is known is that it is there. */
  onlyStored(): void {
    const { entry, index, now } = this.parts;
    const at = Math.min(now, this.monotonic(entry?.at) ?? now);
    const text = `It stands in the log at index ${index}, epoch ${entry?.epoch}; how it came there `;
    this.say(at, 'stored', null, `${text}is no longer known here.`);
  }

  private begin(): void {
    this.begun = true;
    this.stored = false;
    this.persistId = null;
    this.persistAsked = 0;
    this.refusals = 0;
    this.lastRefusal = '';
    this.lastStruck = '';
    this.having.clear();
  }

  /** For whom the client had waited: the last of the `count` who were counted. What others said may
   * have been read with the same look at the sockets, before the answer left. */
  private why(since: number, count: number): string {
    const all = [...this.having].sort((one, other) => one[1] - other[1]).slice(0, count);
    const last = all.at(-1);
    if (last === undefined) return '';
    const list = ` (${all.map(([name]) => name).join(', ')})`;
    const waited = all.length > 1 && last[1] > since;
    return waited ? `${list}; ${last[0]} was the last to be waited for` : list;
  }

  private lacking(): string {
    const lacking = this.parts.lacking(new Set(this.having.keys()));
    return lacking === null ? '' : `; not yet: ${lacking}`;
  }

  private peerOf(id: number): string {
    const url = this.textOf(id);
    return this.parts.nodeAt(url) ?? url;
  }

  private textOf(id: number): string {
    return this.parts.trace.textOf(id).replace(/\.$/, '');
  }

  /** A wall clock time on the node's monotonic clock; null if there is none to speak of. */
  private monotonic(at: string | undefined): number | null {
    if (at === undefined) return null;
    const { now, wallMs } = this.parts;
    const agoMs = wallMs - Date.parse(at);
    return Number.isFinite(agoMs) && agoMs >= 0 ? now - agoMs : null;
  }

  private say(at: number, event: string, peer: string | null, text: string): void {
    this.told.push({ at, event, peer, text });
  }
}
