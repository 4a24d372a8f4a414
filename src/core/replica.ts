// The machine of one node: asks for a role, plays it, and hands each event to whom it concerns.

import { Bookkeeping } from './bookkeeping.ts';
import type { Context } from './context.ts';
import type { Effect, Event, Memory, Outcome } from './effects.ts';
import { EmbeddedArbiter } from './embedded-arbiter.ts';
import {
  type Epoch,
  epoch as epochOf,
  type Incarnation,
  type LogIndex,
  logIndex,
  type NodeId,
  type Ticket,
} from './ids.ts';
import { Joiner } from './joiner.ts';
import { type Folds, Ledger, type Recovered } from './ledger.ts';
import type { LogMeter } from './log.ts';
import { Master } from './master.ts';
import type {
  JoinedMaster,
  JoinedSecondary,
  Peer,
  Refusal,
  Replicas,
  Request,
} from './messages.ts';
import type { Options } from './options.ts';
import { Outbox } from './outbox.ts';
import { Secondary } from './secondary.ts';
import type { Counters, NodeStatus } from './status.ts';

/** What a node is told at its start. */
export interface Setup {
  readonly self: Peer;
  readonly incarnation: Incarnation;
  /** Where its arbiter is; null: it is its own, and so becomes master. */
  readonly arbiter: string | null;
  readonly wants: 'master' | 'secondary' | null;
  /** Configured cluster size; null: the number of members. */
  readonly size: number | null;
  /** Identity for a cluster that has none yet (own arbiter only). */
  readonly newCluster: string | null;
  readonly options: Options;
  readonly random: () => number;
  readonly meter: LogMeter;
  readonly recovered: Recovered;
  readonly folds: Folds;
  readonly memory: Memory;
}

/**
 * Invariants:
 * 1. It is master, or follows one, or has no role: never two of these.
 * 2. Its epoch never falls, also across restarts of a durable node.
 * 3. A request with a lower epoch changes nothing.
 */
export class Replica {
  private readonly outbox = new Outbox();
  private readonly context: Context;
  private readonly setup: Setup;
  private readonly arbiter: EmbeddedArbiter | null;
  private readonly joiner: Joiner | null;
  private master: Master | null = null;
  private secondary: Secondary | null = null;
  private removed = false;
  private stopping = false;
  private deposedBy: Epoch | null = null;
  private now = 0;

  constructor(setup: Setup) {
    const { options, memory, self } = setup;
    const bookkeeping = new Bookkeeping(memory, this.outbox);
    const { recovered, folds, meter } = setup;
    const ledger = new Ledger(recovered, folds, meter, options, this.outbox);
    const counters: Counters = { appended: 0, duplicates: 0, resends: 0, timeouts: 0, refused: {} };
    const { incarnation, random } = setup;
    const outbox = this.outbox;
    this.setup = setup;
    this.context = {
      self,
      incarnation,
      blank: memory.epoch === 0 && recovered.lastIndex === 0,
      options,
      random,
      ledger,
      bookkeeping,
      outbox,
      counters,
    };
    const cluster = memory.cluster ?? setup.newCluster;
    const { size } = setup;
    if (setup.arbiter === null) {
      const home = {
        master: () => this.master,
        lead: (appointment: JoinedMaster) => this.lead(appointment),
      };
      this.arbiter = new EmbeddedArbiter(this.context, { size, cluster }, home);
      this.joiner = null;
    } else {
      const joined = (answer: JoinedMaster | JoinedSecondary, now: number): void =>
        this.joined(answer, now);
      this.arbiter = null;
      this.joiner = new Joiner(this.context, setup.arbiter, setup.wants, { joined });
    }
  }

  step(event: Event, now: number): Effect[] {
    this.now = now;
    this.handle(event);
    if (this.deposedBy !== null) this.stepDown(this.deposedBy);
    return this.outbox.take();
  }

  /** When it wants to be woken; in the past: as soon as the events at hand are done. */
  deadline(): number {
    return Math.min(
      this.joiner?.deadline() ?? Number.POSITIVE_INFINITY,
      this.joiner?.idle === true ? this.silentAt() : Number.POSITIVE_INFINITY,
      this.master?.deadline() ?? Number.POSITIVE_INFINITY,
      this.context.ledger.deadline(),
    );
  }

