// Write concern honoured: a success names distinct nodes, the master that answered among them, and
// as many as were asked for: `w`, a majority of the cluster size, or all members.
//
// The size is what masters say in `health`, and where it may just have changed, the smaller one; or
// the number of nodes that are surely members, if those are more. A node surely is one, also for
// `all`, if it acknowledged something to this master before the write was asked for, and has not
// left between the request for that and the answer to this.

import type { Evidence, Invariant } from '../evidence.ts';
import type { NodeRecord, WriteRecord } from '../history/history.ts';
import { majority } from '../majority.ts';
import { type Violation, violation } from '../verdict.ts';

export class WriteConcernHonoured implements Invariant {
  private readonly evidence: Evidence;
  /** Who has acknowledged to the present master, since when that is known, and the record. */
  private readonly acknowledged = new Map<string, { at: number; place: number }>();
  /** When a node last left. */
  private readonly leftAt = new Map<string, number>();
  private master: string | null = null;
  private ledSince = Number.NEGATIVE_INFINITY;

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  node(record: NodeRecord): Violation | null {
    const leaves = record.event === 'leave' || record.role === 'removed';
    if (leaves) {
      this.acknowledged.delete(record.node);
      this.leftAt.set(record.node, record.at);
    }
    if (record.role === 'master') {
      this.acknowledged.clear();
      this.ledSince = record.at;
    }
    return null;
  }

  write(record: WriteRecord): Violation | null {
    const { acks, outcome } = record;
    if (acks === undefined) {
      return outcome === 'ok' ? this.wrong(record, 'names no nodes that have it') : null;
    }
    if (record.node !== this.master) this.acknowledged.clear();
    this.master = record.node;
    const found = this.judge(record, acks);
    // What was asked for before this master may be another one's answer, about its own members.
    if (record.call <= this.ledSince) return found;
    for (const node of acks) {
      if (this.acknowledged.has(node) || this.evidence.cluster.nodes.get(node)?.left) continue;
      if (record.call <= (this.leftAt.get(node) ?? Number.NEGATIVE_INFINITY)) continue;
      this.acknowledged.set(node, { at: record.return!, place: this.evidence.place });
    }
    return found;
  }

  private judge(record: WriteRecord, acks: readonly string[]): Violation | null {
    if (new Set(acks).size !== acks.length) return this.wrong(record, 'names a node twice');
    if (record.outcome !== 'ok') return null;
    const named = `names ${acks.join(', ') || 'nobody'}`;
    if (!acks.includes(record.node)) {
      return this.wrong(record, `${named}, not the master ${record.node} that answered`);
    }
    const { w } = record;
    if (w === 'all') {
      const absent = [...this.acknowledged].find(
        ([node, { at }]) => at < record.call && !acks.includes(node),
      );
      if (absent === undefined) return null;
      const [node, { place }] = absent;
      return this.wrong(record, `${named}, not the member ${node} (record ${place})`, place);
    }
    const needed = this.needed(record, w);
    if (acks.length >= needed) return null;
    return this.wrong(record, `${named}: ${needed} are needed`);
  }

  private needed(record: WriteRecord, w: number | 'majority'): number {
    if (w !== 'majority') return w;
    const { call } = record;
    const size = this.evidence.cluster.smallestSize(call, record.return ?? call) ?? 1;
    const members = [...this.acknowledged.values()].filter(({ at }) => at < call).length;
    return majority(Math.max(size, members));
  }

  private wrong(record: WriteRecord, what: string, ...others: number[]): Violation {
    const { place } = this.evidence;
    const answer = record.outcome === 'ok' ? 'The success of' : 'The answer to';
    const sentence = `${answer} a write with w=${record.w} ${what} (record ${place}).`;
    return violation('write concern', sentence, ...others, place);
  }
}
