// One of several arbiters of a cluster: it waits until it is in charge, is the arbiter for as long
// as that lasts, and waits again. Each term is for the cluster what a restart of an arbiter with a
// folder is: the machine begins with what is remembered, and nothing else.

import { randomUUID } from 'node:crypto';
import { ArbiterNode, type ArbiterNodeOptions } from '../../../core/arbiter/arbiter-node.ts';
import { BLANK_MEMORY } from '../../../core/effects.ts';
import type { Peer, Request, Response } from '../../../core/messages.ts';
import { DEFAULT_OPTIONS } from '../../../core/options.ts';
import type { StorageFailure } from '../../../persistence/persistence.ts';
import { type ArbiterView, STANDBY, type Standby } from '../../api/arbiter-app.ts';
import { logCrowded, logUnwritten } from '../../diagnostics/logger.ts';
import { failing } from '../../failing.ts';
import type { Outgoing } from '../../peers/outgoing.ts';
import { type QueueClock, realClock } from '../../runtime/event-queue.ts';
import { ArbiterRuntime } from '../arbiter-runtime.ts';
import type { ArbiterSettings, HostedArbiter, Surroundings } from '../hosted-arbiter.ts';
import { type Certificate, Endpoints } from './endpoints.ts';
import { EtcdGateway } from './gateway.ts';
import { type Credentials, Login } from './login.ts';
import { OtherOptions } from './other-options.ts';
import { Seat } from './seat.ts';
import { type Term, TermOver } from './term.ts';

/** What is said of its turns. */
export type TurnEvent =
  /** It is the arbiter from now on, of the cluster that is remembered. */
  | {
      readonly event: 'in-charge';
      /** null: none was appointed, or it has left. */
      readonly master: string | null;
      readonly members: readonly string[];
    }
  /** It waits. */
  | {
      readonly event: 'standby';
      /** URL of the one in charge; null: it is not known. */
      readonly inCharge: string | null;
      /** Why it is not in charge any more; null: it was not. */
      readonly reason: string | null;
    };

/** Where etcd is, and what belongs to this cluster there. */
export interface EtcdOptions {
  /** Endpoints of its JSON gateway; at least one. */
  readonly endpoints: readonly string[];
  /** What the keys of this cluster begin with. */
  readonly prefix: string;
  /** Who it is there; absent: etcd does not ask. */
  readonly credentials?: Credentials;
  /** What is shown to etcd by those that speak TLS; absent: nothing. */
  readonly certificate?: Certificate;
  readonly onTurn?: (event: TurnEvent) => void;
}

const OTHER_OPTIONS =
  'the arbiter in charge has other options, and these would hold from the next turn of this one: ' +
  'give all arbiters of a cluster the same, or, if these are two clusters, another --etcd-prefix';

/** One of several arbiters, which remember in etcd. */
export function arbiterInTurn(
  { size, failover = false }: Pick<ArbiterSettings, 'failover' | 'size'>,
  { certificate, credentials, endpoints, onTurn = () => {}, prefix }: EtcdOptions,
  { failed, logger, transport }: Surroundings,
): HostedArbiter {
  const ways = new Endpoints(endpoints, certificate);
  const ask = credentials === undefined ? ways.ask : new Login(ways.ask, credentials).ask;
  const settings = { size, newCluster: randomUUID(), failover, prefer: null };
  const seatOf = (name: string): Seat =>
    new Seat({
      etcd: new EtcdGateway(ask),
      places: { seat: `${prefix}seat`, memory: `${prefix}memory` },
      name,
      clock: realClock,
      standby: (inCharge) => onTurn({ event: 'standby', inCharge, reason: null }),
      looked: (seat, memory) => others.look(seat, memory),
      trouble: (error) => logger.warn({ err: error }, 'etcd cannot be asked; it is tried again'),
    });
  const others = new OtherOptions(
    () => ({ size: arbiter.size, failover }),
    (difference) => logger.warn({ difference }, OTHER_OPTIONS),
  );
  const arbiter = new ArbiterInTurn({
    settings,
    outgoing: transport,
    clock: realClock,
    unwritten: logUnwritten(logger),
    crowded: logCrowded(logger),
    begun: ({ master, members }) => {
      const names = members.map(({ node }) => node);
      onTurn({ event: 'in-charge', master: master?.node ?? null, members: names });
    },
    ended: (reason) => onTurn({ event: 'standby', inCharge: null, reason }),
    unheard: (error) => logger.debug({ err: error }, 'the next arbiter waits for the lease to end'),
  });
  return {
    view: arbiter,
    begin: (url) => {
      arbiter.run(seatOf(url)).catch(failed);
    },
    resize: (wanted) => arbiter.resize(wanted),
    resign: () => arbiter.stop(),
    close: async () => {
      await arbiter.stop();
      await transport.close();
      await ways.close();
    },
  };
}

