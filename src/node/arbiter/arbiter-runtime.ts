// Runs an arbiter that is a process of its own (or lives in the launcher): the same queue and
// transport as a node, but no log.

import type { ArbiterNode } from '../../core/arbiter/arbiter-node.ts';
import type { Effect, Memory } from '../../core/effects.ts';
import { type Ticket, ticket as ticketOf } from '../../core/ids.ts';
import type { Peer, Refusal, Request, Response } from '../../core/messages.ts';
import { DEFAULT_OPTIONS } from '../../core/options.ts';
import { Bookkeeper } from '../../persistence/bookkeeping/bookkeeper.ts';
import type { StorageFailure } from '../../persistence/persistence.ts';
import { STANDBY } from '../api/arbiter-app.ts';
import { type Outgoing, whyUnanswered } from '../peers/outgoing.ts';
import { EventQueue, type QueueClock } from '../runtime/event-queue.ts';

export interface ArbiterParts {
  readonly arbiter: ArbiterNode;
  readonly outgoing: Outgoing;
  readonly clock: QueueClock;
  /** Resolves when the memory is as durable as this arbiter promises. */
  readonly remember: (memory: Memory) => Promise<void>;
  /** See BookkeeperParts. */
  readonly unwritten: (failure: StorageFailure) => void;
  readonly broken: (error: unknown) => void;
  /** So many wait for what cannot be written that others are refused; for the first time since
   * there was room. Default: nobody is told. */
  readonly crowded?: (waiting: number) => void;
}

/** What it says when too many wait already. */
const OVERLOADED: Refusal = { type: 'Refused', code: 'overloaded' };

/** Callers give up and ask again, and what they left behind waits until it can be answered. */
const WAITING_MAX = DEFAULT_OPTIONS.pendingAcksMax;

export class ArbiterRuntime {
  private readonly parts: ArbiterParts;
  private readonly queue: EventQueue;
  private readonly bookkeeper: Bookkeeper;
  private readonly peers = new Map<Ticket, (response: Response) => void>();
  private lastTicket = 0;
  private refuses = false;

  constructor(parts: ArbiterParts) {
    this.parts = parts;
    const perform = (effect: Effect): void => this.perform(effect);
    this.queue = new EventQueue(parts.arbiter, perform, () => {}, parts.broken, parts.clock);
    const remembered = (id: number): void => this.queue.post({ type: 'Remembered', id });
    const { remember, unwritten, broken, clock } = parts;
    const after = clock.after.bind(clock);
    this.bookkeeper = new Bookkeeper({ remember, after, remembered, unwritten, broken });
  }

  get members(): readonly Peer[] {
    return this.parts.arbiter.members;
  }

  get master(): Peer | null {
    return this.parts.arbiter.master;
  }

  /** It can be reached: the master is told what it may have missed. */
  start(): void {
    this.queue.post({ type: 'Start' });
  }

  /** Resolves with `overloaded` at once where WAITING_MAX wait already. */
  receive(request: Request): Promise<Response> {
    const waiting = this.peers.size;
    if (waiting >= WAITING_MAX) {
      if (!this.refuses) this.parts.crowded?.(waiting);
      this.refuses = true;
      return Promise.resolve(OVERLOADED);
    }
    this.refuses = false;
    this.lastTicket += 1;
    const ticket = ticketOf(this.lastTicket);
    return new Promise((resolve) => {
      this.peers.set(ticket, resolve);
      this.queue.post({ type: 'Received', ticket, request });
    });
  }

  /** Changes the configured cluster size; the master hears of it. */
  resize(size: number | null): void {
    for (const effect of this.parts.arbiter.resize(size, this.parts.clock.now())) {
      this.perform(effect);
    }
    this.queue.post({ type: 'Wake' });
  }

  close(): void {
    this.queue.close();
  }

  /** It is not in charge any more: it does nothing further, and who waits is told. */
  dismiss(): void {
    this.close();
    for (const answer of this.peers.values()) answer(STANDBY);
    this.peers.clear();
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'Send':
        this.parts.outgoing.send(effect.to, effect.request, null, null).then(
          (response) => this.queue.post({ type: 'Answered', call: effect.call, response }),
          (reason: unknown) => {
            const error = whyUnanswered(reason);
            this.queue.post({ type: 'Unanswered', call: effect.call, error });
          },
        );
        return;
      case 'Respond':
        if (effect.response.type !== 'FetchedOrder') {
          this.peers.get(effect.ticket)?.(effect.response);
        }
        this.peers.delete(effect.ticket);
        return;
      case 'Remember':
        this.bookkeeper.remember(effect.id, effect.memory);
        return;
      default:
    }
  }
}
