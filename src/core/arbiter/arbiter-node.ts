// The machine of an arbiter that is a process of its own (`replog arbiter`, and the launcher).

import { Bookkeeping } from '../bookkeeping.ts';
import type { Effect, Event, Memory } from '../effects.ts';
import { type Epoch, epoch, type NodeId, type Ticket } from '../ids.ts';
import type { Join, Peer, Refusal, Replicas, Request, ResponseOrder } from '../messages.ts';
import type { Options } from '../options.ts';
import { type Answer, Outbox } from '../outbox.ts';
import { Announcer } from './announcer.ts';
import { Arbiter, type ArbiterOptions, type Registered } from './arbiter.ts';

/** No node is of this epoch: it changes nothing, and whoever refuses it says who it is. */
const WHO_IS_THERE: Replicas = { type: 'Replicas', epoch: epoch(0), replicas: [] };

function isLife(answer: Answer, node: NodeId, life: Registered): boolean {
  if (answer.type !== 'Refused' || answer.code !== 'stale-epoch') return false;
  return answer.node === node && answer.incarnation === life.incarnation;
}

/** How an arbiter of its own is set up. */
export interface ArbiterNodeOptions extends Omit<ArbiterOptions, 'cluster' | 'failoverMs'> {
  /** A master of which a majority hears nothing is replaced. Default: false. */
  readonly failover?: boolean;
}

/** Invariant: an answer leaves only after what it promises is durable. */
export class ArbiterNode {
  private readonly outbox = new Outbox();
  private readonly bookkeeping: Bookkeeping;
  private readonly arbiter: Arbiter;
  private readonly announcer: Announcer;
  /** It is one of several. */
  private readonly inTurn: boolean;

  constructor(options: Options, settings: ArbiterNodeOptions, memory: Memory) {
    this.bookkeeping = new Bookkeeping(memory, this.outbox);
    const { cluster } = memory;
    const { failover = false, ...others } = settings;
    this.inTurn = settings.term !== undefined;
    const heard = failover ? { failoverMs: options.silenceCountsMs } : {};
    this.arbiter = new Arbiter({ ...others, ...heard, cluster }, memory.arbiter);
    const outdated = (seen: Epoch): void => {
      this.arbiter.raise(seen);
      this.changed(() => {});
    };
    this.announcer = new Announcer(this.outbox, options, outdated, (announced, answer) => {
      // What is forgotten here counts no more: after a restart there might be no majority of those
      // who count, and a master that is gone by then can take note of nothing.
      if (this.arbiter.noted(announced, answer)) this.remember(() => {});
      return answer.established?.length === 0 || this.arbiter.awaitsNewcomers;
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
      case 'Start':
        this.start();
        break;
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

  /** What was decided last may not have come to the master, or its answer not to here; and the
   * size, or whether it may be replaced, may be another now. */
  private start(): void {
    if (this.master !== null) this.changed(() => {});
  }

  private received(ticket: Ticket, request: Request): void {
    if (request.type === 'Join') this.admit(ticket, request);
    else if (request.type === 'Leave') this.decide(ticket, this.arbiter.leave(request.node));
    else if (this.master === null) {
      this.outbox.respond(ticket, { type: 'Refused', code: 'no-master' });
    } else {
      this.outbox.respond(ticket, { type: 'Refused', code: 'not-master', master: this.master });
    }
  }

  /** Of two processes with one id the later is refused while the earlier one lives: they would take
   * turns pushing each other out. */
  private admit(ticket: Ticket, request: Join): void {
    // Ids are alike in most clusters: who is in the wrong one is told so, not that its id is taken.
    const foreign = this.arbiter.excludes(request) !== null;
    const earlier = foreign ? null : this.arbiter.takenBy(request);
    if (earlier === null) {
      this.decide(ticket, this.arbiter.join(request, this.now));
      return;
    }
    this.outbox.send(earlier.url, WHO_IS_THERE, (answer, now) => {
      this.now = now;
      const { node } = request;
      if (this.arbiter.takenBy(request)?.incarnation !== earlier.incarnation) {
        this.admit(ticket, request);
      } else if (isLife(answer, node, earlier)) {
        this.refuse(ticket, { type: 'Refused', code: 'node-id-taken', node });
      } else {
        this.decide(ticket, this.arbiter.join(request, this.now));
      }
    });
  }

  private decide(ticket: Ticket, response: ResponseOrder): void {
    if (response.type === 'Refused') this.refuse(ticket, response);
    else this.changed(() => this.outbox.respond(ticket, response));
  }

  /** One of several may have been followed, and what it knows, or was about to remember, may not be
   * so: of who belongs here it speaks only when a write has shown that it is in charge. */
  private refuse(ticket: Ticket, refusal: Refusal): void {
    const respond = (): void => this.outbox.respond(ticket, refusal);
    if (this.inTurn && refusal.code !== 'no-master') this.remember(respond);
    else respond();
  }

  private changed(after: () => void): void {
    // As it is now: what changes before this is durable may be forgotten, and the master, which
    // believes the highest version, would never take back what it heard too early.
    const { announcement } = this.arbiter;
    this.remember(() => {
      after();
      if (announcement !== null) this.announcer.announce(announcement, this.now);
    });
  }

  private remember(after: () => void): void {
    const { clusterId: cluster, memory: arbiter } = this.arbiter;
    this.bookkeeping.remember({ arbiter, cluster }, after);
  }
}
