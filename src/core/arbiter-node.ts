// The machine of an arbiter that is a process of its own (`replog arbiter`, and the launcher).

import { Announcer } from './announcer.ts';
import { Arbiter, type ArbiterOptions } from './arbiter.ts';
import { Bookkeeping } from './bookkeeping.ts';
import type { Effect, Event, Memory } from './effects.ts';
import type { Ticket } from './ids.ts';
import type { Peer, Request, ResponseOrder } from './messages.ts';
import type { Options } from './options.ts';
import { Outbox } from './outbox.ts';

/** Invariant: an answer leaves only after what it promises is durable. */
export class ArbiterNode {
  private readonly outbox = new Outbox();
  private readonly bookkeeping: Bookkeeping;
  private readonly arbiter: Arbiter;
  private readonly announcer: Announcer;

  constructor(options: Options, arbiterOptions: ArbiterOptions, memory: Memory) {
    this.bookkeeping = new Bookkeeping(memory, this.outbox);
    const cluster = memory.cluster ?? arbiterOptions.cluster;
    this.arbiter = new Arbiter({ ...arbiterOptions, cluster }, memory.arbiter);
    this.announcer = new Announcer(this.outbox, options, (epoch) => {
      this.arbiter.raise(epoch);
      this.changed(() => {});
    });
  }

  get members(): readonly Peer[] {
    return this.arbiter.memory.members;
  }

  get master(): Peer | null {
    return this.arbiter.announcement?.master ?? null;
  }

  private now = 0;

  step(event: Event, now: number): Effect[] {
    this.now = now;
    switch (event.type) {
      case 'Received':
        this.received(event.ticket, event.request);
        break;
      case 'Answered':
        this.outbox.answered(event.call, event.response, now);
        break;
      case 'Unanswered':
        this.outbox.answered(event.call, { type: 'None', error: event.error }, now);
        break;
      case 'Remembered':
        this.bookkeeping.remembered(event.id);
        break;
      default:
        this.announcer.wake(now);
    }
    return this.outbox.take();
  }

  deadline(): number {
    return this.announcer.deadline();
  }

  /** The launcher adds and removes nodes: the configured size changes with them. */
  resize(size: number | null, now: number): Effect[] {
    this.now = now;
    this.arbiter.resize(size);
    this.changed(() => {});
    return this.outbox.take();
  }

  private received(ticket: Ticket, request: Request): void {
    if (request.type === 'Join') this.decide(ticket, this.arbiter.join(request));
    else if (request.type === 'Leave') this.decide(ticket, this.arbiter.leave(request.node));
    else if (this.master === null) {
      this.outbox.respond(ticket, { type: 'Refused', code: 'no-master' });
    } else {
      this.outbox.respond(ticket, { type: 'Refused', code: 'not-master', master: this.master });
    }
  }

  private decide(ticket: Ticket, response: ResponseOrder): void {
    if (response.type === 'Refused') this.outbox.respond(ticket, response);
    else this.changed(() => this.outbox.respond(ticket, response));
  }

  private changed(after: () => void): void {
    const cluster = this.arbiter.clusterId;
    // As it is now: what changes before this is durable may be forgotten, and the master, which
    // believes the highest version, would never take back what it heard too early.
    const { announcement } = this.arbiter;
    this.bookkeeping.remember({ arbiter: this.arbiter.memory, cluster }, () => {
      after();
      if (announcement !== null) this.announcer.announce(announcement, this.now);
    });
  }
}
