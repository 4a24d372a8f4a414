// A small cluster of core machines in virtual time: messages take 1 ms, a Persist takes 1 ms, and
// the test decides what is lost, late or doubled. It draws every message, so that a scenario can be
// read.

import { ArbiterNode } from '../../src/core/arbiter/arbiter-node.ts';
import {
  BLANK_MEMORY,
  type Effect,
  type Note,
  type Outcome,
  type WriteConcern,
} from '../../src/core/effects.ts';
import {
  incarnation,
  type LogIndex,
  logIndex,
  nodeId,
  type Ticket,
  ticket as ticketOf,
} from '../../src/core/ids.ts';
import { Folds } from '../../src/core/log/ledger.ts';
import type { Request, Response } from '../../src/core/messages.ts';
import type { Operation } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS, type Options } from '../../src/core/options.ts';
import { Replica } from '../../src/core/replica.ts';
import type { NodeStatus } from '../../src/core/status.ts';
import { drawEntry, drawNote, drawOutcome, drawWrite } from '../../src/sim/drawing.ts';
import { type Machine, VirtualHost } from './virtual-host.ts';
import { VirtualLog } from './virtual-log.ts';
import { VirtualNetwork, type Weather } from './virtual-network.ts';
import { VirtualTime } from './virtual-time.ts';

export interface StartOptions {
  /** Where its arbiter is; null: it is its own; default: the host `arbiter`. */
  readonly arbiter?: string | null;
  /** Where one of several is, instead. */
  readonly arbiters?: readonly string[];
  readonly size?: number | null;
  /** It has lost its disk. */
  readonly wipe?: boolean;
  readonly wants?: 'master' | 'secondary';
  /** See Context. */
  readonly bornAtMs?: number;
  /** See Context. */
  readonly durable?: boolean;
  /** What it would call a new cluster; default: nothing. */
  readonly newCluster?: string;
  /** Its id, where that is not the name of its host. */
  readonly node?: string;
}

export interface WriteOptions {
  readonly w?: WriteConcern;
  readonly timeoutMs?: number;
  readonly arrivedAt?: number;
  readonly key?: string;
  readonly ifIndex?: number | null;
  readonly batch?: boolean;
}

export class VirtualCluster {
  /** One line per thing that happened. */
  readonly trace: string[] = [];
  random: () => number = () => 0.5;
  readonly hosts = new Map<string, VirtualHost>();
  readonly outcomes = new Map<Ticket, Outcome>();
  onNote: (host: VirtualHost, note: Note) => void = () => {};
  onOutcome: (ticket: Ticket, outcome: Outcome, host: VirtualHost) => void = () => {};
  private lastTicket = 0;
  readonly network: VirtualNetwork;
  private readonly time = new VirtualTime();
  private readonly options: Options;

  constructor(options: Partial<Options> = {}) {
    this.options = { ...DEFAULT_OPTIONS, ...options };
    const draw = (line: string): void => this.draw(line);
    this.network = new VirtualNetwork(this.time, this.options, this.hosts, draw);
  }

  set weather(weather: Weather) {
    this.network.weather = weather;
  }

  get now(): number {
    return this.time.now;
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    this.time.run(ms);
  }

  plan(at: number, run: () => void): void {
    this.time.plan(at, run);
  }

  host(id: string): VirtualHost {
    let host = this.hosts.get(id);
    if (host === undefined) {
      host = new VirtualHost(id, this.options, this.time, (at, effect) => this.perform(at, effect));
      this.hosts.set(id, host);
    }
    return host;
  }

  /** Starts, or restarts, an arbiter of its own; it keeps what it remembers unless it is wiped. */
  arbiter(
    how: Pick<StartOptions, 'size' | 'wipe' | 'newCluster'> & {
      readonly forgetful?: boolean;
      readonly failover?: boolean;
    } = {},
  ): void {
    const host = this.host('arbiter');
    if (how.wipe === true) host.memory = BLANK_MEMORY;
    host.end();
    const { failover = false, forgetful = false, newCluster = null, size = null } = how;
    const settings = { size, newCluster, failover, forgetful, prefer: null };
    host.run(new ArbiterNode(this.options, settings, host.memory));
    this.draw('arbiter starts');
  }

  /** Starts, or restarts, a node; it keeps its log and memory unless they are wiped. */
  start(id: string, how: StartOptions = {}): VirtualHost {
    const host = this.host(id);
    host.end();
    if (how.wipe === true) {
      host.log = new VirtualLog();
      host.memory = BLANK_MEMORY;
    }
    host.log.crash();
    host.folds = new Folds(this.options);
    for (const entry of host.log.entries) host.folds.observe(entry);
    const replica = new Replica({
      self: { node: nodeId(how.node ?? id), url: id },
      incarnation: incarnation(`${id}#${host.life}`),
      bornAtMs: how.bornAtMs ?? 0,
      ...(how.durable === undefined ? {} : { durable: how.durable }),
      arbiters: how.arbiter === null ? null : (how.arbiters ?? [how.arbiter ?? 'arbiter']),
      wants: how.wants ?? null,
      size: how.size ?? null,
      newCluster: how.newCluster ?? null,
      options: this.options,
      random: () => this.random(),
      meter: host.log,
      recovered: { lastIndex: host.log.lastIndex, epochs: host.log.epochs() },
      folds: host.folds,
      memory: host.memory,
    });
    this.draw(`${id} starts${how.wipe === true ? ' with an empty disk' : ''}`);
    host.replica = replica;
    host.run(replica);
    return host;
  }

