// The machine of one node: hands each event to whom it concerns.

import type { Appointer } from './arbiter/role-source.ts';
import { Bookkeeping } from './bookkeeping.ts';
import type { Context } from './context.ts';
import type { Effect, Event, Memory, Outcome } from './effects.ts';
import { type Incarnation, type LogIndex, logIndex, type NodeId, type Ticket } from './ids.ts';
import { type Folds, Ledger, type Recovered } from './log/ledger.ts';
import type { LogMeter } from './log/log.ts';
import type { Peer, Refusal, Request } from './messages.ts';
import { Office } from './office.ts';
import type { Options } from './options.ts';
import { Outbox } from './outbox.ts';
import type { Counters, NodeStatus } from './status.ts';

/** What a node is told at its start. */
export interface Setup extends Appointer {
  readonly self: Peer;
  readonly incarnation: Incarnation;
  /** See Context. */
  readonly bornAtMs?: number;
  /** See Context. */
  readonly durable?: boolean;
  readonly options: Options;
  readonly random: () => number;
  readonly meter: LogMeter;
  readonly recovered: Recovered;
  readonly folds: Folds;
  readonly memory: Memory;
}

/** Invariant: a request with a lower epoch changes nothing. */
export class Replica {
  private readonly outbox = new Outbox();
  private readonly context: Context;
  private readonly office: Office;

  constructor(setup: Setup) {
    const { options, memory, self } = setup;
    const bookkeeping = new Bookkeeping(memory, this.outbox);
    const { recovered, folds, meter } = setup;
    const ledger = new Ledger(recovered, folds, meter, options, this.outbox);
    const counters: Counters = { appended: 0, duplicates: 0, resends: 0, timeouts: 0, refused: {} };
    const { bornAtMs, durable, incarnation, random } = setup;
    const outbox = this.outbox;
    this.context = {
      self,
      incarnation,
      blank: memory.epoch === 0 && recovered.lastIndex === 0,
      ...(bornAtMs === undefined ? {} : { bornAtMs }),
      ...(durable === undefined ? {} : { durable }),
      options,
      random,
      ledger,
      bookkeeping,
      outbox,
      counters,
    };
    this.office = new Office(this.context, setup);
  }

  step(event: Event, now: number): Effect[] {
    this.office.begin(now);
    this.handle(event, now);
    this.office.settle();
    return this.outbox.take();
  }

  /** When it wants to be woken; in the past: as soon as the events at hand are done. */
  deadline(): number {
    return Math.min(this.office.deadline(), this.context.ledger.deadline());
  }

  status(now: number): NodeStatus {
    const { self, ledger, bookkeeping, counters } = this.context;
    const { master, removed, secondary } = this.office;
    const common = {
      node: self.node,
      epoch: master?.epoch ?? bookkeeping.current.epoch,
      lastIndex: ledger.log.lastIndex,
      persistedIndex: ledger.persister.persistedIndex,
      commitIndex: ledger.log.commitIndex,
      commitKnown: ledger.commitKnown,
      counters,
    };
    if (master !== null) return Object.assign(common, master.status(now));
    const role = removed ? 'removed' : secondary === null ? null : 'secondary';
    return Object.assign(common, { role, master: secondary?.master ?? null } as const);
  }

  /** Up to here the host may compact away what is superseded: it is committed, and no node of the
   * cluster will be sent it. May fall when a member is new. */
  get compactTo(): LogIndex {
    const { master, secondary } = this.office;
    return master?.compactTo ?? secondary?.compactTo ?? logIndex(0);
  }

  get commitIndex(): LogIndex {
    return this.context.ledger.log.commitIndex;
  }

  /** The nodes known to have persisted the operation at `index`, this one first; who is no master
   * knows of itself alone. */
  holders(index: LogIndex): NodeId[] {
    const { ledger, self } = this.context;
    const own = index <= ledger.persister.persistedIndex ? [self.node] : [];
    return this.office.master?.holders(index) ?? own;
  }

  /** The members that say that they keep their log in memory, as the master knows them. */
  get inMemory(): readonly NodeId[] {
    return this.office.master?.inMemory ?? [];
  }

