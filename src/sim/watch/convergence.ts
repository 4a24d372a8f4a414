// Proves that a cluster has come back when all faults are over: every node follows one master, has
// all of its log, and a write with `w` = all is answered; then shows every log as it ended.

import type { LogRecord } from '../../check/history/history.ts';
import type { Options } from '../../core/options.ts';
import { ANSWERED_WITHIN_MS } from '../../core/patience.ts';
import type { MasterStatus } from '../../core/status.ts';
import { DamagedLog } from '../../persistence/persistence.ts';
import type { Cluster } from '../cluster/cluster.ts';
import {
  type Asked,
  type Page,
  page,
  pageRecord,
  valueAt,
  valueRecord,
} from '../cluster/reading.ts';

/** How often it is looked whether the cluster has come back. */
const LOOK_MS = 100;

/** After it has converged a cluster is watched for so long. */
const QUIET_MS = 300;

/** Time for starting, reading disks, messages and catching up; generous, as nothing is measured. */
const SLACK_MS = 2_000;

/**
 * How long a cluster may take to come back, from the options: what may be pending when the last
 * fault ends, one after the other. A secondary notices that its master is gone (`masterSilenceMs`),
 * its Join is lost under way (its time limit) and sent again; the arbiter's announcement is lost
 * (limit, and the longest pause); a master that has forgotten everything waits for strangers
 * (`masterSilenceMs` + `suspectedAfterMs`), a silent member becomes Unhealthy, a Fetch is lost;
 * and the last copy of a Snapshot has just been sent (the longest gap, with its jitter).
 */
export function convergenceMs(options: Options): number {
  const join = options.masterSilenceMs + ANSWERED_WITHIN_MS.Join + options.joinRetryMs;
  const announce = ANSWERED_WITHIN_MS.Replicas + options.announceRetryMaxMs;
  const strangers = options.masterSilenceMs + options.suspectedAfterMs;
  const fetch = options.unhealthyAfterMs + ANSWERED_WITHIN_MS.Fetch;
  const resend = Math.max(...options.resendGapsMs) * (1 + options.resendJitter);
  return join + announce + strangers + fetch + resend + SLACK_MS;
}

export class Convergence {
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /** The cluster comes back, and every node shows its whole log, for the last time. Where one meets
   * damage by that, it is mended, and all come back once more. */
  async show(until: number, quiet: () => boolean): Promise<void> {
    const { nodes, timeline, watch } = this.cluster;
    let limit = until;
    for (let helps = 2 * nodes.length; helps > 0; helps -= 1) {
      await this.run(limit, quiet);
      await timeline.run(timeline.now + QUIET_MS);
      if (await this.look()) return;
      limit = this.again();
    }
    watch.breach('comes back', 'damage is met again and again');
  }

  /** Lets time pass until the cluster has come back and clients are `quiet`, but not beyond
   * `until`; each time its operator has to do something then, it has as long again. */
  async run(until: number, quiet: () => boolean): Promise<void> {
    const { nodes, supervisor, timeline } = this.cluster;
    let limit = until;
    let helps = nodes.length;
    while (timeline.now < limit) {
      await timeline.run(Math.min(timeline.now + LOOK_MS, limit));
      if (quiet() && this.whole && (await this.proved(limit))) return;
      const late = timeline.now >= limit - LOOK_MS && helps > 0;
      if (late && supervisor.givesUp()) {
        limit = this.again();
        helps -= 1;
      }
    }
    this.cluster.watch.breach('comes back', `not within ${until} ms: ${this.describe()}`);
  }

  /** A cluster whose operator has helped comes back as after the last fault. */
  private again(): number {
    const { options, timeline } = this.cluster;
    const at = timeline.now;
    const until = at + convergenceMs(options);
    this.cluster.record({ type: 'phase', at, phase: 'liveness', until });
    return until;
  }

