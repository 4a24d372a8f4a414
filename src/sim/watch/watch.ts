// What can be seen from inside a run, and is judged at once: the simulator sees what persistence
// has promised, and what it finds again. The judges of src/check see only what clients see.

import type { HealthRecord, HistoryRecord } from '../../check/history/history.ts';
import type { Note, Outcome } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { RequestOrder, Response } from '../../core/messages.ts';
import type { Mutable } from '../../core/mutable.ts';
import type { Entry } from '../../core/operation.ts';
import type { NodeStatus } from '../../core/status.ts';
import type { NodeHost } from '../cluster/node-host.ts';
import type { NodeWatch } from '../cluster/node-watch.ts';
import type { Range } from '../disk/disk-log.ts';
import { drawNote } from '../drawing.ts';
import type { Timeline } from '../timeline.ts';
import type { Trace } from '../trace.ts';
import { CommitWatch } from './commit-watch.ts';
import { CopiesWatch } from './copies-watch.ts';
import { HealthWatch } from './health-watch.ts';
import { LogImage } from './log-image.ts';
import { MemoryWatch } from './memory-watch.ts';

/** A rule was broken, and was seen from inside. */
export interface Breach {
  readonly judge: string;
  readonly sentence: string;
  readonly at: number;
}

/** More say nothing new. */
const BREACHES_MAX = 20;

export class Watch implements NodeWatch {
  readonly breaches: Breach[] = [];
  readonly memory = new MemoryWatch((judge, sentence) => this.breach(judge, sentence));
  readonly commits = new CommitWatch((judge, sentence) => this.breach(judge, sentence));
  private readonly health: HealthWatch;
  private readonly copies: CopiesWatch;
  /** Called when a process cannot go on. */
  onBroken: (node: NodeHost, error: unknown) => void = () => {};
  /** Called when a process has met damage in what it has read. */
  onDamage: (node: NodeHost) => void = () => {};
  /** Nodes join and leave: what the master takes for the cluster's size is recorded each time. */
  sizeChanges = false;
  private size = 0;
  private readonly gone = new Set<string>();
  /** The latest in which somebody has begun to lead. */
  private latestEpoch = 0;
  private readonly images = new Map<string, LogImage>();
  private readonly timeline: Timeline;
  private readonly trace: Trace;
  private readonly record: (record: HistoryRecord) => void;
  /** Of so many idempotency keys the cluster remembers the last ones; null: of all. */
  private readonly keys: number | null;

  constructor(
    timeline: Timeline,
    trace: Trace,
    record: (record: HistoryRecord) => void,
    keys: number | null = null,
  ) {
    this.timeline = timeline;
    this.trace = trace;
    this.record = record;
    this.keys = keys;
    const report = (judge: string, sentence: string): void => this.breach(judge, sentence);
    this.health = new HealthWatch(timeline, report);
    this.copies = new CopiesWatch(timeline, report);
  }

  breach(judge: string, sentence: string): void {
    const at = this.timeline.now;
    this.trace.draw(`!! ${judge}: ${sentence}`);
    if (this.breaches.length < BREACHES_MAX) this.breaches.push({ judge, sentence, at });
  }

  /** A node has read its log: all that was durable must be in it, up to any damage that it owns up
   * to. What is `unreadable` is not missed: its node will. */
  recovered(
    id: string,
    found: readonly Entry[],
    damaged: boolean,
    unreadable: readonly Range[] = [],
  ): void {
    this.commits.restarted(id);
    const wrong = this.image(id).recover(found, damaged, unreadable);
    if (wrong !== null) this.breach('durable on disk', `${id}: ${wrong}`);
  }

  /** A node has lost all that it had. */
  forgotten(id: string): void {
    this.memory.forgotten(id);
    this.commits.loses();
    this.image(id).forget();
  }

  /** Other nodes whose logs hold what this one last had on its disk at an index. */
  holdersOf(id: string, index: number): string[] {
    const epoch = this.image(id).durableEpochAt(index);
    if (epoch === undefined) return [];
    const others = [...this.images].filter(([other]) => other !== id);
    return others.filter(([, image]) => image.epochAt(index) === epoch).map(([other]) => other);
  }

