// When a Snapshot that was not acknowledged is sent again, judged from inside. The rule (contract,
// section 6): one copy per gap of 100, 100, 200, 400, 800, 1,600, then 2,000 ms, a tenth shorter at
// most; any word of the secondary about its session, or one after an outage, may let a copy go at
// once.

import type { RequestOrder, Response } from '../../core/messages.ts';
import type { NodeHost } from '../cluster/node-host.ts';
import type { Timeline } from '../timeline.ts';
import type { Report } from './memory-watch.ts';

const GAPS_MS = [100, 100, 200, 400, 800, 1_600, 2_000];
const JITTER = 0.1;

/** Silence from here on may have been an outage. */
const OUTAGE_MS = 1_400;

interface Sent {
  copies: number;
  at: number;
}

/** One session of one life of a master. */
interface Link {
  readonly life: string;
  readonly session: number;
  /** By sequence number. */
  readonly sent: Map<number, Sent>;
  heardAt: number;
}

export class CopiesWatch {
  private readonly timeline: Timeline;
  private readonly report: Report;
  private readonly links = new Map<string, Link>();

  constructor(timeline: Timeline, report: Report) {
    this.timeline = timeline;
    this.report = report;
  }

  sent(node: NodeHost, to: string, request: RequestOrder): void {
    if (request.type !== 'Snapshot') return;
    const { now } = this.timeline;
    const link = this.linkOf(node, to, request.session);
    const before = link.sent.get(request.seq);
    if (before === undefined) {
      link.sent.set(request.seq, { copies: 1, at: now });
      return;
    }
    const gap = now - before.at;
    const least = GAPS_MS[Math.min(before.copies, GAPS_MS.length) - 1]! * (1 - JITTER);
    // A timer knows whole milliseconds.
    if (gap < least - 1) {
      const sentence = `${node.id} sends seq ${request.seq} to ${to} again after ${Math.round(gap)}`;
      this.report(
        'copies keep their gaps',
        `${sentence} ms, having sent it ${before.copies} times`,
      );
    }
    before.copies += 1;
    before.at = now;
  }

  answered(node: NodeHost, to: string, response: Response): void {
    const link = this.links.get(`${node.id} ${to}`);
    if (link === undefined || link.life !== node.lifeName) return;
    const { now } = this.timeline;
    const isBack = now - link.heardAt >= OUTAGE_MS;
    link.heardAt = now;
    if (response.type !== 'HeartbeatAck' || isBack) link.sent.clear();
  }

  private linkOf(node: NodeHost, to: string, session: number): Link {
    const name = `${node.id} ${to}`;
    const known = this.links.get(name);
    if (known?.life === node.lifeName && known.session === session) return known;
    const sent = new Map<number, Sent>();
    // When it was heard before this session is not known: its next word may end an outage.
    const link = { life: node.lifeName, session, sent, heardAt: Number.NEGATIVE_INFINITY };
    this.links.set(name, link);
    return link;
  }
}
