// An arbiter that is a process of its own tells the master who the replicas are, until that has
// heard.

import type { Epoch, NodeId } from '../ids.ts';
import type { ReplicasNoted } from '../messages.ts';
import type { Options } from '../options.ts';
import type { Outbox } from '../outbox.ts';
import type { Announcement } from './arbiter.ts';

/**
 * Invariants:
 * 1. One announcement is under way at a time, always the latest.
 * 2. Who left and came back before the master took note is announced as gone first: the same set
 *    again would change nothing, and a node that joins again begins a new session.
 */
export class Announcer {
  private readonly outbox: Outbox;
  private readonly options: Options;
  private readonly outdated: (epoch: Epoch) => void;
  private readonly taken: (announced: Announcement, answer: ReplicasNoted) => boolean;
  private wanted: Announcement | null = null;
  /** The last one, whether the master has taken note of it or not. */
  private latest: Announcement | null = null;
  /** Who left since the master took note of a set. */
  private readonly gone = new Set<NodeId>();
  private underWay = false;
  private failures = 0;
  private dueAt = Number.POSITIVE_INFINITY;

  /** `outdated`: the master knows a higher epoch than this arbiter. `taken`: it has taken note;
   * returns whether it is to be told again after a while, for what it answers then. */
  constructor(
    outbox: Outbox,
    options: Options,
    outdated: (epoch: Epoch) => void,
    taken: (announced: Announcement, answer: ReplicasNoted) => boolean,
  ) {
    this.outbox = outbox;
    this.options = options;
    this.outdated = outdated;
    this.taken = taken;
  }

  announce(announcement: Announcement, now: number): void {
    for (const { node } of this.latest?.replicas ?? []) {
      if (!includes(announcement, node)) this.gone.add(node);
    }
    // A master that is appointed begins all its sessions anew.
    if (announcement.epoch !== this.latest?.epoch) this.gone.clear();
    this.latest = announcement;
    this.wanted = announcement;
    this.failures = 0;
    this.dueAt = now;
  }

  wake(now: number): void {
    if (this.wanted === null || this.underWay || now < this.dueAt) return;
    const wanted = this.wanted;
    const announced = this.withoutReturned(wanted);
    const { master, ...set } = announced;
    this.underWay = true;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.outbox.send(master.url, { type: 'Replicas', ...set }, (answer, at) => {
      this.underWay = false;
      const noted = answer.type === 'ReplicasNoted';
      const again = noted && this.noted(announced, answer);
      if (this.wanted !== wanted || (noted && announced !== wanted)) this.dueAt = at;
      else if (again) this.dueAt = at + this.options.newcomersMs;
      else if (noted) this.wanted = null;
      else if (answer.type === 'Refused' && answer.code === 'stale-epoch') {
        this.outdated(answer.epoch);
      } else this.dueAt = at + this.pauseMs();
    });
  }

  deadline(): number {
    return this.underWay ? Number.POSITIVE_INFINITY : this.dueAt;
  }

  /** The set before those came back that the master has not heard to be gone. Its version is lower
   * than that of the set with them, and no lower than that of any set sent before. */
  private withoutReturned(wanted: Announcement): Announcement {
    const replicas = wanted.replicas.filter(({ node }) => !this.gone.has(node));
    if (replicas.length === wanted.replicas.length) return wanted;
    return { ...wanted, replicas, version: wanted.version - 1 };
  }

  private noted(announced: Announcement, answer: ReplicasNoted): boolean {
    for (const node of this.gone) if (!includes(announced, node)) this.gone.delete(node);
    return this.taken(announced, answer);
  }

  private pauseMs(): number {
    const { joinRetryMs, announceRetryMaxMs } = this.options;
    this.failures += 1;
    return Math.min(announceRetryMaxMs, joinRetryMs * 2 ** Math.min(this.failures - 1, 10));
  }
}

function includes({ replicas }: Announcement, id: NodeId): boolean {
  return replicas.some(({ node }) => node === id);
}
