// What goes wrong in a run that is explored, and how it ends by itself.

import { BLANK_MEMORY } from '../../../src/core/effects.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';
import type { VirtualHost } from '../virtual-host.ts';
import { VirtualLog } from '../virtual-log.ts';
import type { Chronicle } from './chronicle.ts';
import type { Clients } from './clients.ts';
import { type Deviation, LATE_MS, type Left, SOON_MS } from './deviation.ts';
import type { Shape } from './shape.ts';

interface Parts {
  readonly shape: Shape;
  readonly cluster: VirtualCluster;
  readonly chronicle: Chronicle;
  readonly clients: Clients;
  readonly ids: readonly string[];
}

type Of<Kind extends Deviation['kind']> = Extract<Deviation, { kind: Kind }>;

export class Mischief {
  /** When the latest fault is over. */
  endsAt = 0;
  private readonly parts: Parts;
  private cuts: ((from: string, to: string) => boolean)[] = [];

  constructor(parts: Parts) {
    this.parts = parts;
  }

  lasts(ms: number): void {
    this.endsAt = Math.max(this.endsAt, this.parts.cluster.now + ms);
  }

  startArbiter(): void {
    const { chronicle, cluster, shape } = this.parts;
    const size = shape.sized ? shape.nodes : null;
    chronicle.begins = { durable: true, sized: shape.sized };
    cluster.arbiter({ size, newCluster: 'cluster' });
  }

  start(id: string): void {
    const { chronicle, cluster, shape } = this.parts;
    const host = cluster.host(id);
    host.asked = host.memory;
    chronicle.begins = { durable: true };
    cluster.start(id, { durable: true, size: shape.sized ? shape.nodes : null });
  }

  /** What goes wrong before a machine is given an event. */
  before(host: VirtualHost, deviation: Deviation): void {
    const { cluster, clients } = this.parts;
    switch (deviation.kind) {
      case 'crash':
        if (deviation.moment === 'before') this.crash(host, deviation);
        return;
      case 'wipe':
        this.wipe(host, deviation.forMs);
        return;
      case 'pause':
        this.pause(host, deviation.forMs);
        return;
      case 'arbiter':
        this.crashArbiter(deviation.forMs);
        return;
      case 'repeat':
        // A client is nobody's machine: it does not come in the middle of an event.
        cluster.plan(cluster.now, () => clients.repeat());
        return;
    }
  }

  /** What goes wrong when it has done what the event asks for. */
  after(host: VirtualHost, deviation: Deviation): void {
    if (host.machine === null) return;
    if (deviation.kind === 'crash' && deviation.moment === 'after') this.crash(host, deviation);
    if (deviation.kind === 'stop') this.stop(host);
    if (deviation.kind === 'leave') this.leave(host);
  }

  cut(from: string, to: string, { forMs, what }: Of<'cut'>): void {
    const is = {
      way: (a: string, b: string) => a === from && b === to,
      link: (a: string, b: string) => (a === from && b === to) || (a === to && b === from),
      node: (a: string, b: string) => a === from || b === from,
    }[what];
    this.cuts.push(is);
    this.later(forMs, () => {
      this.cuts = this.cuts.filter((one) => one !== is);
    });
  }

  isCut(from: string, to: string): boolean {
    return this.cuts.some((is) => is(from, to));
  }

  /** Whoever is not there is started: a node that has left joins again. */
  heal(): void {
    const { cluster, ids } = this.parts;
    this.cuts = [];
    for (const id of ids) {
      const host = cluster.host(id);
      const left = host.replica !== null && cluster.status(id).role === 'removed';
      if (left) this.end(host, 'none', false);
      if (host.machine === null) this.start(id);
    }
    if (cluster.host('arbiter').machine === null) this.startArbiter();
  }

  private crash(host: VirtualHost, { forMs, left, remembers }: Of<'crash'>): void {
    this.end(host, left, remembers);
    this.startsAfter(host, forMs);
  }

  private wipe(host: VirtualHost, forMs: number): void {
    const { chronicle } = this.parts;
    this.end(host, 'none', false);
    host.log = new VirtualLog();
    host.memory = BLANK_MEMORY;
    chronicle.happened(host.id, 'wipe');
    this.startsAfter(host, forMs);
  }

  private pause(host: VirtualHost, forMs: number): void {
    const { chronicle, cluster } = this.parts;
    chronicle.happened(host.id, 'pause');
    cluster.pause(host.id);
    const { life } = host;
    this.later(forMs, () => {
      if (host.life !== life || !host.paused) return;
      chronicle.happened(host.id, 'resume');
      cluster.resume(host.id);
    });
  }

  private stop(host: VirtualHost): void {
    const { chronicle, cluster } = this.parts;
    cluster.stop(host.id);
    chronicle.happened(host.id, 'stop');
    this.end(host, 'all', true, false);
    this.startsAfter(host, SOON_MS);
  }

  /** Told to leave, it does so; some time later it is started again, and joins. */
  private leave(host: VirtualHost): void {
    const { chronicle, cluster } = this.parts;
    chronicle.happened(host.id, 'leave', { pending: true });
    const { life } = host;
    cluster.retire(host.id, (response) => {
      if (response.type !== 'Left') chronicle.happened(host.id, 'join');
    });
    this.later(LATE_MS, () => {
      if (host.life === life) this.end(host, 'none', false);
      if (host.machine === null) this.start(host.id);
    });
  }

  private crashArbiter(forMs: number): void {
    const host = this.parts.cluster.host('arbiter');
    if (host.machine !== null) this.end(host, 'none', false);
    this.startsAfter(host, forMs);
  }

  /** The process is gone. `told`: nobody knows of its end yet. */
  private end(host: VirtualHost, left: Left, remembers: boolean, told = true): void {
    const { chronicle, cluster } = this.parts;
    const { log } = host;
    if (told) chronicle.happened(host.id, 'crash');
    const { lastIndex, persisted } = log;
    const half = persisted + Math.ceil((lastIndex - persisted) / 2);
    if (left === 'none') cluster.kill(host.id);
    else cluster.kill(host.id, left === 'all' ? lastIndex : half);
    if (remembers) host.memory = host.asked;
  }

  private startsAfter(host: VirtualHost, ms: number): void {
    this.later(ms, () => {
      if (host.machine !== null) return;
      if (host.id === 'arbiter') this.startArbiter();
      else this.start(host.id);
    });
  }

  private later(ms: number, run: () => void): void {
    const { cluster } = this.parts;
    this.lasts(ms);
    cluster.plan(cluster.now + ms, run);
  }
}
