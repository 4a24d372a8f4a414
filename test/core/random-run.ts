// One random run of three nodes: bad weather, crashes, wiped secondaries, pauses, bad disks,
// clients that retry; then everything heals. What must hold is checked while it runs, and at the
// end.

import type { Outcome, WriteConcern } from '../../src/core/effects.ts';
import type { Ticket } from '../../src/core/ids.ts';
import type { Entry } from '../../src/core/operation.ts';
import type { MasterStatus, NodeStatus } from '../../src/core/status.ts';
import { Chance } from '../../src/sim/chance.ts';
import { drawEntry } from '../../src/sim/drawing.ts';
import { VirtualCluster } from './virtual-cluster.ts';
import type { Fate } from './virtual-network.ts';

const NODES = ['n1', 'n2', 'n3'] as const;
const CHAOS_MS = 12_000;
const HEAL_MS = 30_000;

interface Attempt {
  readonly key: string;
  readonly messages: readonly string[];
  readonly w: WriteConcern;
  tries: number;
}

/** What a node showed when it was last looked at. */
interface Shown {
  readonly life: number;
  readonly epoch: number;
  readonly steps: number;
  /** Its first entries, as far as it knows them to be in the log of this epoch. */
  readonly agreed: readonly Entry[];
}

export class RandomRun {
  readonly cluster: VirtualCluster;
  /** What was acknowledged: key, place and messages. */
  readonly acknowledged: { key: string; first: number; messages: readonly string[] }[] = [];
  readonly faults: string[] = [];
  /** How often a disk was damaged. */
  damaged = 0;
  private readonly chance: Chance;
  private readonly ownArbiter: boolean;
  private readonly wipes: boolean;
  private readonly damages: boolean;
  private readonly shown = new Map<string, Shown>();
  /** Entries that were said to be on a majority, and by whom. */
  private readonly committed = new Map<string, string>();
  private readonly appointed = new Map<number, string>();
  private readonly waiting = new Map<Ticket, Attempt>();
  private lost = 0;
  private doubled = 0;
  private slowestMs = 1;
  private cut: string | null = null;
  private written = 0;
  private healing = false;

  /** `draws`: keeps a trace of everything, which takes time. */
  constructor(seed: number, draws: boolean) {
    this.chance = new Chance(seed);
    this.ownArbiter = this.chance.happens(0.5);
    this.wipes = this.chance.happens(0.5);
    const snapshotEntriesMax = this.chance.pick([1, 3, 100]);
    const inFlightMax = this.chance.pick([1, 3, 112]);
    this.cluster = new VirtualCluster({ snapshotEntriesMax, inFlightMax });
    this.damages = !this.wipes && this.chance.happens(0.6);
    this.cluster.random = this.chance.next;
    this.cluster.network.draws = draws;
    this.cluster.weather = () => this.fate();
    this.cluster.onOutcome = (ticket, outcome) => this.answered(ticket, outcome);
    this.cluster.onNote = (host, note) => {
      if (note.event !== 'role' || note.role !== 'master') return;
      const before = this.appointed.get(note.epoch);
      const now = `${host.id}, life ${host.life}`;
      if (before !== undefined) this.fault(`epoch ${note.epoch}: ${before}, and ${now}`);
      this.appointed.set(note.epoch, now);
    };
  }

  run(): void {
    if (!this.ownArbiter) this.cluster.arbiter({ size: 3 });
    for (const id of NODES) {
      this.start(id);
      this.cluster.run(300);
    }
    for (let client = 0; client < 4; client += 1) this.request(this.newAttempt());
    const end = this.cluster.now + CHAOS_MS;
    while (this.cluster.now < end) {
      this.mischief();
      this.pass(this.chance.between(20, 400));
    }
    this.heal();
    this.pass(HEAL_MS);
    this.judge();
  }

  // What happens.

  private start(id: string, wipe = false): void {
    const own = this.ownArbiter && id === 'n1';
    const arbiter = own ? null : this.ownArbiter ? 'n1' : 'arbiter';
    this.cluster.start(id, { arbiter, size: 3, wipe });
  }

  private mischief(): void {
    const id = this.chance.pick(NODES);
    const host = this.cluster.host(id);
    const alive = host.machine !== null;
    const what = this.chance.whole(0, 9);
    if (what === 0 && alive) {
      this.kill(id);
    } else if (what === 1 && alive && !host.paused) {
      this.cluster.pause(id);
      this.cluster.plan(this.cluster.now + this.chance.between(10, 6_000), () => {
        if (host.paused) this.cluster.resume(id);
      });
    } else if (what === 2) {
      this.lost = this.chance.pick([0, 0, 0.1, 0.4]);
      this.doubled = this.chance.pick([0, 0.1, 0.3]);
      this.slowestMs = this.chance.pick([1, 5, 60, 300]);
    } else if (what === 3) {
      this.cut = this.cut === null ? id : null;
    } else if (what === 4) {
      const trouble = this.chance.pick(['none', 'error', 'silence', 'full'] as const);
      host.disk.trouble = () => (this.chance.happens(0.5) ? trouble : 'none');
    } else if (what === 5) {
      host.disk.stuck = !host.disk.stuck;
    }
  }