  status(now: number): NodeStatus {
    const { self, ledger, bookkeeping, counters } = this.context;
    const common = {
      node: self.node,
      epoch: this.master?.epoch ?? bookkeeping.current.epoch,
      lastIndex: ledger.log.lastIndex,
      persistedIndex: ledger.persister.persistedIndex,
      commitIndex: ledger.log.commitIndex,
      counters,
    };
    if (this.master !== null) return { ...common, ...this.master.status(now) };
    const role = this.removed ? 'removed' : this.secondary === null ? null : 'secondary';
    return { ...common, role, master: this.secondary?.master ?? null };
  }

  /** Up to here the host may compact away what is superseded: it is committed, and no node of the
   * cluster will be sent it. May fall when a member is new. */
  get compactTo(): LogIndex {
    return this.master?.compactTo ?? this.secondary?.compactTo ?? logIndex(0);
  }

  get commitIndex(): LogIndex {
    return this.context.ledger.log.commitIndex;
  }

  /** The nodes known to have the operation at `index`, this one first. */
  holders(index: LogIndex): NodeId[] {
    return this.master?.holders(index) ?? [this.context.self.node];
  }

  private handle(event: Event): void {
    const { bookkeeping, ledger, outbox } = this.context;
    switch (event.type) {
      case 'Start':
        this.arbiter?.start();
        this.joiner?.plan(this.now);
        return;
      case 'Received':
        this.received(event.ticket, event.request);
        return;
      case 'Answered':
        outbox.answered(event.call, event.response, this.now);
        return;
      case 'Unanswered':
        outbox.answered(event.call, { type: 'None', error: event.error }, this.now);
        return;
      case 'Write':
        if (this.serves(event.ticket)) this.master!.write(event, this.now);
        return;
      case 'Confirm':
        this.confirm(event.ticket);
        return;
      case 'Abandoned':
        this.master?.abandoned(event.ticket);
        return;
      case 'Persisted':
        if (ledger.confirmed(event.id)) this.persisted();
        return;
      case 'PersistFailed':
        ledger.persister.failed(event.id, event.error, event.full);
        return;
      case 'Remembered':
        bookkeeping.remembered(event.id);
        return;
      case 'Retire':
        this.retire(event.ticket);
        return;
      case 'Stop':
        this.stopping = true;
        this.master?.end('ShuttingDown');
        return;
      case 'Wake':
        this.wake();
    }
  }

  private wake(): void {
    if (this.joiner?.idle === true && this.now >= this.silentAt()) this.joiner.plan(this.now);
    this.joiner?.wake(this.now);
    this.master?.wake(this.now);
    this.context.ledger.flush(this.now);
  }

  /** When a secondary has been without news of its master for too long. */
  private silentAt(): number {
    if (this.secondary === null || this.removed) return Number.POSITIVE_INFINITY;
    return this.secondary.lastHeard + this.context.options.masterSilenceMs;
  }

  private persisted(): void {
    this.master?.persisted();
    this.secondary?.acknowledge();
  }

  /** Whether this node takes writes; answers the client if not. */
  private serves(ticket: Ticket): boolean {
    if (this.master !== null && !this.stopping) return true;
    const master = this.secondary?.master ?? null;
    let outcome: Outcome = { type: 'NoMaster' };
    if (this.stopping) outcome = { type: 'ShuttingDown' };
    else if (master !== null && master.node !== this.context.self.node) {
      outcome = { type: 'NotMaster', master };
    }
    this.outbox.reply(ticket, outcome);
    return false;
  }

  private confirm(ticket: Ticket): void {
    if (this.master !== null && !this.stopping) {
      this.master.confirm(ticket, this.now);
      return;
    }
    const reason = 'only the master answers linearizable reads';
    this.outbox.reply(ticket, { type: 'NotLinearizable', reason });
  }

  // Roles.

  private joined(answer: JoinedMaster | JoinedSecondary, now: number): void {
    if (this.removed || this.stopping) return;
    if (answer.epoch < this.context.bookkeeping.current.epoch) {
      this.joiner!.plan(now + this.context.options.joinRetryMs);
      return;
    }
    if (answer.type === 'JoinedMaster') {
      this.lead(answer);
      return;
    }
    const { cluster, epoch, master } = answer;
    this.context.bookkeeping.remember({ epoch, ...(cluster === undefined ? {} : { cluster }) });
    this.follow(master);
  }

