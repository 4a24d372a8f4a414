// What a master says of its members' health, judged from inside by what they have answered it. The
// rules (contract, section 5): silence of 1.5 s makes a member Suspected and 4 s Unhealthy, the
// first answer Healthy; so does taking nothing for 4 s make it Suspected; and while the master
// itself stood still, nobody was silent.

import type { Note } from '../../core/effects.ts';
import type { RequestOrder, Response } from '../../core/messages.ts';
import type { MemberReport } from '../../core/status.ts';
import type { NodeHost } from '../cluster/node-host.ts';
import type { Timeline } from '../timeline.ts';
import type { Report } from './memory-watch.ts';
import { StoodUp } from './stood-up.ts';

const SUSPECTED_MS = 1_500;
const UNHEALTHY_MS = 4_000;
const STALLED_MS = 4_000;

/** After a stop a master judges nobody for a round of heartbeats; and a turn may be late. */
const SLACK_MS = 700;

/** Each node's members are looked at so often, in milliseconds. */
const LOOK_MS = 200;

/** What a member has said to one master. Moments are of that master's time; see StoodUp. */
interface Heard {
  /** Anything at all. */
  anything: number | null;
  /** What surely counts: an answer to a later heartbeat than before. */
  surely: number | null;
  /** The first of those after a silence that is news. */
  backAt: number | null;
  beatSentAt: number;
  refusedAt: number;
  session: number | null;
  /** The highest sequence number that a Snapshot began with, and that was acknowledged. */
  sent: number;
  acked: number;
  /** Since when nothing was acknowledged of what is under way; null: nothing is. */
  stuckSince: number | null;
  /** When more was acknowledged last. */
  progressAt: number | null;
}

interface Reign {
  readonly life: string;
  readonly time: StoodUp;
  lookedAt: number;
  readonly members: Map<string, Heard>;
  /** Who has left, and is no member again. */
  readonly gone: Set<string>;
}

export class HealthWatch {
  private readonly timeline: Timeline;
  private readonly report: Report;
  private readonly reigns = new Map<string, Reign>();

  constructor(timeline: Timeline, report: Report) {
    this.timeline = timeline;
    this.report = report;
  }

  /** A node has become master. */
  leads(node: NodeHost): void {
    const { now } = this.timeline;
    const time = new StoodUp(now);
    const life = node.lifeName;
    const reign = { life, time, lookedAt: now, members: new Map(), gone: new Set<string>() };
    this.reigns.set(node.id, reign);
  }

  /** A node is a member no more. */
  left(node: NodeHost, member: string): void {
    const reign = this.reignOf(node);
    reign?.members.delete(member);
    reign?.gone.add(member);
  }

  sent(node: NodeHost, to: string, request: RequestOrder): void {
    const reign = this.reignOf(node);
    if (reign === null || request.type !== 'Snapshot') return;
    const now = reign.time.least;
    const heard = heardOf(reign, to);
    if (heard.session !== request.session) {
      Object.assign(heard, { session: request.session, sent: -1, acked: -1, stuckSince: now });
    }
    // An empty one is answered with what came before it.
    if (request.to >= request.from) heard.sent = Math.max(heard.sent, request.seq);
    heard.stuckSince ??= now;
  }

  /** A member has answered what was sent to it at `sentAt`. */
  answered(node: NodeHost, to: string, response: Response, sentAt: number): void {
    const reign = this.reignOf(node);
    // What comes late from one that has left is not heard.
    if (reign === null || reign.gone.has(to)) return;
    const heard = heardOf(reign, to);
    const { least, most } = reign.time;
    // After an outage what was not acknowledged counts from now.
    const { NEGATIVE_INFINITY: never } = Number;
    const isOutage =
      most - (heard.surely ?? never) >= SUSPECTED_MS ||
      least - (heard.anything ?? never) >= SUSPECTED_MS;
    if (heard.stuckSince !== null && isOutage) heard.stuckSince = least;
    heard.anything = least;
    if (response.type === 'Refused') heard.refusedAt = this.timeline.now;
    else if (response.type === 'HeartbeatAck') {
      const isLater = sentAt > heard.beatSentAt && sentAt >= heard.refusedAt;
      if (!isLater || response.node !== to) return;
      heard.beatSentAt = sentAt;
      noteAnswer(heard, most);
    } else if (response.type === 'SnapshotAck' && response.session === heard.session) {
      // The session may be over: only its master knows whether this is heard.
      if (response.seq > heard.acked) heard.progressAt = most;
      heard.acked = Math.max(heard.acked, response.seq);
      heard.stuckSince = heard.acked >= heard.sent ? null : least;
    }
  }