  private kill(id: string): void {
    const host = this.cluster.host(id);
    const { persisted } = host.log;
    const torn = this.chance.whole(persisted, Math.max(persisted, host.log.lastIndex));
    this.cluster.kill(id, torn);
    if (this.damages && this.chance.happens(0.6)) this.damage(id);
    const wipe = this.wipes && id !== 'n1' && this.chance.happens(0.4);
    this.cluster.plan(this.cluster.now + this.chance.between(50, 5_000), () => {
      if (host.machine === null) this.start(id, wipe);
    });
  }

  /** Damages a run of entries that another node has on its disk: what is nowhere else cannot come
   * back, and what nobody has mended yet is not damaged further. */
  private damage(id: string): void {
    const host = this.cluster.host(id);
    const missed = NODES.some((node) => (this.cluster.host(node).memory.lost ?? null) !== null);
    const other = this.cluster.host(this.chance.pick(NODES.filter((node) => node !== id))).log;
    const same = (index: number): boolean =>
      index <= other.persisted && other.hashAt(index) === host.log.hashAt(index);
    const reach = Math.min(host.log.persisted, other.persisted);
    if (missed || reach < 2 || !same(reach)) return;
    const after = this.chance.whole(0, reach - 1);
    const readable = this.chance.whole(after + 2, reach + 1);
    host.damage(after, readable, this.chance.happens(0.2));
    this.damaged += 1;
  }

  private fate(): Fate {
    const late = (): number => 1 + this.chance.next() ** 3 * this.slowestMs;
    if (this.chance.happens(this.lost)) return 'lost';
    return this.chance.happens(this.doubled) ? [late(), late()] : late();
  }

  private heal(): void {
    this.healing = true;
    this.lost = 0;
    this.doubled = 0;
    this.slowestMs = 1;
    this.cut = null;
    for (const id of NODES) {
      const host = this.cluster.host(id);
      host.disk.stuck = false;
      host.disk.trouble = () => 'none';
      if (host.paused) this.cluster.resume(id);
      if (host.machine === null) this.start(id);
    }
  }

  /** Lets time pass, and looks at what every node shows. */
  private pass(ms: number): void {
    const { cut } = this;
    const isCut = (a: string, b: string): boolean => cut !== null && (a === cut || b === cut);
    this.cluster.weather = (from, to) => (isCut(from, to) ? 'lost' : this.fate());
    const end = this.cluster.now + ms;
    while (this.cluster.now < end) {
      this.cluster.run(Math.min(this.healing ? 200 : 10, end - this.cluster.now));
      for (const id of NODES) this.look(id);
    }
  }

  // Clients.

  private newAttempt(): Attempt {
    this.written += 1;
    const name = `m${this.written}`;
    const batch = this.chance.happens(0.2);
    const messages = batch ? [`${name}a`, `${name}b`, `${name}c`] : [name];
    const w = this.chance.pick<WriteConcern>([1, 2, 2, 3, 'majority', 'all']);
    return { key: `k${this.written}`, messages, w, tries: 0 };
  }

  private request(attempt: Attempt): void {
    if (this.healing && attempt.tries === 0) return;
    attempt.tries += 1;
    const { key, messages, w } = attempt;
    const to = this.cluster.host('n1').machine === null ? 'n2' : 'n1';
    const batch = messages.length > 1;
    const operations = messages.map((message) => ({ op: 'append' as const, message }));
    const timeoutMs = this.chance.between(100, 3_000);
    const ticket = this.cluster.operate(to, operations, { key, w, timeoutMs, batch });
    const { outcomes } = this.cluster;
    const known = outcomes.get(ticket);
    this.waiting.set(ticket, attempt);
    if (known !== undefined) this.answered(ticket, known);
    this.cluster.plan(this.cluster.now + 4_000, () => {
      if (this.waiting.delete(ticket)) this.again(attempt);
    });
  }

  private answered(ticket: Ticket, outcome: Outcome): void {
    const attempt = this.waiting.get(ticket);
    if (attempt === undefined) return;
    this.waiting.delete(ticket);
    if (outcome.type !== 'Stored') {
      if (outcome.type === 'KeyReused') this.fault(`${attempt.key} is said to be reused`);
      this.again(attempt);
      return;
    }
    const { key, messages } = attempt;
    this.acknowledged.push({ key, first: outcome.first, messages });
    if (!this.wipes) this.checkHolders(outcome, attempt.w);
    this.cluster.plan(this.cluster.now + this.chance.between(1, 150), () => {
      this.request(this.newAttempt());
    });
  }

