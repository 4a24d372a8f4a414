// A whole cluster in virtual time: every process with its machine, disk and place in the network,
// and what can be done to them. The rule: whatever goes wrong here, it only uses what the processes
// offer to the outside, and everything is in the history.

import type { HistoryRecord, NodeRecord } from '../../check/history/history.ts';
import { DEFAULT_OPTIONS, type Options } from '../../core/options.ts';
import { Chance } from '../chance.ts';
import type { FaultSource } from '../disk/disk-fault.ts';
import type { Plan } from '../plan/plan.ts';
import { Timeline } from '../timeline.ts';
import { Trace } from '../trace.ts';
import { Watch } from '../watch/watch.ts';
import { ArbiterHost } from './arbiter-host.ts';
import { EntryTexts } from './entry-texts.ts';
import { Network } from './network.ts';
import { NodeHost } from './node-host.ts';
import { Roster } from './roster.ts';
import { Site } from './site.ts';
import { openLog, startArbiter, startNode, type WrapPersistence } from './start.ts';
import { Supervisor } from './supervisor.ts';

/** A stop that takes longer than this ends with a kill. */
const STOP_LIMIT_MS = 5_000;

export interface ClusterParts {
  readonly plan: Plan;
  readonly traced: boolean;
  readonly wrap?: WrapPersistence;
}

export class Cluster {
  readonly timeline = new Timeline();
  readonly trace: Trace;
  readonly network: Network;
  readonly watch: Watch;
  readonly sites = new Map<string, Site>();
  readonly history: HistoryRecord[] = [];
  /** How often each kind of fault has struck. */
  readonly hits = new Map<string, number>();
  private readonly texts = new EntryTexts();
  readonly options: Options;
  private readonly plan: Plan;
  readonly supervisor: Supervisor;
  private readonly chance: Chance;
  private readonly wrap: WrapPersistence;
  /** Who belongs to it. */
  readonly roster: Roster;
  private healed = false;

  constructor({ plan, traced, wrap }: ClusterParts) {
    this.plan = plan;
    this.supervisor = new Supervisor(this, plan);
    this.chance = new Chance(plan.seed + 1);
    this.options = { ...DEFAULT_OPTIONS, ...plan.shape.options };
    this.wrap = wrap ?? ((persistence) => persistence);
    this.roster = new Roster(this, plan.shape);
    this.trace = new Trace(this.timeline, traced);
    const chance = new Chance(plan.seed + 2);
    this.network = new Network(this.timeline, chance, this.trace, plan.shape.networkMs);
    const { keys } = plan.shape;
    this.watch = new Watch(this.timeline, this.trace, (record) => this.record(record), keys);
    this.watch.onBroken = (node, error) => this.supervisor.broke(this.site(node.id), error);
    this.watch.onDamage = (node) => this.supervisor.told(this.site(node.id));
    if (plan.shape.arbiter === 'own') this.addArbiter();
    for (const { id, durable } of plan.shape.nodes) this.addNode(id, durable);
  }

  /** Starts every process, the master's first. */
  begin(): void {
    for (const id of this.sites.keys()) this.startAfter(id, id === 'arbiter' ? 0 : 20);
  }

  get nodes(): Site[] {
    return [...this.sites.values()].filter(({ node }) => node !== null);
  }

  site(id: string): Site {
    return this.sites.get(id)!;
  }

  record(record: HistoryRecord): void {
    this.history.push(record);
  }

  hit(kind: string): void {
    this.hits.set(kind, (this.hits.get(kind) ?? 0) + 1);
  }

  // Processes.

  startAfter(id: string, ms: number): void {
    this.timeline.after(ms, () => this.start(id));
  }

  start(id: string): void {
    const site = this.site(id);
    if (site.left && site.host.up) this.crash(id, { power: false, severity: 0 });
    if (!site.down) return;
    if (site.left) this.roster.returns(site);
    site.host.boot(this.chance.next() * 1e6);
    site.startingLife = site.host.life;
    const { halfStarted } = site;
    site.halfStarted = true;
    const { shape } = this.plan;
    const log = openLog(site, shape);
    const opened = { ...log, persistence: this.wrap(log.persistence, site) };
    const { life } = site.host;
    const configuration = {
      shape,
      size: this.roster.configuredSize,
      options: this.options,
      random: this.chance.next,
      after: (ms: number, run: () => void) => {
        const planned = site.host.later(ms, run);
        return () => {
          planned.run = null;
        };
      },
      damaged: () => {
        if (site.host.life === life) this.supervisor.told(site);
      },
      broken: (error: unknown) => {
        if (site.host.life === life) this.supervisor.broke(site, error);
      },
    };
    this.timeline.stir();
    const starting =
      site.node === null
        ? startArbiter(site, opened, configuration)
        : startNode(site, opened, configuration);
    starting.then(
      (found) => {
        if (site.host.life !== life) return;
        if (found.damage !== null) this.supervisor.salvaged(site, found.damage);
        const lacks = (found.memory?.lost ?? null) !== null;
        const damaged = site.repaired || (lacks && (found.damage !== null || halfStarted));
        site.started();
        this.watch.memory.recovered(id, found.memory, damaged);
        if (site.node !== null) this.watch.recovered(id, found.entries, damaged, found.unreadable);
        const sized = site.arbiter === null ? {} : { sized: this.roster.sized };
        const lost = damaged ? { damaged } : {};
        this.happened(site, 'start', { durable: site.disk !== null, ...sized, ...lost });
      },
      (error: unknown) => {
        if (site.host.life === life) this.supervisor.refused(site, error);
      },
    );
  }

