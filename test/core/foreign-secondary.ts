// A secondary that knows the contract and nothing more: none of replog's own fields. What it
// answers to a Snapshot is up to the test.

import type { Effect, Event } from '../../src/core/effects.ts';
import {
  type Epoch,
  epoch,
  incarnation,
  logIndex,
  nodeId,
  seq,
  session,
} from '../../src/core/ids.ts';
import type {
  HeartbeatAck,
  ReadLog,
  Request,
  RequestOrder,
  Response,
  ResponseOrder,
  Snapshot,
} from '../../src/core/messages.ts';
import { type Entry, entryOf } from '../../src/core/operation.ts';
import type { Machine } from './virtual-host.ts';

/** What it does with Snapshots: as the contract says, nothing at all, or refuse each one. */
export type Manner = 'takes' | 'silent' | 'stale-session' | 'stale-epoch' | 'out-of-order';

export class ForeignSecondary implements Machine {
  readonly id: string;
  life = 1;
  manner: Manner = 'takes';
  /** Heartbeats are not answered while this holds. */
  deaf = false;
  lastIndex = 0;
  /** What it says in its heartbeat answers in place of the truth, or beside it. */
  says: Partial<HeartbeatAck> = {};
  /** The newest session that it claims to know, while it refuses all of them. */
  refuses = 0;
  expected = 0;
  /** What it shows to who reads its log: all of it, nothing, or no answer. */
  shows: 'log' | 'nothing' | 'silent' = 'log';
  /** Without what only replog's own nodes tell each other. */
  log: Entry[] = [];
  /** Every request that came. */
  readonly received: Request[] = [];
  private known = { epoch: 0, session: 0 };

  constructor(id: string) {
    this.id = id;
  }

  get snapshots(): Snapshot[] {
    return this.received.filter((request) => request.type === 'Snapshot');
  }

  /** A new process, with an empty memory, or with what it had. */
  restart(memory: 'empty' | 'kept' = 'empty'): void {
    this.life += 1;
    if (memory === 'empty') {
      this.lastIndex = 0;
      this.log = [];
    }
    this.expected = 0;
    this.known = { epoch: 0, session: 0 };
  }

  step(event: Event): Effect[] {
    if (event.type !== 'Received') return [];
    const { ticket, request } = event;
    this.received.push(request);
    const response = this.answer(request);
    if (response === null) return [];
    return [{ type: 'Respond', ticket, response: response as ResponseOrder }];
  }

  deadline(): number {
    return Number.POSITIVE_INFINITY;
  }

  private answer(request: Request): Response | null {
    if ((request as RequestOrder).type === 'ReadLog') return this.read(request as never);
    if (request.type === 'Heartbeat') return this.deaf ? null : this.alive(request.epoch);
    if (request.type !== 'Snapshot' || this.manner === 'silent') return null;
    if (this.manner === 'stale-epoch') {
      return { type: 'Refused', code: 'stale-epoch', epoch: request.epoch };
    }
    if (this.manner === 'stale-session') {
      const newest = Math.max(request.session, this.refuses);
      return { type: 'Refused', code: 'stale-session', session: session(newest) };
    }
    if (this.manner === 'out-of-order') {
      return { type: 'Refused', code: 'out-of-order', expected: request.seq };
    }
    return this.take(request);
  }

  private read({ from }: ReadLog): Response | null {
    if (this.shows === 'silent') return null;
    const all = this.shows === 'log' ? this.log : [];
    const updates = all.filter(({ index }) => index >= from).slice(0, 3);
    return { type: 'Fetched', updates, lastIndex: logIndex(this.lastIndex) };
  }

  private alive(of: Epoch): Response {
    const node = nodeId(this.id);
    const life = incarnation(`${this.id}#${this.life}`);
    const { lastIndex } = this;
    return {
      type: 'HeartbeatAck',
      node,
      incarnation: life,
      epoch: epoch(of),
      lastIndex: logIndex(lastIndex),
      ...this.says,
    };
  }

  private take(snapshot: Snapshot): Response {
    if (snapshot.epoch !== this.known.epoch || snapshot.session !== this.known.session) {
      this.known = { epoch: snapshot.epoch, session: snapshot.session };
      this.expected = 0;
    }
    if (snapshot.seq > this.expected) {
      return { type: 'Refused', code: 'out-of-order', expected: seq(this.expected) };
    }
    const { updates } = snapshot;
    this.expected = Math.max(this.expected, snapshot.seq + updates.length);
    for (const entry of updates) {
      if (entry.index > this.lastIndex) this.log.push(entryOf(entry, entry, {}));
    }
    this.lastIndex = Math.max(this.lastIndex, updates.at(-1)?.index ?? 0);
    return {
      type: 'SnapshotAck',
      session: snapshot.session,
      seq: seq(this.expected - 1),
      lastIndex: logIndex(this.lastIndex),
    };
  }
}
