// A node in virtual time: the real replica on the real persistence, its effects performed as
// src/node/runtime/runtime.ts performs them. The rule: all decisions are the machine's; here is
// only how.

import type { Effect, Outcome, Write } from '../../core/effects.ts';
import { type LogIndex, type Ticket, ticket as ticketOf } from '../../core/ids.ts';
import { invariant } from '../../core/invariant.ts';
import type { Folds } from '../../core/log/ledger.ts';
import type { Request, Response, ResponseOrder } from '../../core/messages.ts';
import type { Options } from '../../core/options.ts';
import type { Replica } from '../../core/replica.ts';
import type { NodeStatus } from '../../core/status.ts';
import type { Bookkeeper } from '../../persistence/bookkeeping/bookkeeper.ts';
import {
  type Chunk,
  DamagedLog,
  type Persistence,
  StorageFailure,
} from '../../persistence/persistence.ts';
import type { Timeline } from '../timeline.ts';
import type { EntryTexts } from './entry-texts.ts';
import { filledFetched, filledRequest } from './filling.ts';
import { Host } from './host.ts';
import type { Network, Server } from './network.ts';
import type { NodeWatch } from './node-watch.ts';

/** So long a process that is told to end goes on, for its last answers. */
const STOP_MS = 30;

/** What one life of the process runs on. */
export interface Engine {
  readonly replica: Replica;
  readonly persistence: Persistence;
  readonly folds: Folds;
}

export class NodeHost extends Host implements Server {
  engine: Engine | null = null;
  readonly texts: EntryTexts;
  private readonly options: Options;
  private readonly network: Network;
  private readonly watch: NodeWatch;
  private readonly peers = new Map<Ticket, (response: Response) => void>();
  private readonly clients = new Map<Ticket, (outcome: Outcome) => void>();
  /** What was asked of persistence; what is cut off meanwhile is not confirmed. */
  private readonly asked = new Set<{ upTo: LogIndex }>();
  private lastTicket = 0;
  private bookkeeper: Bookkeeper | null = null;

  constructor(
    id: string,
    parts: {
      timeline: Timeline;
      options: Options;
      network: Network;
      watch: NodeWatch;
      texts: EntryTexts;
    },
  ) {
    super(id, parts.timeline);
    this.options = parts.options;
    this.network = parts.network;
    this.watch = parts.watch;
    this.texts = parts.texts;
  }

  /** Begins to serve. */
  serve(engine: Engine): void {
    this.engine = engine;
    this.bookkeeper = this.bookkeeperOf(engine.persistence, this.watch.memory);
    this.run(engine.replica);
  }

  override end(silently: boolean): void {
    this.engine = null;
    this.bookkeeper = null;
    this.asked.clear();
    this.peers.clear();
    this.clients.clear();
    super.end(silently);
  }

  /** Tells everyone who waits that it ends; then, after a moment, lets go of its log. */
  stop(ended: () => void): void {
    this.post({ type: 'Stop' });
    const close = this.inLife(() => {
      const { persistence } = this.engine!;
      const { life } = this;
      this.quit();
      this.timeline.stir();
      const over = (): void => this.within(life, ended);
      persistence.close().then(over, over);
    });
    this.timeline.after(STOP_MS, close);
  }

  get status(): NodeStatus | null {
    return this.engine?.replica.status(this.now()) ?? null;
  }

  /** Reads as for a client. Rejects as Persistence does. */
  async read(from: LogIndex, to: LogIndex): Promise<Chunk> {
    const { life } = this;
    try {
      return await this.engine!.persistence.read(from, to);
    } catch (error) {
      this.within(life, () => this.met(error));
      throw error;
    }
  }

  receive(request: Request, respond: (response: Response) => void): void {
    this.post({ type: 'Received', ticket: this.newTicket(this.peers, respond), request });
  }

  retire(done: (response: Response) => void): void {
    this.post({ type: 'Retire', ticket: this.newTicket(this.peers, done) });
  }

  /** A client's write; returns how the client goes away. */
  write(order: Omit<Write, 'type' | 'ticket'>, done: (outcome: Outcome) => void): () => void {
    const ticket = this.newTicket(this.clients, done);
    this.post(Object.assign({ type: 'Write' as const, ticket }, order));
    return () => this.abandon(ticket);
  }

  confirm(done: (outcome: Outcome) => void): () => void {
    const ticket = this.newTicket(this.clients, (outcome: Outcome) => {
      done(outcome);
      // A reader waits by a promise.
      this.timeline.stir();
    });
    this.post({ type: 'Confirm', ticket });
    return () => this.abandon(ticket);
  }

  private abandon(ticket: Ticket): void {
    if (this.clients.delete(ticket)) this.post({ type: 'Abandoned', ticket });
  }

