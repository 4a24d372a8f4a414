// A small cluster of core machines in virtual time: messages take 1 ms, a Persist takes 1 ms, and the
// test decides what is lost. It draws every message, so that a scenario can be read.

import { ArbiterNode } from '../../src/core/arbiter-node.ts';
import { BLANK_MEMORY, type Effect, type Event, type Memory } from '../../src/core/effects.ts';
import {
  incarnation,
  type LogIndex,
  logIndex,
  nodeId,
  type Ticket,
  ticket as ticketOf,
} from '../../src/core/ids.ts';
import { Folds } from '../../src/core/ledger.ts';
import type { Request, RequestOrder, Response, ResponseOrder } from '../../src/core/messages.ts';
import type { Entry } from '../../src/core/operation.ts';
import { DEFAULT_OPTIONS, type Options } from '../../src/core/options.ts';
import { Replica } from '../../src/core/replica.ts';
import { VirtualLog } from './virtual-log.ts';

interface Machine {
  step(event: Event, now: number): Effect[];
  deadline(): number;
}

/** One process: what it runs, and what survives it. */
export interface Host {
  readonly id: string;
  machine: Machine | null;
  replica: Replica | null;
  log: VirtualLog;
  memory: Memory;
  folds: Folds;
  life: number;
  paused: boolean;
  /** Persists are not answered while this holds. */
  stuck: boolean;
}

interface Planned {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Decides what happens to a message: `lost` requests and answers never arrive. */
export type Weather = (from: string, to: string, what: string) => 'lost' | number;

export class VirtualCluster {
  now = 0;
  /** One line per thing that happened. */
  readonly trace: string[] = [];
  weather: Weather = () => 1;
  readonly hosts = new Map<string, Host>();
  readonly replies = new Map<Ticket, string>();
  private planned: Planned[] = [];
  private order = 0;
  private lastTicket = 0;
  private readonly responders = new Map<Ticket, (response: Response) => void>();
  private readonly options: Options;

  constructor(options: Partial<Options> = {}) {
    this.options = { ...DEFAULT_OPTIONS, ...options };
  }

  /** Starts an arbiter of its own. */
  arbiter(size: number | null = null): void {
    const host = this.host('arbiter');
    const settings = { size, cluster: null, prefer: null };
    host.machine = new ArbiterNode(this.options, settings, host.memory);
  }

  /** Starts, or restarts, a node; it keeps its log and memory unless they are wiped. */
  start(id: string, how: { arbiter?: string | null; size?: number | null; wipe?: boolean } = {}): Host {
    const host = this.host(id);
    if (how.wipe === true) {
      host.log = new VirtualLog();
      host.memory = BLANK_MEMORY;
    }
    host.log.crash();
    host.life += 1;
    host.paused = false;
    host.folds = new Folds(this.options);
    for (const entry of host.log.entries) host.folds.observe(entry);
    const arbiter = how.arbiter === undefined ? 'arbiter' : how.arbiter;
    host.replica = new Replica({
      self: { node: nodeId(id), url: id },
      incarnation: incarnation(`${id}#${host.life}`),
      arbiter,
      wants: null,
      size: how.size ?? null,
      newCluster: null,
      options: this.options,
      random: () => 0.5,
      meter: host.log,
      recovered: { lastIndex: host.log.lastIndex, epochs: host.log.epochs() },
      folds: host.folds,
      memory: host.memory,
    });
    host.machine = host.replica;
    this.trace.push(`${this.stamp()} ${id} starts`);
    this.give(host, { type: 'Start' });
    return host;
  }

  /** The process is gone at once. */
  kill(id: string): void {
    const host = this.host(id);
    host.machine = null;
    host.replica = null;
    host.life += 1;
    this.trace.push(`${this.stamp()} ${id} is killed`);
  }

  /** Gives an event to a node, performs the effects, and wakes it if it wants that. */
  give(host: Host, event: Event): void {
    if (host.machine === null) return;
    for (const effect of host.machine.step(event, this.now)) this.perform(host, effect);
    this.plan(this.now, () => this.wake(host));
  }

