// One run of a small cluster that differs from the undisturbed one by the deviations it is given,
// and from nothing else: the same deviations lead to the same run. Then all faults are over, the
// cluster comes back, and the judges of src/check say what they think of it.

import { judge } from '../../../src/check/judge.ts';
import type { Outcome } from '../../../src/core/effects.ts';
import type { Ticket } from '../../../src/core/ids.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { convergenceMs } from '../../../src/sim/watch/convergence.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { Fate } from '../virtual-network.ts';
import { Chronicle } from './chronicle.ts';
import { Clients } from './clients.ts';
import { Comeback } from './comeback.ts';
import { compact } from './compaction.ts';
import type { Deviation, Point } from './deviation.ts';
import { Mischief } from './mischief.ts';
import { Readers } from './readers.ts';
import { idsOf, type Shape } from './shape.ts';

/** Nodes start one after the other, so that the first one leads. */
const START_GAP_MS = 5;

/** By then every node has joined. */
const WRITES_FROM_MS = 45;

/** The undisturbed run has done everything then, and has sent heartbeats once more. */
const SCRIPT_MS = 560;

/** Past the end of the latest fault, before all is said to be over. */
const AFTER_MS = 300;

/** What one schedule came to. */
export interface Result {
  /** What the judges object to; empty: nothing. */
  readonly findings: readonly string[];
  /** Where something else might have happened, up to the end of the faults. */
  readonly points: readonly Point[];
  readonly acknowledged: number;
  readonly trace: readonly string[];
}

export function disturbedRun(shape: Shape, deviations: readonly Deviation[]): Result {
  return new DisturbedRun(shape, deviations).result();
}

class DisturbedRun {
  private readonly shape: Shape;
  private readonly cluster: VirtualCluster;
  private readonly chronicle: Chronicle;
  private readonly clients: Clients;
  private readonly readers: Readers;
  private readonly mischief: Mischief;
  private readonly ids: readonly string[];
  private readonly deviations: ReadonlyMap<number, Deviation>;
  private readonly points: Point[] = [];
  /** Points are counted until the faults are over. */
  private counts = true;

  constructor(shape: Shape, deviations: readonly Deviation[]) {
    this.shape = shape;
    this.cluster = new VirtualCluster(shape.options);
    this.cluster.network.draws = false;
    this.deviations = new Map(deviations.map((one) => [one.at, one]));
    this.ids = idsOf(shape);
    this.chronicle = new Chronicle(this.cluster);
    this.clients = new Clients(this.cluster, this.chronicle, this.ids, shape.durable);
    this.readers = new Readers(this.cluster, this.chronicle, this.ids);
    const { chronicle, clients, cluster, ids } = this;
    this.mischief = new Mischief({ shape, cluster, chronicle, clients, ids });
    cluster.weather = (from, to, what) => this.fate(from, to, what);
    cluster.onOutcome = (ticket, outcome, host) => this.reply(ticket, outcome, host);
    for (const id of ['arbiter', ...ids]) this.attend(cluster.host(id));
  }

  result(): Result {
    const { chronicle, cluster } = this;
    const findings: string[] = [];
    try {
      this.play();
    } catch (error) {
      const sentence = error instanceof Error ? (error.stack ?? error.message) : String(error);
      findings.push(`the run broke off at ${cluster.now}: ${sentence}`);
    }
    if (findings.length === 0) {
      const { reasons, violations } = judge(chronicle.records);
      findings.push(...violations.map((one) => `${one.judge}: ${one.sentence}`), ...reasons);
    }
    findings.unshift(...chronicle.breaches);
    const isAcknowledged = (one: { type: string; outcome?: string }): boolean =>
      one.type === 'write' && one.outcome === 'ok';
    const acknowledged = chronicle.records.filter(isAcknowledged).length;
    return { findings, points: this.points, acknowledged, trace: cluster.trace };
  }

