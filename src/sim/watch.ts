// What can be seen from inside a run, and is judged at once: the simulator sees what persistence
// has promised, and what it finds again. The judges of src/check see only what clients see.

import type { HealthRecord, HistoryRecord } from '../check/history.ts';
import type { Note, Outcome } from '../core/effects.ts';
import type { LogIndex } from '../core/ids.ts';
import type { Entry } from '../core/operation.ts';
import type { NodeStatus } from '../core/status.ts';
import { CommitWatch } from './commit-watch.ts';
import { drawEntry, drawNote } from './drawing.ts';
import { MemoryWatch } from './memory-watch.ts';
import type { NodeHost, NodeWatch } from './node-host.ts';
import type { Timeline } from './timeline.ts';
import type { Trace } from './trace.ts';

/** A rule was broken, and was seen from inside. */
export interface Breach {
  readonly judge: string;
  readonly sentence: string;
  readonly at: number;
}

/** A node's log as it must be. */
interface Image {
  entries: Entry[];
  /** Up to here persistence has said that it is durable, and it has not been cut off since. */
  confirmed: number;
  /** By index: the epoch of what was ever durable there. */
  readonly ever: number[];
}

/** More say nothing new. */
const BREACHES_MAX = 20;

export class Watch implements NodeWatch {
  readonly breaches: Breach[] = [];
  readonly memory = new MemoryWatch((judge, sentence) => this.breach(judge, sentence));
  readonly commits = new CommitWatch((judge, sentence) => this.breach(judge, sentence));
  /** Called when a process cannot go on. */
  onBroken: (node: NodeHost, error: unknown) => void = () => {};
  /** Nodes join and leave: what the master takes for the cluster's size is recorded each time. */
  sizeChanges = false;
  private size = 0;
  private readonly gone = new Set<string>();
  private readonly images = new Map<string, Image>();
  private readonly timeline: Timeline;
  private readonly trace: Trace;
  private readonly record: (record: HistoryRecord) => void;

  constructor(timeline: Timeline, trace: Trace, record: (record: HistoryRecord) => void) {
    this.timeline = timeline;
    this.trace = trace;
    this.record = record;
  }

  breach(judge: string, sentence: string): void {
    const at = this.timeline.now;
    this.trace.draw(`!! ${judge}: ${sentence}`);
    if (this.breaches.length < BREACHES_MAX) this.breaches.push({ judge, sentence, at });
  }

  /** A node has read its log: all that was durable must be in it. */
  recovered(id: string, found: readonly Entry[]): void {
    this.commits.restarted(id);
    const image = this.image(id);
    for (let i = 0; i < image.confirmed; i += 1) {
      const kept = image.entries[i]!;
      const read = found[i];
      if (read !== undefined && same(kept, read)) continue;
      const instead = read === undefined ? 'nothing' : drawEntry(read);
      const sentence = `${id} had ${drawEntry(kept)} on its disk; its next life found ${instead}`;
      this.breach('durable on disk', sentence);
      break;
    }
    image.entries = [...found];
    image.confirmed = found.length;
    this.remember(image);
  }

  /** A node has lost all that it had. */
  forgotten(id: string): void {
    this.memory.forgotten(id);
    this.commits.loses();
    const image = this.image(id);
    image.entries = [];
    image.confirmed = 0;
  }

  appended(node: NodeHost, entries: readonly Entry[]): void {
    this.image(node.id).entries.push(...entries);
  }

  truncated(node: NodeHost, after: LogIndex): void {
    const image = this.image(node.id);
    image.entries.length = Math.min(image.entries.length, after);
    image.confirmed = Math.min(image.confirmed, after);
  }

  persisted(node: NodeHost, upTo: LogIndex): void {
    const image = this.image(node.id);
    image.confirmed = Math.max(image.confirmed, Math.min(upTo, image.entries.length));
    this.remember(image);
  }

  /** Whoever is named in an answer must have had it durably. */
  replied(node: NodeHost, outcome: Outcome): void {
    if (outcome.type !== 'Stored') return;
    const { last, acks } = outcome;
    if (this.sizeChanges) this.noteSize(node);
    const epoch = this.image(node.id).entries[last - 1]?.epoch;
    for (const id of acks) {
      if (this.image(id).ever[last] === epoch) continue;
      const sentence = `${node.id} names ${id} among ${acks.join(' ')} for ${last}`;
      this.breach('acks are honest', `${sentence}, which never had it on its disk`);
    }
  }

  /** A turn of the node's machine is over. */
  turned(node: NodeHost, commitIndex: LogIndex): void {
    const { entries } = this.image(node.id);
    this.commits.committed(node.id, commitIndex, (index) => entries[index - 1]?.epoch);
  }

  noted(node: NodeHost, note: Note): void {
    const drawn = this.trace.kept ? drawNote(note) : null;
    if (drawn !== null) this.trace.draw(`${node.id}: ${drawn}`);
    const at = this.timeline.now;
    const about = { type: 'node' as const, at, life: node.lifeName };
    if (note.event === 'role') {
      const { role, epoch } = note;
      if (role === 'master') this.memory.leads(node.id, epoch);
      this.record({ ...about, node: node.id, event: 'role', role, epoch });
    } else if (note.event === 'left') {
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

  private remember(image: Image): void {
    const { ever, entries, confirmed } = image;
    for (let i = confirmed; i > 0 && ever[i] !== entries[i - 1]!.epoch; i -= 1) {
      ever[i] = entries[i - 1]!.epoch;
    }
  }

  private image(id: string): Image {
    let image = this.images.get(id);
    if (image === undefined) {
      image = { entries: [], confirmed: 0, ever: [] };
      this.images.set(id, image);
    }
    return image;
  }
}

/** What a node says of the cluster. */
export function healthOf(node: string, status: NodeStatus, at: number): HealthRecord {
  const { role, epoch, lastIndex, commitIndex } = status;
  const about = { type: 'health' as const, at, node, role, epoch, lastIndex, commitIndex };
  if (status.role !== 'master') return { ...about, mode: null };
  return { ...about, mode: status.mode, ...status.quorum };
}

function same(a: Entry, b: Entry): boolean {
  if (a.index !== b.index || a.epoch !== b.epoch || a.op !== b.op) return false;
  if (a.op === 'append') return a.message === (b as typeof a).message;
  if (a.key !== (b as typeof a).key) return false;
  return a.op === 'remove' || a.value === (b as typeof a).value;
}
