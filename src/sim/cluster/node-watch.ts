// What the nodes of a run tell whoever watches it. The rule: it hears, and changes nothing.

import type { Note, Outcome } from '../../core/effects.ts';
import type { LogIndex } from '../../core/ids.ts';
import type { RequestOrder, Response } from '../../core/messages.ts';
import type { Entry } from '../../core/operation.ts';
import type { MemoryWatch } from '../watch/memory-watch.ts';
import type { NodeHost } from './node-host.ts';

/** What a node reports to whoever watches the run. */
export interface NodeWatch {
  appended(node: NodeHost, entries: readonly Entry[]): void;
  truncated(node: NodeHost, after: LogIndex): void;
  /** Persistence has said that everything up to `upTo` is durable (or in memory). */
  persisted(node: NodeHost, upTo: LogIndex): void;
  replied(node: NodeHost, outcome: Outcome): void;
  noted(node: NodeHost, note: Note): void;
  readonly memory: MemoryWatch;
  /** It sends this to another node. */
  sent(node: NodeHost, to: string, request: RequestOrder): void;
  /** It hears an answer to what it sent at `sentAt`. */
  answered(node: NodeHost, to: string, response: Response, sentAt: number): void;
  /** A turn of its machine is over. */
  turned(node: NodeHost, commitIndex: LogIndex): void;
  /** It has met damage in what it has read, and goes on. */
  damaged(node: NodeHost): void;
  /** The process cannot go on. */
  broken(node: NodeHost, error: unknown): void;
}