  appended(node: NodeHost, entries: readonly Entry[]): void {
    this.image(node.id).append(entries);
  }

  truncated(node: NodeHost, after: LogIndex): void {
    this.image(node.id).truncate(after);
  }

  persisted(node: NodeHost, upTo: LogIndex): void {
    this.image(node.id).persist(upTo);
  }

  /** Whoever is named in an answer must have had it durably. */
  replied(node: NodeHost, outcome: Outcome): void {
    if (outcome.type !== 'Stored') return;
    const { last, acks } = outcome;
    if (this.sizeChanges) this.noteSize(node);
    const epoch = this.image(node.id).epochAt(last);
    for (const id of acks) {
      if (this.image(id).durableEpochAt(last) === epoch) continue;
      const sentence = `${node.id} names ${id} among ${acks.join(' ')} for ${last}`;
      this.breach('acks are honest', `${sentence}, which never had it on its disk`);
    }
  }

  sent(node: NodeHost, to: string, request: RequestOrder): void {
    this.health.sent(node, to, request);
    this.copies.sent(node, to, request);
  }

  answered(node: NodeHost, to: string, response: Response, sentAt: number): void {
    this.health.answered(node, to, response, sentAt);
    this.copies.answered(node, to, response);
  }

  /** A turn of the node's machine is over. */
  turned(node: NodeHost, commitIndex: LogIndex): void {
    this.health.turned(node);
    const image = this.image(node.id);
    this.commits.committed(node.id, commitIndex, (index) => image.epochAt(index));
  }

  noted(node: NodeHost, note: Note): void {
    const drawn = this.trace.kept ? drawNote(note) : null;
    if (drawn !== null) this.trace.draw(`${node.id}: ${drawn}`);
    if (note.event === 'status') this.health.judged(node, note);
    if (note.event === 'left') this.health.left(node, note.node);
    const at = this.timeline.now;
    const about = { type: 'node' as const, at, life: node.lifeName };
    if (note.event === 'role') {
      const { role, epoch } = note;
      if (role === 'master') {
        this.health.leads(node);
        this.memory.leads(node.id, epoch);
        this.latestEpoch = Math.max(this.latestEpoch, epoch);
      }
      this.record({ ...about, node: node.id, event: 'role', role, epoch });
    } else if (note.event === 'left' && (node.status?.epoch ?? 0) >= this.latestEpoch) {
      // A master that was replaced meanwhile is none of those who decide that.
      // The master may hear of it long after the node is back.
      this.gone.add(note.node);
      this.record({ ...about, node: note.node, event: 'leave' });
    } else if (note.event === 'joined' && this.gone.delete(note.node)) {
      this.record({ ...about, node: note.node, event: 'join' });
    }
  }

  /** The master has another idea of the cluster's size than it was last heard to have. */
  private noteSize(node: NodeHost): void {
    const { status } = node;
    if (status?.role !== 'master' || status.quorum.size === this.size) return;
    this.size = status.quorum.size;
    this.record(healthOf(node.id, status, this.timeline.now));
  }

  broken(node: NodeHost, error: unknown): void {
    this.onBroken(node, error);
  }

  damaged(node: NodeHost): void {
    this.onDamage(node);
  }

  private image(id: string): LogImage {
    let image = this.images.get(id);
    if (image === undefined) {
      image = new LogImage(this.keys ?? undefined);
      this.images.set(id, image);
    }
    return image;
  }
}

/** What a node says of the cluster. */
export function healthOf(node: string, status: NodeStatus, at: number): HealthRecord {
  const { role, epoch, lastIndex, commitIndex } = status;
  const record: Mutable<HealthRecord> = {
    type: 'health',
    at,
    node,
    role,
    epoch,
    mode: null,
    lastIndex,
    commitIndex,
  };
  if (status.role !== 'master') return record;
  const { alive, needed, size } = status.quorum;
  record.mode = status.mode;
  record.alive = alive;
  record.needed = needed;
  record.size = size;
  return record;
}