  private handle(event: Event, now: number): void {
    const { office } = this;
    const { bookkeeping, ledger, outbox } = this.context;
    switch (event.type) {
      case 'Start':
        office.start();
        return;
      case 'Received':
        this.received(event.ticket, event.request, now);
        return;
      case 'Answered':
        outbox.answered(event.call, event.response, now);
        return;
      case 'Unanswered':
        outbox.answered(event.call, { type: 'None', error: event.error }, now);
        return;
      case 'Write':
        if (this.serves(event.ticket)) office.master!.write(event, now);
        return;
      case 'Confirm':
        this.confirm(event.ticket, now);
        return;
      case 'Abandoned':
        office.master?.abandoned(event.ticket);
        return;
      case 'Persisted':
        if (ledger.confirmed(event.id)) this.persisted(now);
        return;
      case 'PersistFailed':
        ledger.persister.failed(event.id, event.error, event.full);
        return;
      case 'Remembered':
        bookkeeping.remembered(event.id);
        return;
      case 'Retire':
        office.retire(event.ticket);
        return;
      case 'Stop':
        office.stop();
        return;
      case 'Wake':
        office.wake();
        ledger.flush(now);
    }
  }

  private persisted(now: number): void {
    this.office.master?.persisted(now);
    this.office.secondary?.acknowledge();
  }

  /** Whether this node takes writes; answers the client if not. */
  private serves(ticket: Ticket): boolean {
    const { master, secondary, stopping } = this.office;
    if (master !== null && !stopping) return true;
    const other = secondary?.master ?? null;
    let outcome: Outcome = { type: 'NoMaster' };
    if (stopping) outcome = { type: 'ShuttingDown' };
    else if (other !== null && other.node !== this.context.self.node) {
      outcome = { type: 'NotMaster', master: other };
    }
    this.outbox.reply(ticket, outcome);
    return false;
  }

  private confirm(ticket: Ticket, now: number): void {
    const { master, stopping } = this.office;
    if (master !== null && !stopping) {
      master.confirm(ticket, now);
      return;
    }
    const reason = 'only the master answers linearizable reads';
    this.outbox.reply(ticket, { type: 'NotLinearizable', reason });
  }

  // Requests of other nodes.

  private received(ticket: Ticket, request: Request, now: number): void {
    const { outbox, office } = this;
    if (request.type === 'Join' || request.type === 'Leave') {
      if (office.arbiter !== null) office.arbiter.received(ticket, request, now);
      else outbox.respond(ticket, { type: 'Refused', code: 'no-arbiter' });
      return;
    }
    const refusal = this.refusal(request);
    if (refusal !== null) {
      outbox.respond(ticket, refusal);
      return;
    }
    if (request.type === 'Replicas') {
      office.announced(ticket, request);
      return;
    }
    const secondary = office.follower(request.epoch);
    if (request.type === 'Snapshot') secondary.snapshot(ticket, request, now);
    else if (request.type === 'Heartbeat') secondary.heartbeat(ticket, request, now);
    else secondary.fetch(ticket, request);
  }

  /** Why a request is not looked at; null if it is. */
  private refusal(request: Exclude<Request, { type: 'Join' | 'Leave' }>): Refusal | null {
    const { bookkeeping, incarnation, self } = this.context;
    const { epoch } = bookkeeping.current;
    const who = { node: self.node, incarnation };
    if (request.epoch < epoch) {
      const asked = request.type === 'Replicas' ? who : {};
      return { type: 'Refused', code: 'stale-epoch', epoch, ...asked };
    }
    if (request.type === 'Replicas') {
      if (this.office.heeds(request.epoch)) return null;
      const master = this.office.secondary?.master ?? null;
      if (master === null) return { type: 'Refused', code: 'no-master' };
      return { type: 'Refused', code: 'not-master', master };
    }
    // There is one master per epoch: another one in ours has been replaced without knowing it.
    const rival = this.office.master !== null && request.epoch === epoch;
    return rival ? { type: 'Refused', code: 'stale-epoch', epoch, ...who } : null;
  }
}
