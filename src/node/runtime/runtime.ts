// Runs a replica for real: performs its effects on the log, the disk and the network, and hands it
// what comes back. All decisions are the machine's; here is only how.

import type { Effect, Event, Memory, Note, Outcome, Write } from '../../core/effects.ts';
import type { LogIndex, Ticket } from '../../core/ids.ts';
import type { Folds } from '../../core/log/ledger.ts';
import type { Request, Response, ResponseOrder } from '../../core/messages.ts';
import type { Options } from '../../core/options.ts';
import type { Replica } from '../../core/replica.ts';
import type { NodeStatus } from '../../core/status.ts';
import { Bookkeeper } from '../../persistence/bookkeeping/bookkeeper.ts';
import type { LeftBehind } from '../../persistence/damage/left-behind.ts';
import { DamagedLog, type Persistence, StorageFailure } from '../../persistence/persistence.ts';
import type { Departure } from '../http/departure.ts';
import { LogExcerpts } from '../peers/log-excerpts.ts';
import { type Outgoing, transmit, whyUnanswered } from '../peers/outgoing.ts';
import { Trace, traceEffect } from '../story/trace.ts';
import { Callers } from './callers.ts';
import type { Encoded, Engine } from './engine.ts';
import { EventQueue, type QueueClock } from './event-queue.ts';
import { LogProgress } from './log-progress.ts';
import { UnwrittenLog } from './unwritten-log.ts';

export interface RuntimeParts {
  readonly replica: Replica;
  readonly persistence: Persistence;
  readonly folds: Folds;
  readonly outgoing: Outgoing;
  readonly clock: QueueClock;
  readonly options: Options;
  /** Something to tell people. */
  readonly note: (note: Note) => void;
  /** The node cannot go on: an invariant is broken, or its log is damaged. */
  readonly broken: (error: unknown) => void;
  /** See BookkeeperParts. */
  readonly unwritten: (failure: StorageFailure) => void;
  /** The log cannot be written, and that lasts. */
  readonly unwrittenLog: (failure: StorageFailure) => void;
  /** What damage left readable beside the log; absent: nothing. */
  readonly leftBehind?: LeftBehind;
  /** A Persist has taken this long. */
  readonly persistTook: (ms: number) => void;
  /** Takes down what happens to operations; default: one that nobody reads. */
  readonly trace?: Trace;
}

export class Runtime implements Engine {
  readonly persistence: Persistence;
  private readonly parts: RuntimeParts;
  private readonly trace: Trace;
  private readonly queue: EventQueue;
  private readonly bookkeeper: Bookkeeper;
  private readonly callers: Callers;
  private readonly progress = new LogProgress();
  private readonly excerpts: LogExcerpts;
  private readonly unwrittenLog: UnwrittenLog;

  constructor(parts: RuntimeParts) {
    this.parts = parts;
    this.persistence = parts.persistence;
    this.unwrittenLog = new UnwrittenLog(parts.unwrittenLog);
    this.excerpts = new LogExcerpts(parts.persistence, parts.options, parts.leftBehind);
    this.trace = parts.trace ?? new Trace(0);
    const perform = (effect: Effect, event: Event, now: number): void => {
      traceEffect(this.trace, effect, event, now);
      this.perform(effect);
    };
    // Made once: there is a turn for each request.
    const extent = (): NodeStatus => this.status();
    const turned = (): void => this.progress.look(extent);
    this.queue = new EventQueue(parts.replica, perform, turned, parts.broken, parts.clock);
    const { broken, clock, persistence, unwritten } = parts;
    const gone = (ticket: Ticket): void => this.trace.abandon(ticket, clock.now());
    this.callers = new Callers(this.queue, gone, clock.soon.bind(clock));
    const remember = (memory: Memory): Promise<void> => persistence.remember(memory);
    const after = clock.after.bind(clock);
    const remembered = (id: number): void => this.queue.post({ type: 'Remembered', id });
    this.bookkeeper = new Bookkeeper({ remember, after, remembered, unwritten, broken });
  }

  get cuts(): number {
    return this.progress.cuts;
  }

  start(): void {
    this.queue.post({ type: 'Start' });
  }

  /** Every waiting client is told that the node ends; resolves when they have their answers. */
  async stop(): Promise<void> {
    this.queue.post({ type: 'Stop' });
    await new Promise<void>((resolve) => this.parts.clock.soon(() => setImmediate(resolve)));
    await this.callers.told();
  }

  close(): void {
    this.queue.close();
  }

  write(write: Omit<Write, 'type' | 'ticket'>, departure?: Departure): Promise<Outcome> {
    return this.callers.client((ticket) => writeOf(write, ticket), departure);
  }

  confirm(departure?: Departure): Promise<Outcome> {
    return this.callers.client((ticket) => ({ type: 'Confirm', ticket }), departure);
  }

