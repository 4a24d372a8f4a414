// One master per epoch: an epoch belongs to one node, and to one life of it; what a node says of
// its epoch never falls within a life. A master that had its arbiter in its own process and lost
// its memory cannot know which epochs there were: it may give the same one again.
// Only the master answers linearizable reads, and acknowledges writes: one that was replaced does
// not.

import type { Evidence, Invariant } from '../evidence.ts';
import type {
  GetRecord,
  HealthRecord,
  LogRecord,
  NodeRecord,
  WriteRecord,
} from '../history/history.ts';
import { type Violation, violation } from '../verdict.ts';

interface Reign {
  readonly node: string;
  /** null: known from `health` only. */
  readonly life: string | null;
  readonly since: number;
  readonly place: number;
}

export class OneMaster implements Invariant {
  private readonly evidence: Evidence;
  private readonly reigns = new Map<number, Reign>();
  private readonly heard = new Map<string, { life: string; epoch: number; place: number }>();

  constructor(evidence: Evidence) {
    this.evidence = evidence;
  }

  node(record: NodeRecord): Violation | null {
    if (record.event !== 'role' || record.role !== 'master') return null;
    if (record.epoch === undefined) return null;
    return this.reign(record.epoch, record.node, record.life, record.at);
  }

  health(record: HealthRecord): Violation | null {
    const { at, epoch, node, role } = record;
    const life = this.evidence.cluster.nodes.get(node)?.life ?? '';
    const before = this.heard.get(node);
    this.heard.set(node, { life, epoch, place: this.evidence.place });
    if (before !== undefined && before.life === life && epoch < before.epoch) {
      return violation(
        'one master per epoch',
        `${node} said epoch ${before.epoch} (record ${before.place}) and then ${epoch} ` +
          `(record ${this.evidence.place}), in one life.`,
        before.place,
        this.evidence.place,
      );
    }
    return role === 'master' ? this.reign(epoch, node, null, at) : null;
  }

  /** The master is always among those who have it. */
  write({ acks, call, node, outcome }: WriteRecord): Violation | null {
    const { cluster } = this.evidence;
    const known = outcome === 'ok' && acks !== undefined && cluster.isOthers(node, call);
    if (!known || acks.includes(cluster.master!)) return null;
    return this.deposed(`${node} acknowledged a write`, call);
  }

  log(record: LogRecord): Violation | null {
    return this.answers(record);
  }

  get(record: GetRecord): Violation | null {
    return this.answers(record);
  }

  private answers({ call, node, read }: LogRecord | GetRecord): Violation | null {
    if (read !== 'linearizable' || !this.evidence.cluster.isOthers(node, call)) return null;
    return this.deposed(`${node} answered a linearizable read`, call);
  }

  private deposed(what: string, call: number): Violation {
    const { cluster, place } = this.evidence;
    const { place: since = 0 } = this.reigns.get(cluster.masterEpoch) ?? {};
    return violation(
      'one master per epoch',
      `${what} asked for at ${call} (record ${place}), when ${cluster.master} was the master ` +
        `(record ${since}).`,
      since,
      place,
    );
  }

  private reign(epoch: number, node: string, life: string | null, at: number): Violation | null {
    const { cluster, place } = this.evidence;
    const known = this.reigns.get(epoch);
    if (known === undefined || (known.life === null && known.node === node)) {
      this.reigns.set(epoch, { node, life, since: at, place });
      return null;
    }
    if (known.node === node && (life === null || known.life === life)) return null;
    const lostAt = cluster.nodes.get(known.node)?.lostAt ?? Number.NEGATIVE_INFINITY;
    const forgot = cluster.forgot || lostAt >= known.since;
    if (forgot) {
      this.reigns.set(epoch, { node, life, since: at, place });
      return null;
    }
    return violation(
      'one master per epoch',
      `Epoch ${epoch} has the master ${known.node}${lifeText(known.life)} (record ` +
        `${known.place}) and the master ${node}${lifeText(life)} (record ${place}).`,
      known.place,
      place,
    );
  }
}

function lifeText(life: string | null): string {
  return life === null ? '' : `, life ${life}`;
}
