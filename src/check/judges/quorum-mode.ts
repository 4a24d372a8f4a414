// Quorum mode: a master that cannot see a majority of the cluster is read-only, and accepts nothing.
//
// 1. `needed` is the majority of `size`; with fewer than `needed` alive, the mode is read-only.
// 2. When fewer nodes than a majority have been running for `SLACK_MS`, and the master has been
//    running all the time, nothing new is acknowledged, however small `w` is.

import { ARBITER } from '../cluster-facts.ts';
import type { Evidence, Invariant } from '../evidence.ts';
import type { HealthRecord, NodeRecord, WriteRecord } from '../history.ts';
import { majority } from '../majority.ts';
import { type Violation, violation } from '../verdict.ts';

/** A member is Unhealthy after 4 s without an answer; a late answer may add as much again. */
const SLACK_MS = 8_000;

export class QuorumMode implements Invariant {
  private readonly evidence: Evidence;
  /** Since when fewer than a majority are running, and the record that says so. */
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
    if (alive === undefined || needed === undefined || alive >= needed) return null;
    if (mode !== 'read-write') return null;
    const sentence = `${node} is read-write with ${alive} alive of ${needed} needed (record ${place}).`;
    return violation('quorum mode', sentence, place);
  }

  node(record: NodeRecord): Violation | null {
    const { cluster, place } = this.evidence;
    const size = cluster.smallestSize(record.at, record.at);
    const running = cluster.members.filter(({ paused, up }) => up && !paused).length;
    const enough = size === null || running >= majority(size);
    if (enough) this.lacking = null;
    else this.lacking ??= { since: record.at, place };
    return null;
  }

  write(record: WriteRecord): Violation | null {
    if (record.outcome !== 'ok' || record.duplicate === true || this.lacking === null) return null;
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