export interface InTurnParts {
  readonly settings: ArbiterNodeOptions;
  readonly outgoing: Outgoing;
  readonly clock: QueueClock;
  /** See BookkeeperParts. */
  readonly unwritten: (failure: StorageFailure) => void;
  /** See ArbiterParts. */
  readonly crowded?: (waiting: number) => void;
  /** It is in charge from now on. */
  readonly begun: (arbiter: ArbiterView) => void;
  /** It is not any more, for this reason, and waits again. */
  readonly ended: (why: string) => void;
  /** The seat could not be given back, and is free only when its lease has ended. */
  readonly unheard: (error: unknown) => void;
}

export class ArbiterInTurn implements ArbiterView {
  private readonly parts: InTurnParts;
  private readonly stopping = new AbortController();
  /** null: another one is in charge, or nobody. */
  private runtime: ArbiterRuntime | null = null;
  private running: Promise<void> = Promise.resolve();
  /** null: it was never told to begin. */
  private seat: Seat | null = null;
  private configured: number | null;

  constructor(parts: InTurnParts) {
    this.parts = parts;
    this.configured = parts.settings.size;
  }

  get members(): readonly Peer[] {
    return this.runtime?.members ?? [];
  }

  get master(): Peer | null {
    return this.runtime?.master ?? null;
  }

  get standby(): Standby | null {
    return this.runtime === null ? { inCharge: this.seat?.holder ?? null } : null;
  }

  /** Configured cluster size. */
  get size(): number | null {
    return this.configured;
  }

  receive(request: Request): Promise<Response> {
    return this.runtime?.receive(request) ?? Promise.resolve(STANDBY);
  }

  /** Changes the configured cluster size, now and for its later turns. */
  resize(size: number | null): void {
    this.configured = size;
    this.runtime?.resize(size);
  }

  /** Takes its turns in the seat until it is stopped. Rejects if it cannot go on. */
  run(seat: Seat): Promise<void> {
    this.seat = seat;
    this.running = this.turns(seat);
    return this.running;
  }

  /** Who waits is refused; the seat is free for the next one. Resolves whatever becomes of that. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running.catch(() => {
      // Whoever has called `run` was told.
    });
  }

  private async turns(seat: Seat): Promise<void> {
    for (;;) {
      const term = await seat.take(this.stopping.signal);
      if (term === null) return;
      await this.serve(term);
    }
  }

  private async serve(term: Term): Promise<void> {
    const { begun, ended, unheard } = this.parts;
    const settings = { ...this.parts.settings, size: this.size, term: randomUUID() };
    const memory = term.memory ?? BLANK_MEMORY;
    const arbiter = new ArbiterNode(DEFAULT_OPTIONS, settings, memory);
    const failure = failing();
    const runtime = this.runtimeOf(arbiter, term, failure.fail);
    this.runtime = runtime;
    runtime.start();
    begun(this);
    const served = new AbortController();
    try {
      const why = await Promise.race([
        term.over,
        this.stopped(served.signal),
        // It only ever rejects.
        failure.promise,
      ]);
      if (typeof why === 'string') ended(why);
    } finally {
      served.abort();
      runtime.dismiss();
      this.runtime = null;
      // Without an answer of etcd the lease ends by itself.
      await term.resign().catch(unheard);
    }
  }

  private runtimeOf(
    arbiter: ArbiterNode,
    term: Term,
    broken: (error: unknown) => void,
  ): ArbiterRuntime {
    const { clock, crowded, outgoing, unwritten } = this.parts;
    return new ArbiterRuntime({
      arbiter,
      outgoing,
      clock,
      remember: (changed) => term.remember(changed),
      unwritten,
      ...(crowded === undefined ? {} : { crowded }),
      // The term says itself why it is over.
      broken: (error) => {
        if (!(error instanceof TermOver)) broken(error);
      },
    });
  }

  /** Resolves when it is told to stop before `until`. */
  private stopped(until: AbortSignal): Promise<null> {
    const { signal } = this.stopping;
    return new Promise((resolve) => {
      if (signal.aborted) resolve(null);
      else signal.addEventListener('abort', () => resolve(null), { once: true, signal: until });
    });
  }
}
