// The clients of a run that is explored: each has one request, asks again when it was refused, and
// when it heard nothing and the request has a key.

import type { Outcome } from '../../../src/core/effects.ts';
import type { Ticket } from '../../../src/core/ids.ts';
import { type Heard, heardOf } from '../../../src/sim/cluster/heard.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { Chronicle } from './chronicle.ts';
import type { Ask } from './script.ts';

const TIMEOUT_MS = 800;

/** A client that has heard nothing for this long goes away. */
const PATIENCE_MS = 1_200;

/** Between two attempts, at first and after some. */
const PAUSE_MS = 90;
const LONG_PAUSE_MS = 600;
const SOME = 4;

/** The same question gets the same answer. */
const POINTLESS: ReadonlySet<string | undefined> = new Set([
  'idempotency-key-reused',
  'precondition-failed',
]);

interface Request {
  readonly ask: Ask;
  readonly node: string;
  readonly call: number;
  readonly ticket: Ticket;
}

export class Clients {
  private readonly cluster: VirtualCluster;
  private readonly chronicle: Chronicle;
  private readonly nodes: readonly string[];
  private readonly tries = new Map<Ask, number>();
  private readonly waiting = new Map<Ticket, Request>();
  private readonly outcomes: VirtualCluster['outcomes'];
  private readonly durable: boolean;
  private target: string;
  private open = 0;
  private latest: Ask | null = null;

  constructor(
    cluster: VirtualCluster,
    chronicle: Chronicle,
    nodes: readonly string[],
    durable: boolean,
  ) {
    this.durable = durable;
    this.cluster = cluster;
    this.chronicle = chronicle;
    this.nodes = nodes;
    this.target = nodes[0]!;
    this.outcomes = cluster.outcomes;
  }

  /** Nobody asks for anything any more. */
  get quiet(): boolean {
    return this.open === 0;
  }

  plan(asks: readonly Ask[], from: number): void {
    for (const ask of asks) {
      this.open += 1;
      this.cluster.plan(from + ask.after, () => this.request(ask));
    }
  }

  /** Whoever has asked last and can ask again does so, whether there is an answer or not. */
  repeat(): void {
    if (this.latest?.key == null) return;
    this.open += 1;
    this.request(this.latest);
  }

  /** Not before the next event: the client hears of it over the network. */
  answered(ticket: Ticket, outcome: Outcome): void {
    if (this.waiting.has(ticket)) this.end(ticket, heardOf(outcome, this.durable));
    if (outcome.type === 'NotMaster') this.target = outcome.master.node;
    else if (outcome.type === 'NoMaster') this.elsewhere();
  }

  /** A write under a condition is stored where that holds, and refused where it does not. */
  checks(ticket: Ticket, outcome: Outcome, host: VirtualHost): void {
    const ask = this.waiting.get(ticket)?.ask;
    if (ask?.ifIndex === undefined) return;
    const { ifIndex } = ask;
    const { breaches } = this.chronicle;
    if (outcome.type === 'PreconditionFailed' && outcome.index === ifIndex) {
      breaches.push(`${host.id} refuses what may be written if the key is at ${ifIndex}: it is`);
    }
    if (outcome.type !== 'Stored' || outcome.duplicate) return;
    const before = host.log.entries.filter((entry) => {
      return entry.op !== 'append' && entry.key === 'x' && entry.index < outcome.first;
    });
    const latest = before.at(-1);
    const found = latest === undefined || latest.op === 'remove' ? null : latest.index;
    if (found === ifIndex) return;
    breaches.push(`${host.id} stores at ${outcome.first} what wants ${ifIndex}: it was ${found}`);
  }

  private request(ask: Ask): void {
    const node = this.target;
    const call = this.chronicle.moment();
    if (ask.key !== null) this.latest = ask;
    if (this.cluster.host(node).machine === null) {
      this.record(ask, node, call, { outcome: 'refused', code: 'unreachable' });
      this.elsewhere();
      this.again(ask);
      return;
    }
    const { ifIndex, key, operations, w } = ask;
    const only = ifIndex === undefined ? {} : { ifIndex };
    const batch = operations.length > 1;
    const how = { w, timeoutMs: TIMEOUT_MS, batch, ...only, ...(key === null ? {} : { key }) };
    const ticket = this.cluster.operate(node, operations, how);
    this.waiting.set(ticket, { ask, node, call, ticket });
    const known = this.outcomes.get(ticket);
    if (known !== undefined) this.answered(ticket, known);
    this.cluster.plan(this.cluster.now + PATIENCE_MS, () => this.goesAway(ticket));
  }

  private goesAway(ticket: Ticket): void {
    const request = this.waiting.get(ticket);
    if (request === undefined) return;
    this.cluster.host(request.node).give({ type: 'Abandoned', ticket });
    this.elsewhere();
    this.end(ticket, { outcome: 'unknown', code: 'gone' });
  }

  private end(ticket: Ticket, heard: Heard): void {
    const { ask, call, node } = this.waiting.get(ticket)!;
    this.waiting.delete(ticket);
    this.record(ask, node, call, heard);
    const safe = heard.outcome === 'refused' || (heard.outcome === 'unknown' && ask.key !== null);
    if (safe && !POINTLESS.has(heard.code)) this.again(ask);
    else this.open -= 1;
  }

  private again(ask: Ask): void {
    const tries = (this.tries.get(ask) ?? 0) + 1;
    this.tries.set(ask, tries);
    const pause = tries < SOME ? PAUSE_MS : LONG_PAUSE_MS;
    this.cluster.plan(this.cluster.now + pause, () => this.request(ask));
  }

  private elsewhere(): void {
    const place = this.nodes.indexOf(this.target);
    this.target = this.nodes[(place + 1) % this.nodes.length]!;
  }

  private record(ask: Ask, node: string, call: number, heard: Heard): void {
    const { client, key: idempotencyKey, operations, w } = ask;
    const gone = heard.code === 'gone';
    const about = { type: 'write' as const, client, node, operations, idempotencyKey, w, call };
    this.chronicle.record({
      ...about,
      return: gone ? null : this.chronicle.moment(),
      ...heard,
    });
  }
}
