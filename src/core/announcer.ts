// An arbiter that is a process of its own tells the master who the replicas are, until that has
// heard.

import type { Announcement } from './arbiter.ts';
import type { Epoch } from './ids.ts';
import type { Options } from './options.ts';
import type { Outbox } from './outbox.ts';

/** Invariant: one announcement is under way at a time, always the latest. */
export class Announcer {
  private readonly outbox: Outbox;
  private readonly options: Options;
  private readonly outdated: (epoch: Epoch) => void;
  private wanted: Announcement | null = null;
  private underWay = false;
  private failures = 0;
  private dueAt = Number.POSITIVE_INFINITY;

  /** `outdated`: the master knows a higher epoch than this arbiter. */
  constructor(outbox: Outbox, options: Options, outdated: (epoch: Epoch) => void) {
    this.outbox = outbox;
    this.options = options;
    this.outdated = outdated;
  }

  announce(announcement: Announcement, now: number): void {
    this.wanted = announcement;
    this.failures = 0;
    this.dueAt = now;
  }

  wake(now: number): void {
    if (this.wanted === null || this.underWay || now < this.dueAt) return;
    const { master, epoch, replicas, size, version } = this.wanted;
    const announced = this.wanted;
    this.underWay = true;
    this.dueAt = Number.POSITIVE_INFINITY;
    const request = { type: 'Replicas' as const, epoch, replicas, size, version };
    this.outbox.send(master.url, request, (answer, at) => {
      this.underWay = false;
      if (this.wanted !== announced) this.dueAt = at;
      else if (answer.type === 'ReplicasNoted') this.wanted = null;
      else if (answer.type === 'Refused' && answer.code === 'stale-epoch') {
        this.outdated(answer.epoch);
      } else this.dueAt = at + this.pauseMs();
    });
  }

  deadline(): number {
    return this.underWay ? Number.POSITIVE_INFINITY : this.dueAt;
  }

  private pauseMs(): number {
    const { joinRetryMs, announceRetryMaxMs } = this.options;
    this.failures += 1;
    return Math.min(announceRetryMaxMs, joinRetryMs * 2 ** Math.min(this.failures - 1, 10));
  }
}