  /** A client's write; `replies` has the outcome under the ticket once there is one. */
  write(
    id: string,
    message: string,
    how: { w?: number | 'majority' | 'all'; timeoutMs?: number; key?: string } = {},
  ): Ticket {
    const ticket = this.newTicket();
    this.trace.push(`${this.stamp()} client → ${id}: append ${message} w=${how.w ?? 'majority'}`);
    this.give(this.host(id), {
      type: 'Write',
      ticket,
      operations: [{ op: 'append', message }],
      batch: false,
      at: '2026-01-01T00:00:00.000Z',
      w: how.w ?? 'majority',
      ...(how.timeoutMs === undefined ? {} : { timeoutMs: how.timeoutMs }),
      ...(how.key === undefined ? {} : { idempotencyKey: how.key }),
    });
    return ticket;
  }

  confirm(id: string): Ticket {
    const ticket = this.newTicket();
    this.give(this.host(id), { type: 'Confirm', ticket });
    return ticket;
  }

  /** Another node's request, given by the test; resolves through `onResponse`. */
  request(id: string, request: Request, onResponse: (response: Response) => void): void {
    const ticket = this.newTicket();
    this.responders.set(ticket, onResponse);
    this.give(this.host(id), { type: 'Received', ticket, request });
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const next = this.planned[0];
      if (next === undefined || next.at > end) break;
      this.planned.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }

  messages(id: string): string[] {
    return this.host(id).log.entries.map((entry) => (entry.op === 'append' ? entry.message : entry.op));
  }

  host(id: string): Host {
    let host = this.hosts.get(id);
    if (host === undefined) {
      host = {
        id,
        machine: null,
        replica: null,
        log: new VirtualLog(),
        memory: BLANK_MEMORY,
        folds: new Folds(this.options),
        life: 0,
        paused: false,
        stuck: false,
      };
      this.hosts.set(id, host);
    }
    return host;
  }

  resume(id: string): void {
    this.host(id).paused = false;
    this.wake(this.host(id));
  }

  plan(at: number, run: () => void): void {
    this.order += 1;
    const planned = { at: Math.max(at, this.now), order: this.order, run };
    const place = this.planned.findIndex(
      (other) => other.at > planned.at || (other.at === planned.at && other.order > planned.order),
    );
    if (place === -1) this.planned.push(planned);
    else this.planned.splice(place, 0, planned);
  }

  private newTicket(): Ticket {
    this.lastTicket += 1;
    return ticketOf(this.lastTicket);
  }

  private stamp(): string {
    return `${String(Math.round(this.now)).padStart(5)} ms`;
  }

  private wake(host: Host): void {
    const { machine } = host;
    if (machine === null) return;
    if (host.paused) return;
    if (machine.deadline() <= this.now) {
      for (const effect of machine.step({ type: 'Wake' }, this.now)) this.perform(host, effect);
    }
    const deadline = machine.deadline();
    if (deadline === Number.POSITIVE_INFINITY) return;
    const life = host.life;
    this.plan(Math.max(deadline, this.now + 0.01), () => {
      if (host.life === life) this.wake(host);
    });
  }

  private perform(host: Host, effect: Effect): void {
    switch (effect.type) {
      case 'Append':
        host.log.append(effect.entries);
        return;
      case 'Truncate':
        host.log.truncate(effect.after);
        return;
      case 'Persist':
        this.persist(host, effect.id, effect.upTo);
        return;
      case 'Remember':
        host.memory = effect.memory;
        this.later(host, 1, { type: 'Remembered', id: effect.id });
        return;
      case 'Send':
        this.send(host, effect);
        return;
      case 'Respond':
        this.respond(host, effect.ticket, effect.response);
        return;
      case 'Reply': {
        const { type, ...rest } = effect.outcome;
        const text = `${type} ${JSON.stringify(rest)}`;
        this.replies.set(effect.ticket, text);
        this.trace.push(`${this.stamp()} ${host.id} → client: ${text}`);
        return;
      }
      case 'Note': {
        const { event, ...rest } = effect.note;
        if (event !== 'joined') {
          this.trace.push(`${this.stamp()} ${host.id} notes ${event} ${JSON.stringify(rest)}`);
        }
        return;
      }
      default:
        effect satisfies never;
    }
  }