  /** Starts anything else that answers requests: a node that is not replog's. */
  foreign<M extends Machine>(id: string, machine: M): M {
    const host = this.host(id);
    host.end();
    host.run(machine);
    return machine;
  }

  /** The process is gone at once; what it had not persisted up to `persisted` is lost. */
  kill(id: string, persisted?: number): void {
    const host = this.host(id);
    if (persisted !== undefined) host.log.persist(logIndex(persisted));
    host.end();
    this.draw(`${id} is killed`);
  }

  pause(id: string): void {
    this.host(id).pause();
    this.draw(`${id} stands still`);
  }

  resume(id: string): void {
    this.draw(`${id} goes on`);
    this.host(id).resume();
  }

  /** A client's message; `outcomes` has what it came to once there is an answer. */
  write(id: string, message: string, how: WriteOptions = {}): Ticket {
    return this.operate(id, [{ op: 'append', message }], how);
  }

  batch(id: string, messages: readonly string[], how: WriteOptions = {}): Ticket {
    const operations = messages.map((message): Operation => ({ op: 'append', message }));
    return this.operate(id, operations, { ...how, batch: true });
  }

  operate(id: string, operations: readonly Operation[], how: WriteOptions = {}): Ticket {
    const ticket = this.newTicket();
    const { w = 'majority', timeoutMs, arrivedAt, key, ifIndex, batch = false } = how;
    const drawn = drawWrite(operations, { w, ...how });
    this.draw(`client ${ticket} → ${id}  ${drawn}`);
    this.host(id).give({
      type: 'Write',
      ticket,
      operations,
      batch,
      at: '2026-01-01T00:00:00.000Z',
      w,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(arrivedAt === undefined ? {} : { arrivedAt }),
      ...(key === undefined ? {} : { idempotencyKey: key }),
      ...(ifIndex === undefined ? {} : { ifIndex: ifIndex as LogIndex | null }),
    });
    return ticket;
  }

  confirm(id: string): Ticket {
    const ticket = this.newTicket();
    this.draw(`client ${ticket} → ${id}  confirm`);
    this.host(id).give({ type: 'Confirm', ticket });
    return ticket;
  }

  /** Another node's request, given by the test; resolves through `onResponse`. */
  request(id: string, request: Request, onResponse: (response: Response) => void = () => {}): void {
    this.network.receive(this.host(id), request, onResponse);
  }

  /** The same; returns the answers, which come as the cluster runs. */
  ask(id: string, request: Request): Response[] {
    const answers: Response[] = [];
    this.request(id, request, (response) => answers.push(response));
    return answers;
  }

  retire(id: string, onResponse: (response: Response) => void = () => {}): void {
    const ticket = this.network.ticket(onResponse);
    this.draw(`${id} is told to leave`);
    this.host(id).give({ type: 'Retire', ticket });
  }

  stop(id: string): void {
    this.draw(`${id} is told to stop`);
    this.host(id).give({ type: 'Stop' });
  }

  /** What an ask came to; undefined while it waits. */
  outcome(ticket: Ticket): Outcome | undefined {
    return this.outcomes.get(ticket);
  }

  /** The log of a node, drawn. */
  entries(id: string): string[] {
    return this.host(id).log.entries.map(drawEntry);
  }

  status(id: string): NodeStatus {
    return this.host(id).replica!.status(this.now);
  }

  draw(line: string): void {
    const ms = String(Math.round(this.now * 100) / 100);
    this.trace.push(`${ms.padStart(7)} ms  ${line}`);
  }

  /** That of the next request of a client, which may be answered before it has been asked. */
  get nextTicket(): Ticket {
    return ticketOf(this.lastTicket + 1);
  }

  private newTicket(): Ticket {
    this.lastTicket += 1;
    return ticketOf(this.lastTicket);
  }

  private perform(host: VirtualHost, effect: Effect): void {
    switch (effect.type) {
      case 'Append':
        if (effect.entries.length === 0) throw new Error('nothing is to be appended');
        host.log.append(effect.entries, effect.holes);
        return;
      case 'Truncate':
        host.log.truncate(effect.after);
        return;
      case 'Persist':
        host.persist(effect.id, effect.upTo);
        return;
      case 'Remember':
        host.remember(effect.id, effect.memory);
        return;
      case 'Send':
        this.network.send(host, effect);
        return;
      case 'Respond':
        this.network.respond(host, effect.ticket, effect.response);
        return;
      case 'Reply':
        this.outcomes.set(effect.ticket, effect.outcome);
        this.draw(`client ${effect.ticket} ← ${host.id}  ${drawOutcome(effect.outcome)}`);
        this.onOutcome(effect.ticket, effect.outcome, host);
        return;
      case 'Note': {
        this.onNote(host, effect.note);
        const drawn = drawNote(effect.note);
        if (drawn !== null) this.draw(`${host.id}: ${drawn}`);
        return;
      }
      default:
        effect satisfies never;
    }
  }
}