  /** A master gives a member another status. */
  judged(node: NodeHost, { from, node: member, to }: Extract<Note, { event: 'status' }>): void {
    const reign = this.reignOf(node);
    if (reign === null || member === node.id || to === 'Healthy') return;
    const { most } = reign.time;
    const heard = heardOf(reign, member);
    const silentMs = most - (heard.surely ?? 0);
    const stuckMs = most - (heard.progressAt ?? 0);
    const isStuck = to === 'Suspected' && stuckMs >= STALLED_MS - 1;
    if (isStuck || silentMs >= (to === 'Suspected' ? SUSPECTED_MS : UNHEALTHY_MS) - 1) return;
    const when = `${Math.round(silentMs)} ms after its last answer`;
    this.say(`${node.id} calls ${member} ${to} (was ${from}) ${when}`);
  }

  /** A turn of the node's machine is over. */
  turned(node: NodeHost): void {
    const reign = this.reignOf(node);
    const { now } = this.timeline;
    if (reign === null || now < reign.lookedAt + LOOK_MS) return;
    reign.lookedAt = now;
    const { status } = node;
    if (status?.role !== 'master') return;
    for (const member of status.members) {
      if (member.node !== node.id) this.look(node, member, reign);
    }
  }

  private look(node: NodeHost, { node: member, status }: MemberReport, reign: Reign): void {
    reign.gone.delete(member);
    const heard = heardOf(reign, member);
    const { least, most } = reign.time;
    // Who has just come is given the benefit of the doubt.
    heard.anything ??= least;
    const silentMs = least - heard.anything;
    const stuckMs = least - (heard.stuckSince ?? least);
    const backMs = most - (heard.backAt ?? most);
    const isBack = backMs > SLACK_MS && most - heard.surely! < SUSPECTED_MS;
    const told = `${node.id} calls ${member} ${status}`;
    const ms = (time: number): string => `${Math.round(time)} ms`;
    const isSilent = silentMs > SUSPECTED_MS + SLACK_MS && status === 'Healthy';
    const isGone = silentMs > UNHEALTHY_MS + SLACK_MS && status !== 'Unhealthy';
    if (isSilent || isGone) {
      this.say(`${told}, which has been silent for ${ms(silentMs)}`);
    } else if (status === 'Healthy' && stuckMs > STALLED_MS + SLACK_MS) {
      this.say(`${told}, which has acknowledged nothing for ${ms(stuckMs)}`);
    } else if (status === 'Unhealthy' && isBack) {
      this.say(`${told}, which has answered again for ${ms(backMs)}`);
    }
  }

  private say(sentence: string): void {
    this.report('health is honest', sentence);
  }

  /** null: this life of the node leads nobody, as far as it has said. */
  private reignOf(node: NodeHost): Reign | null {
    const reign = this.reigns.get(node.id);
    if (reign === undefined || reign.life !== node.lifeName) return null;
    const stoodStill = reign.time.pass(this.timeline.now);
    if (stoodStill) for (const heard of reign.members.values()) excuse(heard, reign.time.least);
    return reign;
  }
}

function noteAnswer(heard: Heard, now: number): void {
  if (heard.surely === null || now - heard.surely >= SUSPECTED_MS) heard.backAt = now;
  heard.surely = now;
}

function excuse(heard: Heard, now: number): void {
  if (heard.stuckSince !== null) heard.stuckSince = now;
}

function heardOf({ members }: Reign, member: string): Heard {
  let heard = members.get(member);
  if (heard === undefined) {
    heard = {
      anything: null,
      surely: null,
      backAt: null,
      beatSentAt: Number.NEGATIVE_INFINITY,
      refusedAt: Number.NEGATIVE_INFINITY,
      session: null,
      sent: -1,
      acked: -1,
      stuckSince: null,
      progressAt: null,
    };
    members.set(member, heard);
  }
  return heard;
}