  private play(): void {
    const { chronicle, cluster, mischief } = this;
    chronicle.record({ type: 'phase', at: 0, phase: 'safety' });
    if (this.shape.arbiter === 'apart') mischief.startArbiter();
    for (const id of this.ids) {
      cluster.plan(cluster.now, () => mischief.start(id));
      cluster.run(START_GAP_MS);
    }
    this.clients.plan(this.shape.script, WRITES_FROM_MS);
    if (this.shape.reads) cluster.plan(WRITES_FROM_MS, () => this.readers.begin());
    cluster.run(SCRIPT_MS - cluster.now);
    // A fault that begins meanwhile ends later.
    while (cluster.now < mischief.endsAt + AFTER_MS) {
      const rest = mischief.endsAt + AFTER_MS - cluster.now;
      cluster.run(rest);
    }
    this.counts = false;
    this.readers.end();
    mischief.heal();
    const until = cluster.now + convergenceMs({ ...DEFAULT_OPTIONS, ...this.shape.options });
    chronicle.record({ type: 'phase', at: chronicle.moment(), phase: 'liveness', until });
    new Comeback({ cluster, chronicle, ids: this.ids, durable: this.shape.durable }).prove(
      until,
      () => this.clients.quiet,
    );
    chronicle.record({ type: 'phase', at: chronicle.moment(), phase: 'end' });
  }

  private attend(host: VirtualHost): void {
    host.around = (event, step) => {
      this.chronicle.stepping(host);
      // Only who looks asks for that: a run is the same without it.
      const counts = event.type !== 'Confirm';
      const deviation = counts ? this.meet(host, 'event', event.type) : null;
      const { life } = host;
      if (deviation !== null) this.mischief.before(host, deviation);
      if (host.life !== life || host.paused) {
        // It stands still: the event waits, as all that follow.
        if (host.life === life) host.give(event);
        return;
      }
      step();
      if (this.shape.compacts) compact(host);
      this.chronicle.stepped(host);
      if (deviation !== null) this.mischief.after(host, deviation);
    };
    let troubles = { kind: 'none' as 'none' | 'error' | 'full' | 'silence', times: 0 };
    let slowMs = 0;
    host.disk.trouble = () => {
      const deviation = this.meet(host, 'persist', 'Persist');
      if (deviation?.kind === 'disk') {
        troubles = { kind: deviation.trouble, times: deviation.times };
        this.mischief.lasts(deviation.times * 150);
      }
      if (deviation?.kind === 'slow disk') {
        slowMs = deviation.ms;
        this.mischief.lasts(slowMs);
      }
      if (troubles.times === 0) return 'none';
      troubles.times -= 1;
      return troubles.kind;
    };
    host.disk.delayMs = () => {
      const ms = 1 + slowMs;
      slowMs = 0;
      return ms;
    };
  }

  private fate(from: string, to: string, what: string): Fate {
    const deviation = this.meet(this.cluster.host(from), 'message', `${what} to ${to}`);
    if (deviation?.kind === 'cut') this.mischief.cut(from, to, deviation);
    if (this.mischief.isCut(from, to) || deviation?.kind === 'lost') return 'lost';
    if (deviation?.kind !== 'late' && deviation?.kind !== 'twice') return 1;
    this.mischief.lasts(deviation.ms);
    return deviation.kind === 'late' ? deviation.ms : [1, deviation.ms];
  }

  private reply(ticket: Ticket, outcome: Outcome, host: VirtualHost): void {
    if (this.readers.answered(ticket, outcome, host)) return;
    this.chronicle.answered(host, outcome);
    this.clients.checks(ticket, outcome, host);
    if (this.meet(host, 'reply', outcome.type)?.kind === 'lost') {
      this.mischief.lasts(2_000);
      return;
    }
    this.cluster.plan(this.cluster.now + 1, () => {
      this.clients.answered(ticket, outcome);
      if (this.shape.reads) this.readers.soon();
    });
  }

  /** The run has come to a point; returns what is to go wrong there. */
  private meet(host: VirtualHost, type: Point['type'], what: string): Deviation | null {
    if (!this.counts) return null;
    const { asked, log, memory } = host;
    const number = this.points.length;
    this.points.push({
      number,
      type,
      at: this.cluster.now,
      host: host.id,
      what,
      unsynced: log.lastIndex - log.persisted,
      unremembered: asked !== memory,
    });
    const deviation = this.deviations.get(number) ?? null;
    if (deviation !== null) this.cluster.draw(`!! ${JSON.stringify(deviation)} at ${what}`);
    return deviation;
  }
}