  private newTicket<Answer>(
    waiting: Map<Ticket, (answer: Answer) => void>,
    done: (answer: Answer) => void,
  ): Ticket {
    this.lastTicket += 1;
    const ticket = ticketOf(this.lastTicket);
    waiting.set(ticket, done);
    return ticket;
  }

  protected broken(error: unknown): void {
    this.watch.broken(this, error);
  }

  protected override turned(): void {
    const replica = this.engine?.replica;
    if (replica !== undefined) this.watch.turned(this, replica.commitIndex);
  }

  protected perform(effect: Effect): void {
    const { persistence } = this.engine!;
    switch (effect.type) {
      case 'Append':
        invariant(effect.entries.length > 0, 'what is to be appended is not nothing');
        persistence.append(effect.entries, effect.holes);
        this.watch.appended(this, effect.entries);
        return;
      case 'Truncate':
        persistence.truncate(effect.after);
        for (const one of this.asked) if (one.upTo > effect.after) one.upTo = effect.after;
        this.watch.truncated(this, effect.after);
        this.timeline.stir();
        return;
      case 'Persist':
        this.persist(effect.id, effect.upTo);
        return;
      case 'Remember':
        this.watch.memory.remembering(this.id, effect.memory);
        this.bookkeeper!.remember(effect.id, effect.memory);
        return;
      case 'Send':
        this.send(effect);
        return;
      case 'Respond':
        this.respond(effect.ticket, effect.response);
        return;
      case 'Reply':
        this.watch.replied(this, effect.outcome);
        this.clients.get(effect.ticket)?.(effect.outcome);
        this.clients.delete(effect.ticket);
        return;
      case 'Note':
        this.watch.noted(this, effect.note);
        return;
      default:
        effect satisfies never;
    }
  }

  private persist(id: number, upTo: LogIndex): void {
    const asked = { upTo };
    this.asked.add(asked);
    this.settled(
      this.engine!.persistence.persist(id, upTo),
      () => {
        this.asked.delete(asked);
        this.watch.persisted(this, asked.upTo);
        this.post({ type: 'Persisted', id });
      },
      ({ message, full }) => this.post({ type: 'PersistFailed', id, error: message, full }),
    );
  }

  /** Hands over what a promise of persistence comes to; anything but a failure of the disk, and
   * damage where that may be, is the end of the process. */
  private settled<Value>(
    promise: Promise<Value>,
    done: (value: Value) => void,
    failed: (failure: StorageFailure) => void,
    damaged: (() => void) | null = null,
  ): void {
    this.timeline.stir();
    const { life } = this;
    promise.then(
      (value) => this.within(life, () => done(value)),
      (error: unknown) =>
        this.within(life, () => {
          if (error instanceof StorageFailure) failed(error);
          else if (error instanceof DamagedLog && damaged !== null) damaged();
          else this.broken(error);
        }),
    );
  }

  private send({ call, to, request }: Extract<Effect, { type: 'Send' }>): void {
    const sentAt = this.timeline.now;
    this.watch.sent(this, to, request);
    const caller = {
      answered: (response: Response) => {
        this.watch.answered(this, to, response, sentAt);
        this.post({ type: 'Answered', call, response });
      },
      unanswered: (error: string) => this.post({ type: 'Unanswered', call, error }),
    };
    const { life } = this;
    const unfilled = (error: unknown): void => {
      this.within(life, () => {
        this.met(error);
        caller.unanswered(String(error));
      });
    };
    invariant(request.type !== 'ReadLog', 'every member here speaks of itself as replog does');
    let filled: Request | Promise<Request>;
    try {
      filled = filledRequest(request, this.engine!.persistence, this.texts);
    } catch (error) {
      // The log was cut back after the Snapshot was ordered.
      unfilled(error);
      return;
    }
    if (!(filled instanceof Promise)) {
      this.network.call(this, to, filled, caller);
      return;
    }
    this.timeline.stir();
    filled.then(
      (ready) => this.within(life, () => this.network.call(this, to, ready, caller)),
      unfilled,
    );
  }

  private respond(ticket: Ticket, response: ResponseOrder): void {
    this.watch.memory.answers(this.id, response);
    const answer = this.peers.get(ticket);
    this.peers.delete(ticket);
    if (answer === undefined) return;
    if (response.type !== 'FetchedOrder') {
      answer(response);
      return;
    }
    const { persistence } = this.engine!;
    const fetched = filledFetched(response, persistence, this.options, this.texts);
    // As in src/node: what cannot be read is no answer; who asked asks again, or another.
    const damaged = (): void => this.watch.damaged(this);
    this.settled(fetched, answer, () => {}, damaged);
  }

  private met(error: unknown): void {
    if (error instanceof DamagedLog) this.watch.damaged(this);
  }
}