  /** Rejects with DamagedLog or StorageFailure where the answer is in a part of the log that
   * cannot be read. */
  receive(request: Request): Promise<Response | Encoded> {
    return this.callers.peer((ticket) => {
      this.trace.receive(ticket, request, this.parts.clock.now());
      return { type: 'Received', ticket, request };
    });
  }

  /** A fault that was asked for struck this request. */
  struck(request: Request, fault: string, ms: number): void {
    this.trace.strike(request, fault, ms, this.parts.clock.now());
  }

  /** Leaves the cluster for good; resolves with the arbiter's word. */
  retire(): Promise<Response | Encoded> {
    return this.callers.peer((ticket) => ({ type: 'Retire', ticket }));
  }

  status(): NodeStatus {
    return this.parts.replica.status(this.parts.clock.now());
  }

  findKey(idempotencyKey: string): { first: LogIndex; count: number } | undefined {
    return this.parts.folds.deduplication.find(idempotencyKey);
  }

  findValue(key: string, upTo: LogIndex): LogIndex | null {
    return this.parts.folds.store.find(key, upTo);
  }

  listKeys(
    prefix: string,
    after: string | null,
    upTo: LogIndex,
    limit: number,
  ): readonly { key: string; index: LogIndex }[] {
    return this.parts.folds.store.list(prefix, after, upTo, limit);
  }

  get inMemory(): readonly string[] {
    return this.parts.replica.inMemory;
  }

  holders(index: LogIndex): readonly string[] {
    return this.parts.replica.holders(index);
  }

  onProgress(listener: () => void): () => void {
    return this.progress.listen(listener);
  }

  private perform(effect: Effect): void {
    switch (effect.type) {
      case 'Append':
        this.persistence.append(effect.entries, effect.holes);
        return;
      case 'Truncate':
        this.excerpts.forget();
        this.persistence.truncate(effect.after);
        this.progress.cut();
        return;
      case 'Persist':
        this.persist(effect.id, effect.upTo);
        return;
      case 'Remember':
        this.bookkeeper.remember(effect.id, effect.memory);
        return;
      case 'Send':
        this.send(effect);
        return;
      case 'Respond':
        this.respond(effect.ticket, effect.response);
        return;
      case 'Reply':
        this.callers.reply(effect.ticket, effect.outcome);
        return;
      case 'Note':
        this.parts.note(effect.note);
        return;
      default:
        effect satisfies never;
    }
  }

  private persist(id: number, upTo: LogIndex): void {
    const { clock } = this.parts;
    const startedAt = clock.now();
    this.persistence.persist(id, upTo).then(
      () => {
        const now = clock.now();
        this.parts.persistTook(now - startedAt);
        this.unwrittenLog.worked();
        this.trace.persisted(id, upTo, now);
        this.queue.post({ type: 'Persisted', id });
      },
      (error: unknown) => {
        if (!(error instanceof StorageFailure)) {
          this.parts.broken(error);
          return;
        }
        const { message, full } = error;
        const now = clock.now();
        this.unwrittenLog.failed(error, now);
        this.trace.persistFailed(id, upTo, message, now);
        this.queue.post({ type: 'PersistFailed', id, error: message, full });
      },
    );
  }

  private send({ call, to, request }: Extract<Effect, { type: 'Send' }>): void {
    const { clock } = this.parts;
    const snapshot = request.type === 'Snapshot' ? request : null;
    transmit(this.parts.outgoing, this.excerpts, to, request).then(
      (response) => {
        if (snapshot !== null) this.trace.answer(to, snapshot, response, clock.now());
        this.queue.post({ type: 'Answered', call, response });
      },
      (reason: unknown) => {
        const error = whyUnanswered(reason);
        if (snapshot !== null) this.trace.noAnswer(to, snapshot, error, clock.now());
        this.queue.post({ type: 'Unanswered', call, error });
      },
    );
  }

  private respond(ticket: Ticket, response: ResponseOrder): void {
    const call = this.callers.takePeer(ticket);
    if (call === undefined) return;
    if (response.type !== 'FetchedOrder') {
      call.resolve(response);
      return;
    }
    this.excerpts.fetched(response).then(call.resolve, (error: unknown) => {
      if (error instanceof DamagedLog || error instanceof StorageFailure) call.reject(error);
      else this.parts.broken(error);
    });
  }
}

/** One literal, whatever was asked for: the core sees objects of one shape, and no copying. */
function writeOf(write: Omit<Write, 'type' | 'ticket'>, ticket: Ticket): Write {
  return {
    type: 'Write',
    ticket,
    operations: write.operations,
    batch: write.batch,
    at: write.at,
    w: write.w,
    timeoutMs: write.timeoutMs,
    arrivedAt: write.arrivedAt,
    idempotencyKey: write.idempotencyKey,
    ifIndex: write.ifIndex,
  };
}
