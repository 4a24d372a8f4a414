// One random run of nodes whose arbiters take turns: the seat passes at any moment, arbiters and
// nodes stand still, words are late and come again, members join and leave; then everything heals.

import type { Outcome, WriteConcern } from '../../../src/core/effects.ts';
import type { Ticket } from '../../../src/core/ids.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { Chance } from '../../../src/sim/chance.ts';
import { drawEntry } from '../../../src/sim/drawing.ts';
import { VirtualCluster } from '../virtual-cluster.ts';
import type { VirtualHost } from '../virtual-host.ts';
import type { Fate } from '../virtual-network.ts';
import { Turns } from './turns.ts';

const ARBITERS = ['a', 'b'] as const;
const FIRST = ['n1', 'n2', 'n3'] as const;
const NODES = [...FIRST, 'n4', 'n5'] as const;
const CHAOS_MS = 60_000;
const HEAL_MS = 25_000;
/** A copy of a word of silence comes up to so much later, in milliseconds. */
const LATE_MS = 9_000;

interface Attempt {
  readonly message: string;
  readonly w: WriteConcern;
}

export class RandomTurns {
  readonly cluster = new VirtualCluster();
  readonly turns: Turns;
  readonly faults: string[] = [];
  readonly acknowledged: { readonly message: string; readonly index: number }[] = [];
  private readonly chance: Chance;
  private readonly waiting = new Map<Ticket, Attempt>();
  private readonly masters = new Map<number, string>();
  private readonly cuts = new Set<string>();
  private readonly left = new Set<string>();
  private written = 0;
  private calm = false;
  private parting = false;
  /** Nobody stands still, ends or leaves: only the arbiters take turns, and masters are doubted. */
  private readonly quiet: boolean;

  /** `draws`: keeps a trace of everything, which takes time. */
  constructor(seed: number, draws: boolean) {
    const { cluster } = this;
    this.chance = new Chance(seed);
    this.quiet = this.chance.happens(0.5);
    cluster.random = this.chance.next;
    cluster.network.draws = draws;
    cluster.weather = (from, to, what) => this.fate(from, to, what);
    cluster.onOutcome = (ticket, outcome, host) => this.answered(ticket, outcome, host);
    cluster.onNote = (host, note) => {
      if (note.event !== 'role' || note.role !== 'master') return;
      const now = `${host.id}, life ${host.life}`;
      const before = this.masters.get(note.epoch) ?? now;
      if (before !== now) this.fault(`epoch ${note.epoch}: ${before}, and ${now}`);
      this.masters.set(note.epoch, now);
    };
    this.turns = new Turns(cluster, ARBITERS, () => this.chance.between(1, this.calm ? 5 : 80));
  }

  /** Masters that were appointed, one after the other. */
  get offices(): number {
    return new Set(this.turns.register.appointed.map(({ master }) => master)).size;
  }

  run(): void {
    this.turns.take('a');
    for (const id of FIRST) this.start(id);
    this.cluster.run(3_000);
    this.write();
    const end = this.cluster.now + CHAOS_MS;
    while (this.cluster.now < end) {
      this.mischief();
      this.cluster.run(this.chance.between(50, 900));
    }
    this.heal();
    this.cluster.run(HEAL_MS);
    this.judge();
  }

  // What happens.

  private start(id: string): void {
    this.left.delete(id);
    const arbiters = this.chance.happens(0.5) ? ['a', 'b'] : ['b', 'a'];
    this.cluster.start(id, { arbiters });
  }

  private mischief(): void {
    const what = this.chance.whole(0, 9);
    if (what < 3) this.turns.take(this.chance.pick(ARBITERS));
    else if (this.quiet) this.doubts();
    else if (what === 3) this.pause(this.chance.pick(ARBITERS), 4_000);
    else if (what === 4) this.pause(this.chance.happens(0.5) ? this.master : this.node, 9_000);
    else if (what < 8) this.cut(this.chance.happens(0.7) ? this.master : this.node, this.node);
    else if (what === 8) this.kill(this.node);
    else if (this.chance.happens(0.3)) this.grow(this.chance.pick(NODES));
  }

  private lives(id: string): boolean {
    return this.cluster.host(id).machine !== null;
  }

  private get node(): string {
    return this.chance.pick(NODES);
  }

  private get master(): string {
    return this.turns.register.memory.arbiter?.master ?? 'n1';
  }

  private pause(id: string, upToMs: number): void {
    const host = this.cluster.host(id);
    if (host.machine === null || host.paused) return;
    this.cluster.pause(id);
    this.cluster.plan(this.cluster.now + this.chance.between(10, upToMs), () => {
      if (host.paused) this.cluster.resume(id);
    });
  }

  /** Neither hears the other for a while: often as long as it takes to doubt a master. */
  private cut(one: string, other: string, ms = this.chance.between(1_000, 8_000)): void {
    const link = `${one} ${other}`;
    this.cuts.add(link);
    this.cluster.plan(this.cluster.now + ms, () => this.cuts.delete(link));
  }

