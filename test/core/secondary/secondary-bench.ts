// One secondary on a workbench: Snapshots in, answers out, and a disk that the test lets go on.

import {
  type Epoch,
  epoch,
  logIndex,
  nodeId,
  seq,
  session,
  type Ticket,
  ticket as ticketOf,
} from '../../../src/core/ids.ts';
import type { Heartbeat, Response, Snapshot } from '../../../src/core/messages.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { Secondary } from '../../../src/core/secondary/secondary.ts';
import { Bench, type BenchOptions, entries } from '../bench.ts';

const MASTER = { node: nodeId('n1'), url: 'n1' };

export interface SnapshotShape {
  readonly epoch?: number;
  readonly session?: number;
  readonly prev?: { index: number; hash: number };
  readonly reset?: boolean;
  readonly commit?: number;
  readonly opened?: number;
  /** Epoch of the updates; that of the Snapshot if absent. */
  readonly written?: number;
}

interface Beat {
  readonly epoch?: number;
  readonly last?: number;
  readonly commit?: number;
  readonly opened?: number;
  readonly settled?: boolean;
  readonly epochEnd?: readonly [epoch: number, index: number];
  readonly compactTo?: number;
}

export class SecondaryBench {
  readonly bench: Bench;
  readonly secondary: Secondary;
  /** Answers by ticket. */
  readonly answers = new Map<Ticket, Response>();
  now = 0;
  private lastTicket = 0;

  constructor(setup: BenchOptions = {}) {
    this.bench = new Bench({ self: 'n2', ...setup });
    this.secondary = new Secondary(this.bench.context, null, 0);
  }

  /** Delivers a Snapshot whose updates are the entries `from`…`to`, the first of them at `at`. */
  snapshot(at: number, from: number, to: number, shape: SnapshotShape = {}): Ticket {
    return this.deliver(at, entries(from, to, shape.written ?? shape.epoch ?? 1), shape);
  }

  deliver(at: number, updates: readonly Entry[], shape: SnapshotShape = {}): Ticket {
    this.lastTicket += 1;
    const ticket = ticketOf(this.lastTicket);
    const { opened, prev, reset } = shape;
    const message: Snapshot = {
      type: 'Snapshot',
      epoch: epoch(shape.epoch ?? 1),
      session: session(shape.session ?? 1),
      seq: seq(at),
      updates,
      commitIndex: logIndex(shape.commit ?? 0),
      ...(prev === undefined ? {} : { prev: { ...prev, index: logIndex(prev.index) } }),
      ...(reset === undefined ? {} : { reset }),
      ...(opened === undefined ? {} : { opened: logIndex(opened) }),
    };
    this.secondary.snapshot(ticket, message, this.now);
    this.look();
    return ticket;
  }

  heartbeat(shape: Beat): Ticket {
    this.lastTicket += 1;
    const { compactTo, epochEnd } = shape;
    const ticket = ticketOf(this.lastTicket);
    const message: Heartbeat = {
      type: 'Heartbeat',
      epoch: epoch(shape.epoch ?? 1),
      master: MASTER,
      lastIndex: logIndex(shape.last ?? 0),
      commitIndex: logIndex(shape.commit ?? 0),
      ...(shape.settled === undefined ? {} : { settled: shape.settled }),
      ...(shape.opened === undefined ? {} : { opened: logIndex(shape.opened) }),
      ...(epochEnd === undefined
        ? {}
        : { epochEnd: { epoch: epoch(epochEnd[0]), index: logIndex(epochEnd[1]) } }),
      ...(compactTo === undefined ? {} : { compactTo: logIndex(compactTo) }),
    };
    this.secondary.heartbeat(ticket, message, this.now);
    this.look();
    return ticket;
  }

  /** Everything becomes durable: the log, then the bookkeeping, which may wait for it. */
  settle(): void {
    this.persist();
    this.remember();
  }

  remember(): void {
    const asked = this.bench.performed.filter((effect) => effect.type === 'Remember');
    const last = asked.at(-1);
    if (last !== undefined) this.bench.context.bookkeeping.remembered(last.id);
    this.look();
  }

  persist(): void {
    this.bench.persist(this.now);
    this.secondary.acknowledge();
    this.look();
  }

  /** The answer to this ticket on one line; `null` while there is none. */
  drawn(ticket: Ticket): string | null {
    const answer = this.answers.get(ticket);
    if (answer === undefined) return null;
    if (answer.type === 'SnapshotAck') return `ack ${answer.seq}`;
    if (answer.type !== 'Refused') return answer.type;
    return answer.code === 'out-of-order' ? `expects ${answer.expected}` : answer.code;
  }

  /** Everything that an unwanted message must leave as it was. */
  get state(): unknown {
    const { ledger, bookkeeping } = this.bench.context;
    const { lastIndex, commitIndex } = ledger.log;
    const { persistedIndex } = ledger.persister;
    const entriesNow = this.bench.log.entries;
    const session = JSON.stringify(Reflect.get(this.secondary, 'session'));
    const memory = { ...bookkeeping.current };
    return { lastIndex, commitIndex, persistedIndex, entries: [...entriesNow], session, memory };
  }

  get indexes(): number[] {
    return this.bench.log.entries.map(({ index }) => index);
  }

  get acceptedEpoch(): Epoch {
    return this.bench.context.bookkeeping.current.acceptedEpoch;
  }

  private look(): void {
    for (const effect of this.bench.take()) {
      if (effect.type !== 'Respond') continue;
      this.answers.set(effect.ticket, effect.response as Response);
    }
  }
}

/** A secondary that has taken in, and acknowledged, the sequence numbers 0…2 as entries 1…3. */
export function atThree(): SecondaryBench {
  const node = new SecondaryBench();
  node.snapshot(0, 1, 3);
  node.settle();
  return node;
}
