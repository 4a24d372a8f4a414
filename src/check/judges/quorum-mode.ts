// Quorum mode: a master that cannot see a majority of the cluster is read-only, and accepts
// nothing.
//
// 1. `needed` is the majority of `size`; with fewer than `needed` alive, the mode is read-only.
// 2. Between two moments, less than `UNHEALTHY_MS` apart, at which the master was without a
//    quorum, it was so all the time (whoever it heard from would still count as alive): nothing
//    new that was asked for and answered in between is acknowledged.
// 3. When fewer nodes than a majority have been running for `SLACK_MS`, and the master has been
//    running all the time, nothing new is acknowledged, however small `w` is.

import { ARBITER } from '../cluster-facts.ts';
import type { Evidence, Invariant } from '../evidence.ts';
import type { HealthRecord, NodeRecord, WriteRecord } from '../history/history.ts';
import { majority } from '../majority.ts';
import { type Violation, violation } from '../verdict.ts';

/** A member is Unhealthy after 4 s without an answer; a late answer may add as much again. */
const SLACK_MS = 8_000;

/** So long a member that has answered counts as alive. */
const UNHEALTHY_MS = 4_000;

/** A master that said it has no quorum, and a success that it answered since. */
interface Alone {
  readonly at: number;
  readonly epoch: number;
  readonly size: number;
  readonly place: number;
  answered: { readonly call: number; readonly return: number; readonly place: number } | null;
}

export class QuorumMode implements Invariant {
  private readonly evidence: Evidence;
  /** By node: it was without a quorum when it was last heard. */
  private readonly alone = new Map<string, Alone>();
  /** Since when fewer than a majority are running, and the record that says so; null: enough. */
  private lacking: { readonly since: number; readonly place: number } | null = null;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  health(record: HealthRecord): Violation | null {
    const { alive, mode, needed, node, size } = record;
    const { place } = this.evidence;
    if (record.role !== 'master') return null;
    if (size !== undefined && needed !== undefined && needed !== majority(size)) {
      const sentence = `${node} says that ${needed} of ${size} nodes are a quorum (record ${place}).`;
      return violation('quorum mode', sentence, place);
    }
    const before = this.alone.get(node);
    this.alone.delete(node);
    if (alive === undefined || needed === undefined || alive >= needed) return null;
    if (mode !== 'read-write') return this.stillAlone(record, before);
    const sentence = `${node} is read-write with ${alive} alive of ${needed} needed (record ${place}).`;
    return violation('quorum mode', sentence, place);
  }

  /** Rule 2. */
  private stillAlone(record: HealthRecord, before: Alone | undefined): Violation | null {
    const { at, epoch, node, size = 0 } = record;
    const { place } = this.evidence;
    this.alone.set(node, { at, epoch, size, place, answered: null });
    if (before === undefined || before.epoch !== epoch || before.size !== size) return null;
    const { answered } = before;
    if (answered === null || at - before.at >= UNHEALTHY_MS || answered.return > at) return null;
    return violation(
      'quorum mode',
      `A write was acknowledged (record ${answered.place}) while ${node} was without a quorum, ` +
        `from ${before.at} (record ${before.place}) to ${at} (record ${place}).`,
      before.place,
      answered.place,
      place,
    );
  }

  node(record: NodeRecord): Violation | null {
    // Whoever joins is given the benefit of the doubt, and whoever leaves counts no more.
    const changes = ['start', 'join', 'leave', 'role'].includes(record.event);
    if (changes) this.alone.clear();
    const { cluster, place } = this.evidence;
    const size = cluster.smallestSize(record.at, record.at);
    const running = cluster.members.filter(({ paused, up }) => up && !paused).length;
    const enough = size === null || running >= majority(size);
    if (enough) this.lacking = null;
    else this.lacking ??= { since: record.at, place };
    return null;
  }

  write(record: WriteRecord): Violation | null {
    if (record.outcome !== 'ok' || record.duplicate === true) return null;
    const alone = this.alone.get(record.node);
    if (alone !== undefined && record.call > alone.at && record.return !== null) {
      const { call, return: returned } = record;
      alone.answered ??= { call, return: returned, place: this.evidence.place };
    }
    if (this.lacking === null) return null;
    const facts = this.evidence.cluster.nodes.get(record.node);
    if (facts === undefined || facts.node === ARBITER) return null;
    const steady = facts.up && !facts.paused && facts.steadySince <= record.call - SLACK_MS;
    if (!steady || this.lacking.since > record.call - SLACK_MS) return null;
    const { place } = this.evidence;
    return violation(
      'quorum mode',
      `A write asked for at ${record.call} was acknowledged (record ${place}), though fewer nodes ` +
        `than a quorum have been running since ${this.lacking.since} (record ` +
        `${this.lacking.place}).`,
      this.lacking.place,
      place,
    );
  }
}