  /** Becomes master of a new epoch, once that is durable. */
  private lead({ epoch, replicas, size, version, cluster }: JoinedMaster): void {
    if (this.master?.epoch === epoch) return;
    const { bookkeeping, self } = this.context;
    const memory = {
      epoch,
      ...(cluster === undefined ? {} : { cluster }),
    };
    bookkeeping.remember(memory, () => {
      if (bookkeeping.current.epoch !== epoch || this.stopping) return;
      const announced = {
        replicas: replicas ?? [self],
        size: size ?? this.setup.size,
        ...(version === undefined ? {} : { version }),
      };
      if (this.master?.epoch === epoch) {
        // Told twice before it was durable: an epoch has one master, whose sessions begin once.
        this.master.replicas(announced, this.now);
        return;
      }
      this.master?.end('NoMaster');
      this.secondary?.end();
      this.secondary = null;
      const deposed = (by: Epoch): void => {
        this.deposedBy = by;
      };
      this.master = new Master(this.context, epoch, announced, deposed, this.now);
      this.outbox.note({ event: 'role', node: self.node, role: 'master', epoch });
    });
  }

  private follow(master: Peer | null): void {
    if (this.secondary === null) {
      this.secondary = new Secondary(this.context, master, this.now);
      const { epoch } = this.context.bookkeeping.current;
      const { node } = this.context.self;
      this.outbox.note({ event: 'role', node, role: 'secondary', epoch });
    } else if (master !== null) {
      this.secondary.follow(master, this.now);
    }
  }

  /** A higher epoch was seen: another master is, or was, in office. */
  private stepDown(seen: Epoch): void {
    this.deposedBy = null;
    if (this.master === null || seen <= this.master.epoch) return;
    if (this.arbiter !== null) {
      this.arbiter.outdated(seen);
      return;
    }
    this.resign(seen);
    this.joiner!.plan(this.now);
  }

  private resign(seen: Epoch): void {
    this.master?.end('NoMaster');
    this.master = null;
    const { bookkeeping } = this.context;
    if (seen > bookkeeping.current.epoch) bookkeeping.remember({ epoch: seen });
    this.follow(null);
  }

  /** Leaves the cluster, but goes on serving what it has. */
  private retire(ticket: Ticket): void {
    const { node } = this.context.self;
    if (this.joiner === null || this.removed) {
      this.outbox.respond(ticket, { type: 'Left' });
      return;
    }
    this.removed = true;
    this.joiner.leave((left) => {
      this.removed = left;
      // A role that was offered meanwhile was not taken.
      if (!left && this.master === null) this.joiner!.plan(this.now);
      const { epoch } = this.context.bookkeeping.current;
      if (left && this.master !== null) this.resign(epoch);
      if (left) this.outbox.note({ event: 'role', node, role: 'removed', epoch });
      this.outbox.respond(
        ticket,
        left ? { type: 'Left' } : { type: 'Refused', code: 'no-arbiter' },
      );
    });
  }

  // Requests of other nodes.

  private received(ticket: Ticket, request: Request): void {
    if (request.type === 'Join' || request.type === 'Leave') {
      if (this.arbiter !== null) this.arbiter.received(ticket, request, this.now);
      else this.outbox.respond(ticket, { type: 'Refused', code: 'no-arbiter' });
      return;
    }
    const refusal = this.refusal(request);
    if (refusal !== null) {
      this.outbox.respond(ticket, refusal);
      return;
    }
    if (request.type === 'Replicas') {
      this.noteReplicas(ticket, request);
      return;
    }
    if (this.master !== null) this.resign(request.epoch);
    this.follow(null);
    const secondary = this.secondary!;
    if (request.type === 'Snapshot') secondary.snapshot(ticket, request, this.now);
    else if (request.type === 'Heartbeat') secondary.heartbeat(ticket, request, this.now);
    else secondary.fetch(ticket, request);
  }

  /** Why a request is not looked at; null if it is. */
  private refusal(request: Exclude<Request, { type: 'Join' | 'Leave' }>): Refusal | null {
    const { epoch } = this.context.bookkeeping.current;
    if (request.epoch < epoch) return { type: 'Refused', code: 'stale-epoch', epoch };
    if (request.type === 'Replicas') {
      if (this.master !== null) return null;
      const master = this.secondary?.master ?? null;
      return { type: 'Refused', code: 'not-master', master };
    }
    // There is one master per epoch: another one in ours has been replaced without knowing it.
    const rival = this.master !== null && request.epoch === epoch;
    return rival ? { type: 'Refused', code: 'stale-epoch', epoch: epochOf(epoch) } : null;
  }

  private noteReplicas(ticket: Ticket, announced: Replicas): void {
    const master = this.master!;
    this.outbox.respond(ticket, { type: 'ReplicasNoted' });
    if (announced.epoch > master.epoch) this.lead({ ...announced, type: 'JoinedMaster' });
    else master.replicas(announced, this.now);
  }
}
