// Who waits for an answer of this node's machine: clients, and other nodes. Invariants: a ticket is
// given once, and whoever has it is answered once, or has gone. Whoever waits keeps nothing of what
// was asked for: it is in the log, and may be long.

import type { Event, Outcome } from '../../core/effects.ts';
import { type Ticket, ticket as ticketOf } from '../../core/ids.ts';
import type { Response } from '../../core/messages.ts';
import { TicketTable } from '../../core/tables/ticket-table.ts';
import type { Departure } from '../http/departure.ts';
import type { Encoded } from './engine.ts';
import type { EventQueue } from './event-queue.ts';
import { Portions } from './portions.ts';

/** Another node's request that waits for its answer. */
export interface PeerCall {
  readonly resolve: (response: Response | Encoded) => void;
  /** There is no answer that would be true. */
  readonly reject: (error: unknown) => void;
}

export class Callers {
  private readonly queue: EventQueue;
  private readonly gone: (ticket: Ticket) => void;
  private readonly clients = new TicketTable<(outcome: Outcome) => void>();
  private readonly peers = new TicketTable<PeerCall>();
  private readonly replies: Portions;
  private lastTicket = 0;

  /** `gone` hears of each client that has gone before it was answered. */
  constructor(queue: EventQueue, gone: (ticket: Ticket) => void, soon: (run: () => void) => void) {
    this.queue = queue;
    this.replies = new Portions(soon);
    this.gone = gone;
  }

  /** Posts a client's event; resolves with what it came to. When `departure` aborts, the machine
   * is told, and the promise stays open. */
  client(event: (ticket: Ticket) => Event, departure?: Departure): Promise<Outcome> {
    const ticket = this.newTicket();
    const abandon = this.abandoning(ticket);
    return new Promise((resolve) => {
      this.clients.add(ticket, resolve);
      this.queue.post(event(ticket));
      if (departure?.aborted) abandon();
      else departure?.addEventListener('abort', abandon);
    });
  }

  /** Made where the event is out of its reach. */
  private abandoning(ticket: Ticket): () => void {
    return () => {
      if (this.clients.take(ticket) === undefined) return;
      this.gone(ticket);
      this.queue.post({ type: 'Abandoned', ticket });
    };
  }

  /** Posts another node's request; resolves with the answer to send back. */
  peer(event: (ticket: Ticket) => Event): Promise<Response | Encoded> {
    const ticket = this.newTicket();
    return new Promise((resolve, reject) => {
      this.peers.add(ticket, { resolve, reject });
      this.queue.post(event(ticket));
    });
  }

  /** Answers a client, if it still waits: at once, or behind those who are answered first. */
  reply(ticket: Ticket, outcome: Outcome): void {
    const resolve = this.clients.take(ticket);
    if (resolve !== undefined) this.replies.add(() => resolve(outcome));
  }

  /** Resolves when all who were answered have been told. */
  told(): Promise<void> {
    return this.replies.done();
  }

  /** The request that is answered now; undefined: it was before. */
  takePeer(ticket: Ticket): PeerCall | undefined {
    return this.peers.take(ticket);
  }

  private newTicket(): Ticket {
    this.lastTicket += 1;
    return ticketOf(this.lastTicket);
  }
}