  /** One secondary hears nothing of the master for a while, and says so; then another one. */
  private doubts(): void {
    if (this.cuts.size > 0) return;
    const { master } = this;
    const [one, other] = FIRST.filter((id) => id !== master);
    this.cut(master, one!, this.chance.between(5_200, 6_500));
    this.cluster.plan(this.cluster.now + this.chance.between(1_000, 4_000), () => {
      this.cut(master, other!, this.chance.between(6_000, 9_000));
    });
  }

  private kill(id: string): void {
    const host = this.cluster.host(id);
    if (host.machine === null) return;
    const { lastIndex, persisted } = host.log;
    this.cluster.kill(id, this.chance.whole(persisted, lastIndex));
    this.cluster.plan(this.cluster.now + this.chance.between(50, 4_000), () => {
      if (host.machine === null && !this.left.has(id)) this.start(id);
    });
  }

  /** Another one joins; or one that is there leaves, and is started again later. One in each run:
   * of two that leave, one after the other, the second may be the last that has something. */
  private grow(id: string): void {
    const host = this.cluster.host(id);
    if (host.machine === null) {
      if (host.life === 0) this.start(id);
      return;
    }
    if (host.paused || this.parting) return;
    this.parting = true;
    this.cluster.retire(id, (answer) => {
      if (answer.type !== 'Left') {
        this.parting = false;
        return;
      }
      this.left.add(id);
      this.cluster.plan(this.cluster.now + this.chance.between(2_000, 9_000), () => {
        if (this.left.has(id)) this.start(id);
      });
    });
  }

  private fate(from: string, to: string, what: string): Fate {
    if (this.cuts.has(`${from} ${to}`) || this.cuts.has(`${to} ${from}`)) return 'lost';
    const usual = 1 + this.chance.next() ** 3 * (this.calm ? 5 : 100);
    if (this.calm) return usual;
    if (this.chance.happens(0.01)) return 'lost';
    if (what !== 'Join' && what !== 'Replicas') return usual;
    return this.chance.happens(0.3) ? [usual, this.chance.between(1, LATE_MS)] : usual;
  }

  private heal(): void {
    this.calm = true;
    this.cuts.clear();
    for (const id of [...ARBITERS, ...NODES]) {
      const host = this.cluster.host(id);
      if (host.paused) this.cluster.resume(id);
    }
    this.turns.take('a');
    for (const id of NODES) {
      const gone = this.cluster.host(id).machine === null && this.cluster.host(id).life > 0;
      if (gone || this.left.has(id)) this.start(id);
    }
  }

  // Clients.

  private write(): void {
    if (this.calm) return;
    this.written += 1;
    const w = this.chance.pick<WriteConcern>([1, 'majority']);
    const message = `m${this.written}`;
    const at = this.chance.happens(0.5) ? this.master : this.node;
    this.waiting.set(this.cluster.nextTicket, { message, w });
    this.cluster.write(at, message, { w, timeoutMs: 2_000 });
    this.cluster.plan(this.cluster.now + this.chance.between(5, 120), () => this.write());
  }

  private answered(ticket: Ticket, outcome: Outcome, host: VirtualHost): void {
    const attempt = this.waiting.get(ticket);
    this.waiting.delete(ticket);
    if (attempt === undefined || outcome.type !== 'Stored') return;
    const { epoch } = this.cluster.status(host.id);
    const { appointed } = this.turns.register;
    const next = appointed.find((one) => one.epoch > epoch && one.master !== host.id);
    if (next !== undefined) {
      const { master, at } = next;
      const late = `${attempt.message}, w=${attempt.w}, by ${host.id} in epoch ${epoch}`;
      this.fault(`${late}, though ${master} was appointed at ${Math.round(at)} ms`);
    }
    if (attempt.w === 'majority') {
      this.acknowledged.push({ message: attempt.message, index: outcome.first });
    }
  }

  // What must hold.

  private fault(what: string): void {
    this.faults.push(`at ${Math.round(this.cluster.now)} ms: ${what}`);
  }

  private judge(): void {
    const isMember = (id: string): boolean => !this.left.has(id) && this.lives(id);
    const members = NODES.filter(isMember);
    const logs = members.map((id) => this.cluster.host(id).log.entries);
    const log = logs.find((_, i) => members[i] === this.master) ?? [];
    for (const [i, other] of logs.entries()) {
      const equal = JSON.stringify(other) === JSON.stringify(log);
      if (!equal) this.fault(`${members[i]} differs: ${draw(other)} ≠ ${draw(log)}`);
    }
    for (const { index, message } of this.acknowledged) {
      const entry = log[index - 1];
      const there = entry?.op === 'append' && entry.message === message;
      if (!there) this.fault(`${message}, acknowledged at ${index}, is not there`);
    }
    const ticket = this.cluster.write(this.master, 'last', { w: 'majority', timeoutMs: 5_000 });
    this.cluster.run(1_000);
    const outcome = this.cluster.outcome(ticket);
    if (outcome?.type !== 'Stored') this.fault(`the last write came to ${outcome?.type}`);
  }
}

function draw(entries: readonly Entry[]): string {
  return `[${entries.length}: … ${entries.slice(-5).map(drawEntry).join(' ')}]`;
}
