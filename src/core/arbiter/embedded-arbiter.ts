// The arbiter inside a master's process (`replog master` without --join): its announcements need no
// network, and it knows from the master's heartbeats who is alive.

import type { Context } from '../context.ts';
import type { Epoch, Ticket } from '../ids.ts';
import type { Master } from '../master/master.ts';
import type { Join, JoinedMaster, Leave, Refusal } from '../messages.ts';
import { type Announcement, Arbiter, type ArbiterOptions } from './arbiter.ts';

/** The node around it. */
export interface ArbiterHome {
  /** The master of this node, while it is in office. */
  master(): Master | null;
  lead(appointment: JoinedMaster): void;
}

/** Invariant: only the node it lives in is ever appointed. */
export class EmbeddedArbiter {
  private readonly context: Context;
  private readonly arbiter: Arbiter;
  private readonly home: ArbiterHome;

  constructor(context: Context, settings: Omit<ArbiterOptions, 'prefer'>, home: ArbiterHome) {
    const { arbiter } = context.bookkeeping.current;
    this.context = context;
    this.home = home;
    this.arbiter = new Arbiter({ ...settings, prefer: context.self.node }, arbiter);
  }

  /** Appoints this node. */
  start(): void {
    const { self, incarnation, bookkeeping, ledger } = this.context;
    const { epoch, arbiter } = bookkeeping.current;
    const { node, url } = self;
    const { lastIndex } = ledger.log;
    // Only the node it lives in was ever appointed: that has another id now.
    const former = arbiter?.master ?? node;
    if (former !== node) this.arbiter.leave(former);
    const answer = this.arbiter.join({ type: 'Join', node, url, incarnation, epoch, lastIndex });
    if (answer.type !== 'JoinedMaster') return;
    this.context.bookkeeping.remember({ arbiter: this.arbiter.memory });
    this.home.lead(answer);
  }

  /** The master has met a higher epoch, which this arbiter must have forgotten. */
  outdated(seen: Epoch): void {
    this.arbiter.raise(seen);
    this.context.bookkeeping.remember({ arbiter: this.arbiter.memory });
    this.reappoint();
  }

  received(ticket: Ticket, request: Join | Leave, now: number): void {
    const { bookkeeping, outbox } = this.context;
    if (request.type === 'Leave' && request.node === this.context.self.node) {
      // It cannot leave its own arbiter, or another node would be appointed beside it.
      outbox.respond(ticket, { type: 'Left' });
      return;
    }
    const response =
      request.type === 'Leave'
        ? this.arbiter.leave(request.node)
        : (this.arbiter.excludes(request) ?? this.taken(request) ?? this.arbiter.join(request));
    if (response.type === 'Refused') {
      outbox.respond(ticket, response);
      return;
    }
    const change = { arbiter: this.arbiter.memory, cluster: this.arbiter.clusterId };
    // As it is now: what changes before this is durable may be forgotten. And a node that leaves
    // and comes back begins a new session, which the set with it alone would not tell.
    const { announcement } = this.arbiter;
    bookkeeping.remember(change, () => {
      outbox.respond(ticket, response);
      this.announce(announcement, now);
    });
  }

  private announce(announcement: Announcement | null, now: number): void {
    const master = this.home.master();
    if (announcement === null || master === null) return;
    if (announcement.epoch > master.epoch) this.reappoint();
    else master.replicas({ replicas: announcement.replicas }, now);
  }

  private reappoint(): void {
    const { announcement } = this.arbiter;
    if (announcement === null) return;
    const { epoch, replicas, size, since } = announcement;
    this.home.lead({ type: 'JoinedMaster', epoch, replicas, size, since });
  }

  /** Another living process has this id: two of them would take turns pushing each other out. One
   * that has come back with another URL may be the one that answers at the former URL, too. */
  private taken(request: Join): Refusal | null {
    const { node, incarnation: life } = request;
    const elsewhere = this.arbiter.takenBy(request) !== null;
    const alive = elsewhere && this.home.master()?.isOther(node, life) === true;
    const own = node === this.context.self.node;
    return own || alive ? { type: 'Refused', code: 'node-id-taken', node } : null;
  }
}