  /** Every node shows its whole log. Returns whether all could. */
  async look(): Promise<boolean> {
    const { timeline } = this.cluster;
    const pages: LogRecord[] = [];
    for (const { node, host } of this.cluster.nodes) {
      if (node?.engine === null || node === null) continue;
      const { lastIndex } = node.engine.persistence;
      const call = timeline.now;
      let shown = null as Page | null;
      let damaged = false;
      timeline.stir();
      page(node, lastIndex, true).then(
        (found) => {
          shown = found;
        },
        (error: unknown) => {
          if (error instanceof DamagedLog) damaged = true;
          else this.cluster.watch.breach('comes back', String(error));
        },
      );
      await timeline.run(timeline.now + 1_000, () => shown !== null || damaged);
      if (shown === null) continue;
      const asked = this.asked(node.id, host.lifeName, call);
      pages.push({ ...pageRecord(asked, shown), final: true });
    }
    if (!this.whole) return false;
    // They are final only now; what was heard while the others were read stands before them.
    for (const page of pages) this.cluster.record({ ...page, return: timeline.now });
    return true;
  }

  /** Every node shows the values of all keys that clients use. */
  async lookUp(keys: readonly string[]): Promise<void> {
    const { timeline, watch } = this.cluster;
    for (const { node, host } of this.cluster.nodes) {
      if (node?.engine === null || node === null) continue;
      const { lastIndex } = node.engine.persistence;
      const life = host.lifeName;
      const call = timeline.now;
      let waiting = keys.length;
      timeline.stir();
      for (const key of keys) {
        valueAt(node, key, lastIndex).then(
          (shown) => {
            waiting -= 1;
            this.cluster.record(valueRecord(this.asked(node.id, life, call), key, shown));
          },
          (error: unknown) => {
            waiting -= 1;
            watch.breach('comes back', `${node.id}, key ${key}: ${String(error)}`);
          },
        );
      }
      await timeline.run(timeline.now + 1_000, () => waiting === 0);
    }
  }

  private asked(node: string, life: string, call: number): Asked {
    const { now } = this.cluster.timeline;
    return { client: 'judge', node, life, read: 'local', call, return: now };
  }

  /** A write that all members must have is answered. */
  private async proved(until: number): Promise<boolean> {
    const { timeline } = this.cluster;
    const master = this.master?.node;
    if (master === null || master === undefined) return false;
    const call = timeline.now;
    const operations = [{ op: 'append' as const, message: `proof-${Math.round(call)}` }];
    const at = '2026-01-01T00:00:00.000Z';
    let answered = false;
    let stored = false;
    const order = { operations, batch: false, at, w: 'all' as const, timeoutMs: 2_000 };
    const { durable } = master.engine!.persistence;
    master.write(order, (outcome) => {
      answered = true;
      const about = { type: 'write' as const, client: 'judge', node: master.id, operations };
      const asked = { idempotencyKey: null, w: 'all' as const, call, return: timeline.now };
      if (outcome.type !== 'Stored') {
        this.cluster.record({ ...about, ...asked, outcome: 'unknown', code: outcome.type });
        return;
      }
      stored = true;
      const { first, last, acks } = outcome;
      this.cluster.record({ ...about, ...asked, outcome: 'ok', first, last, acks, durable });
    });
    await timeline.run(Math.max(until, timeline.now + 100), () => answered);
    return stored && this.whole;
  }

  private get master() {
    return this.cluster.nodes.find(({ node }) => node?.status?.role === 'master');
  }

  private get whole(): boolean {
    return this.describe() === null;
  }

  /** What is missing; null if nothing is. */
  private describe(): string | null {
    const { nodes } = this.cluster;
    const masters = nodes.filter(({ node }) => node?.status?.role === 'master');
    if (masters.length !== 1) return `${masters.length} masters`;
    const status = masters[0]!.node!.status as MasterStatus;
    if (status.mode !== 'read-write') return `read-only, ${status.reason}`;
    if (status.members.length !== nodes.length) return `${status.members.length} members`;
    for (const member of status.members) {
      if (member.status !== 'Healthy') return `${member.node} is ${member.status}`;
      if (member.ackedIndex !== status.lastIndex) return `${member.node} is behind`;
    }
    const told = nodes.find(({ host, toldLife }) => toldLife === host.life);
    if (told !== undefined) return `${told.id} has met damage`;
    for (const { id, node } of nodes) {
      const own = node?.status;
      if (own?.epoch !== status.epoch) return `${id} is in epoch ${own?.epoch}`;
      if (own.lastIndex !== status.lastIndex) return `${id} has ${own.lastIndex}`;
    }
    return null;
  }
}