  /** The process is gone, with `power` the whole machine for a moment. */
  crash(id: string, { power, severity }: { power: boolean; severity: number }): void {
    const site = this.site(id);
    if (site.down || !this.mayEnd(site)) return;
    this.hit(power ? 'power' : 'kill');
    this.ended(site, 'crash', { power, severity });
  }

  /** The process is told to end; it is started again `downMs` after it has. */
  stop(id: string, downMs: number): void {
    const site = this.site(id);
    if (site.node === null || !site.host.up || site.host.paused || site.ending) return;
    const { life } = site.host;
    this.hit('restart');
    this.trace.draw(`${id} is told to stop`);
    site.endingLife = life;
    const over = (): void => {
      if (site.host.life !== life) return;
      this.ended(site, 'stop', { power: false, severity: 0 });
      this.startAfter(id, this.healed ? 1 : downMs);
    };
    site.node.stop(over);
    this.timeline.after(STOP_LIMIT_MS, over);
  }

  pause(id: string): (() => void) | undefined {
    const site = this.site(id);
    if (!site.host.up || site.host.paused) return undefined;
    this.hit('pause');
    this.happened(site, 'pause');
    site.host.pause();
    const { life } = site.host;
    return () => {
      if (site.host.life !== life || !site.host.paused) return;
      this.happened(site, 'resume');
      site.host.resume();
    };
  }

  delayTimers(id: string, lateness: () => number): () => void {
    const { host } = this.site(id);
    host.lateness = () => {
      this.hit('late-timers');
      return lateness();
    };
    return () => {
      host.lateness = () => 0;
    };
  }

  jumpClock(id: string, ms: number): void {
    const site = this.site(id);
    this.hit('clock-jump');
    site.wallOffsetMs += ms;
  }

  /** Its disk is gone, and an empty one is in its place; the process must be down. `kind`: the
   * fault of which it is the effect. */
  wipe(id: string, kind: string = 'wipe'): void {
    const site = this.site(id);
    if (!site.down || site.disk === null) return;
    this.hit(kind);
    site.wipe();
    this.watch.forgotten(id);
    this.happened(site, 'wipe');
  }

  /** Where nodes do not mend damage themselves, one disk only has bits that turn over: no more than
   * that can be mended. */
  flipBits(id: string, name: string, source: FaultSource): (() => void) | undefined {
    const others = this.nodes.filter((site) => site.id !== id);
    const struck = others.some((site) => site.flipped || site.suffers(name));
    if (struck && !this.plan.shape.salvages) return undefined;
    return this.troubleDisk(id, name, source);
  }

  troubleDisk(id: string, name: string, source: FaultSource): () => void {
    return this.site(id).begin(name, source);
  }

  /** A fault goes on after `ms`, unless all faults are over by then. */
  later(ms: number, act: () => void): void {
    this.timeline.after(ms, () => {
      if (!this.healed) act();
    });
  }

  /** Everything that can be mended is; what hangs, is down or may be damaged is started again, and
   * so is every node that an arbiter may have forgotten: nobody else tells it of them. */
  heal(): void {
    this.healed = true;
    this.network.weather.clear();
    const { forgotten } = this.roster;
    for (const site of this.sites.values()) {
      site.host.lateness = () => 0;
      if (site.hung || site.left || site.flipped || (forgotten && site.node !== null))
        this.crash(site.id, { power: false, severity: 0 });
      // Only now: what a failed write has left of those that have ended is there at their start.
      site.clearTroubles();
      this.start(site.id);
    }
  }

  happened(site: Site, event: NodeRecord['event'], more: Partial<NodeRecord> = {}): void {
    this.trace.draw(`${site.id}: ${event}`);
    const { id: node } = site;
    const at = this.timeline.now;
    this.record({ type: 'node', at, node, life: site.host.lifeName, event, ...more });
  }

  /** Another node, which has not started. */
  addNode(id: string, durable: boolean): void {
    const { timeline, network, watch, options, texts } = this;
    const node = new NodeHost(id, { timeline, options, network, watch, texts });
    network.attach(node);
    this.sites.set(id, this.siteFor({ node }, durable));
  }

  private addArbiter(): void {
    const { timeline, network } = this;
    const arbiter = new ArbiterHost(timeline, network, this.watch.memory, {
      onBroken: (error) => this.supervisor.broke(this.site('arbiter'), error),
      onFailover: () => this.hit('failover'),
    });
    network.attach(arbiter);
    this.sites.set('arbiter', this.siteFor({ arbiter }, this.plan.shape.arbiterDurable));
  }

  private siteFor(machine: { node: NodeHost } | { arbiter: ArbiterHost }, durable: boolean): Site {
    const { timeline, hits } = this;
    const { diskMs } = this.plan.shape;
    const chance = new Chance(this.plan.seed + 3 + this.sites.size);
    return new Site(machine, { durable, timeline, chance, diskMs, hits });
  }

  /** An arbiter without a disk lives in the launcher: when that ends, so does the cluster. */
  private mayEnd(site: Site): boolean {
    return site.arbiter === null || site.disk !== null;
  }

  /** A process is gone; its machine is left as the power and chance have it. */
  ended(
    site: Site,
    event: 'crash' | 'stop',
    { power, severity }: { power: boolean; severity: number },
  ): void {
    if (site.host.up || site.ending) this.happened(site, event);
    if (site.disk === null) this.watch.forgotten(site.id);
    site.crash(power, severity);
  }
}