  private persist(host: Host, id: number, upTo: LogIndex): void {
    if (host.stuck) return;
    const life = host.life;
    this.plan(this.now + 1, () => {
      if (host.life !== life) return;
      host.log.persist(upTo);
      this.give(host, { type: 'Persisted', id });
    });
  }

  private later(host: Host, ms: number, event: Event): void {
    const life = host.life;
    this.plan(this.now + ms, () => {
      if (host.life === life) this.deliver(host, () => this.give(host, event));
    });
  }

  /** A paused process takes nothing in until it goes on. */
  private deliver(host: Host, run: () => void): void {
    if (host.paused) this.plan(this.now + 1, () => this.deliver(host, run));
    else run();
  }

  private send(from: Host, { call, to, request }: Extract<Effect, { type: 'Send' }>): void {
    const filled = this.fill(from, request);
    if (request.type !== 'Heartbeat') this.trace.push(`${this.stamp()} ${from.id} → ${to}: ${draw(filled)}`);
    const answer = (event: Event): void => this.later(from, 0, event);
    const delay = this.weather(from.id, to, request.type);
    if (delay === 'lost') return;
    this.plan(this.now + delay, () => {
      const target = this.hosts.get(to);
      if (target?.machine === null || target === undefined) {
        answer({ type: 'Unanswered', call, error: 'connection refused' });
        return;
      }
      const ticket = this.newTicket();
      const life = from.life;
      this.responders.set(ticket, (response) => {
        const back = this.weather(to, from.id, response.type);
        if (back === 'lost') return;
        this.plan(this.now + back, () => {
          if (from.life !== life) return;
          if (response.type !== 'HeartbeatAck') {
            this.trace.push(`${this.stamp()} ${from.id} ← ${to}: ${draw(response)}`);
          }
          answer({ type: 'Answered', call, response });
        });
      });
      this.deliver(target, () => this.give(target, { type: 'Received', ticket, request: filled }));
    });
  }

  private fill(from: Host, order: RequestOrder): Request {
    if (order.type !== 'Snapshot') return order;
    const { from: first, to, ...rest } = order;
    const updates: Entry[] = first <= to ? from.log.read(first, to) : [];
    const prev = { index: logIndex(first - 1), hash: from.log.hashAt(first - 1) };
    return { ...rest, updates, prev };
  }

  private respond(host: Host, ticket: Ticket, order: ResponseOrder): void {
    const responder = this.responders.get(ticket);
    this.responders.delete(ticket);
    if (order.type !== 'FetchedOrder') {
      responder?.(order);
      return;
    }
    const { from, lastIndex } = order;
    const updates = from <= lastIndex ? host.log.read(from, lastIndex) : [];
    const prev = { index: logIndex(from - 1), hash: host.log.hashAt(from - 1) };
    responder?.({ type: 'Fetched', updates, lastIndex, prev });
  }
}

/** One message on one line. */
function draw(message: Request | Response): string {
  const shown = Object.entries(message)
    .filter(([name]) => !['type', 'url', 'incarnation', 'prev', 'master', 'cluster'].includes(name))
    .map(([name, value]) => `${name}=${name === 'updates' ? drawUpdates(value) : drawValue(value)}`);
  return [message.type, ...shown].join(' ');
}

function drawUpdates(updates: Entry[]): string {
  const text = (entry: Entry): string => (entry.op === 'append' ? entry.message : entry.key);
  return `[${updates.map((entry) => `${entry.index}:${text(entry)}`).join(' ')}]`;
}

function drawValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((peer: { node: string }) => peer.node).join(' ')}]`;
  return String(value);
}
