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

/** Long enough for a master to be content with those whom it has heard. */
const DAMAGED_GAP_MS = 400;

/** When the first process began, on the wall clock. */
const BORN_AT_MS = 1_700_000_000_000;

type Of<Kind extends Deviation['kind']> = Extract<Deviation, { kind: Kind }>;

export class Mischief {
  /** When the latest fault is over. */
  endsAt = 0;
  private readonly damaged = new Set<string>();
  private arbiter = { forgetful: false, life: 0, wiped: false };
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
    const { forgetful, life, wiped } = this.arbiter;
    const newCluster = wiped ? `cluster ${life}` : 'cluster';
    chronicle.begins = { durable: true, sized: shape.sized };
    const { failover } = shape;
    cluster.arbiter({ size, newCluster, failover, forgetful });
  }

  start(id: string): void {
    const { chronicle, cluster, shape } = this.parts;
    const host = cluster.host(id);
    host.asked = host.memory;
    const { durable } = shape;
    const size = shape.sized ? shape.nodes : null;
    const damaged = this.damaged.delete(id) ? { damaged: true } : {};
    if (shape.arbiter === 'apart') {
      chronicle.begins = { durable, ...damaged };
      cluster.start(id, { durable, size });
      return;
    }
    const [first] = this.parts.ids;
    const bornAtMs = BORN_AT_MS + cluster.now;
    if (id === first) {
      chronicle.begins = { durable, sized: shape.sized, ...damaged };
      cluster.start(id, {
        arbiter: null,
        bornAtMs,
        durable,
        size,
        ...(durable ? { newCluster: `cluster ${host.life}` } : {}),
      });
    } else {
      chronicle.begins = { durable, ...damaged };
      cluster.start(id, { arbiter: first!, bornAtMs, durable });
    }
  }

  /** What goes wrong before a machine is given an event. */
  before(host: VirtualHost, deviation: Deviation): void {
    const { cluster, clients } = this.parts;
    switch (deviation.kind) {
      case 'forget':
        this.forget(host, deviation);
        return;
      case 'damage':
        this.damage(host, deviation);
        return;
      case 'together':
        this.together(deviation);
        return;
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
    if (deviation.kind === 'depart') this.depart(host, deviation.gapMs);
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
    if (this.parts.shape.arbiter === 'embedded') return;
    if (cluster.host('arbiter').machine === null) this.startArbiter();
  }

  private crash(host: VirtualHost, { forMs, left, remembers }: Of<'crash'>): void {
    this.end(host, left, remembers);
    this.startsAfter(host, forMs);
  }

  private wipe(host: VirtualHost, forMs: number): void {
    const { chronicle, shape } = this.parts;
    if (shape.arbiter === 'embedded' && !this.othersRemember(host)) return;
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

  private forget(host: VirtualHost, { forgetful, forMs }: Of<'forget'>): void {
    const { chronicle, cluster } = this.parts;
    if (!this.othersRemember()) return;
    const arbiter = cluster.host('arbiter');
    if (arbiter.machine !== null) this.end(arbiter, 'none', false);
    arbiter.memory = BLANK_MEMORY;
    chronicle.happened('arbiter', 'wipe');
    this.arbiter = { forgetful, life: arbiter.life, wiped: true };
    this.startsAfter(arbiter, SOON_MS);
    // Whoever starts next may lead.
    this.end(host, 'none', false);
    this.startsAfter(host, forMs);
  }

  /** All but the one that is lost remember which cluster this is: where some are new, and the
   * arbiter as well, they would found another one beside it. */
  private othersRemember(lost: VirtualHost | null = null): boolean {
    const { cluster, ids } = this.parts;
    const others = ids.map((id) => cluster.host(id)).filter((host) => host !== lost);
    return others.every(({ memory }) => memory.cluster !== null);
  }

  /** What others have on their disks, so that it can be mended. */
  private damage(host: VirtualHost, { forMs, from, open, others, readable }: Of<'damage'>): void {
    const { cluster, ids } = this.parts;
    this.end(host, 'none', false);
    this.startsAfter(host, forMs);
    host.log.crash();
    const { log } = host;
    const missing = ids.some((id) => (cluster.host(id).memory.lost ?? null) !== null);
    const reaches = ids
      .filter((id) => id !== host.id)
      .map((id) => cluster.host(id).log)
      .map((other) => {
        const reach = Math.min(log.persisted, other.persisted);
        return other.hashAt(reach) === log.hashAt(reach) ? reach : 0;
      });
    const reach = Math.max(...reaches);
    if (missing || reach < 1 || host.memory.epoch === 0) return;
    const after = { start: 0, middle: Math.floor(reach / 2), end: reach - 1 }[from];
    if (readable === 'rest' && after + 2 <= reach + 1) host.damage(after, after + 2, open);
    else host.damage(after, reach + 1, open);
    this.damaged.add(host.id);
    if (others === 'stay') return;
    for (const [i, id] of ids.filter((one) => one !== host.id).entries()) {
      const other = cluster.host(id);
      if (other.machine !== null) this.end(other, 'none', false);
      this.startsAfter(other, SOON_MS + i * DAMAGED_GAP_MS);
    }
  }

  private together({ gapMs, left, order }: Of<'together'>): void {
    const { cluster } = this.parts;
    for (const id of order) {
      const host = cluster.host(id);
      if (host.machine !== null) this.end(host, left, false);
    }
    for (const [i, id] of order.entries()) {
      this.startsAfter(cluster.host(id), SOON_MS + i * gapMs);
    }
  }

  /** Leaves, and so does whoever is master then. */
  private depart(host: VirtualHost, gapMs: number): void {
    const { cluster, ids } = this.parts;
    this.leave(host);
    this.later(gapMs, () => {
      const master = ids
        .map((id) => cluster.host(id))
        .filter(({ id, replica }) => replica !== null && cluster.status(id).role === 'master')
        .at(-1);
      if (master !== undefined && master !== host) this.leave(master);
    });
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
    if (this.parts.shape.durable || host.id === 'arbiter') return;
    host.log = new VirtualLog();
    host.memory = BLANK_MEMORY;
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