  private again(attempt: Attempt): void {
    if (attempt.tries > 40) return;
    this.cluster.plan(this.cluster.now + this.chance.between(10, 500), () => this.request(attempt));
  }

  // What must hold.

  private fault(what: string): void {
    this.faults.push(`at ${Math.round(this.cluster.now)} ms: ${what}`);
  }

  /** C6: who is said to have it has it on disk, and they are enough. */
  private checkHolders(outcome: Extract<Outcome, { type: 'Stored' }>, w: WriteConcern): void {
    const { acks, last } = outcome;
    const needed = w === 'majority' ? 2 : w === 'all' ? 1 : w;
    if (acks.length < needed) this.fault(`w=${w}, but acks=${acks.join()}`);
    for (const id of acks) {
      const { log, memory } = this.cluster.host(id);
      const { persisted } = log;
      // Damage may have taken it since.
      if (persisted < last && !memory.lost)
        this.fault(`${id} has persisted ${persisted}, not ${last}`);
    }
  }

  /** C3: what a node shows of the log of its epoch only grows while it lives. */
  private look(id: string): void {
    const host = this.cluster.host(id);
    if (host.replica === null) {
      this.shown.delete(id);
      return;
    }
    const before = this.shown.get(id);
    const { life, steps } = host;
    if (before?.life === life && before.steps === steps) return;
    const status = this.cluster.status(id);
    const { epoch } = status;
    const { entries } = host.log;
    const agreed = entries.slice(0, this.agreed(id, status));
    const onMajority = entries[status.commitIndex - 1];
    if (onMajority !== undefined) this.committed.set(drawEntry(onMajority), id);
    this.shown.set(id, { life, epoch, steps, agreed });
    if (before === undefined || before.life !== life || before.epoch !== epoch) return;
    const kept = before.agreed.every((entry, i) => entries[i] === entry);
    if (!kept) this.fault(`${id} showed ${draw(before.agreed)}, now ${draw(entries)}`);
  }

  private agreed(id: string, status: NodeStatus): number {
    if (status.role === 'master') {
      const open = (status as MasterStatus).mode === 'read-write';
      return open ? status.lastIndex : 0;
    }
    const replica = this.cluster.host(id).replica!;
    const { current } = Reflect.get(replica, 'context').bookkeeping;
    const agreed = Reflect.get(replica, 'secondary')?.agreed ?? 0;
    return current.acceptedEpoch === status.epoch ? agreed : 0;
  }

  private judge(): void {
    const [first, ...others] = NODES.map((id) => this.cluster.host(id).log.entries);
    const log = first!;
    for (const [i, other] of others.entries()) {
      const equal = JSON.stringify(other) === JSON.stringify(log);
      if (!equal) this.fault(`${NODES[i + 1]} differs: ${draw(other)} ≠ ${draw(log)}`);
    }
    log.forEach((entry, i) => {
      if (entry.index !== i + 1) this.fault(`a hole before ${entry.index}`);
    });
    const kept = new Set(log.map(drawEntry));
    for (const [entry, id] of this.wipes ? [] : this.committed) {
      if (!kept.has(entry)) this.fault(`${entry}, on a majority by the word of ${id}, is gone`);
    }
    const keys = log.flatMap(({ idempotencyKey }) => idempotencyKey ?? []);
    if (new Set(keys).size !== keys.length) this.fault('a key is in the log twice');
    for (const { key, first: place, messages } of this.acknowledged) {
      const stored = log.slice(place - 1, place - 1 + messages.length);
      const texts = stored.map((entry) => (entry.op === 'append' ? entry.message : ''));
      const there = stored[0]?.idempotencyKey === key && texts.join() === messages.join();
      if (!there) this.fault(`${key}, acknowledged at ${place}, is not there: ${draw(stored)}`);
    }
    for (const id of NODES) {
      if (this.cluster.host(id).memory.lost) this.fault(`${id} still misses what damage took`);
    }
    const ticket = this.cluster.write('n1', 'last', { w: 3, timeoutMs: 5_000 });
    this.cluster.run(1_000);
    const outcome = this.cluster.outcome(ticket);
    if (outcome?.type !== 'Stored') this.fault(`the last write came to ${outcome?.type}`);
  }
}

function draw(entries: readonly Entry[]): string {
  return `[${entries.length}: … ${entries.slice(-5).map(drawEntry).join(' ')}]`;
}
