// Decides what happens to whom, and when: one actor for processes, one for faults of traffic and
// disks, so that both come together. The rule: all decisions are drawn from the seed and from what
// has not been met yet; doing it is `hands`.

import type { Faults } from '../client/answers.ts';
import type { Arena } from './arena.ts';
import type { Chance } from './chance.ts';
import { FAULT_KINDS, type FaultKind, type ProcessFault, type Role } from './fault-kinds.ts';
import type { Hands } from './hands.ts';

/** Kills per minute that a run has at least, as long as nodes start fast enough. */
const KILLS_PER_MINUTE = 12;

/** Of so many blows one is a squeeze. Not drawn: even a short run has one. */
const SQUEEZE_EVERY = 6;

const STUCK: Faults = { persist: { stuck: true } };

/** How often the master is the one. */
const MASTER_SHARE = 0.4;

/** How often a master is away for so long that another one takes over, where one does. */
const REPLACED_SHARE = 0.4;

/** Process faults by weight, and how many nodes they befall at once. */
const BLOWS: readonly (readonly [readonly [ProcessFault, 'one' | 'two' | 'all'], number])[] = [
  [['kill', 'one'], 42],
  [['kill', 'two'], 10],
  [['kill', 'all'], 6],
  [['stop', 'one'], 12],
  [['pause', 'one'], 24],
  [['pause', 'two'], 6],
];

export class Nemesis {
  readonly #arena: Arena;
  readonly #hands: Hands;
  readonly #signal: AbortSignal;

  /** It goes on until the signal aborts. */
  constructor(arena: Arena, hands: Hands, signal: AbortSignal) {
    this.#arena = arena;
    this.#hands = hands;
    this.#signal = signal;
  }

  /** Ends, stops and pauses processes, and brings them back. */
  async processes(chance: Chance): Promise<void> {
    const startedAt = this.#arena.now();
    for (let blow = 1; !this.#signal.aborted; blow += 1) {
      await this.#rest(chance.between(100, 900));
      if (this.#signal.aborted) return;
      if (blow % SQUEEZE_EVERY === 3) {
        await this.#squeeze(chance);
        continue;
      }
      const kills = this.#hands.counts.get('kill') ?? 0;
      const due = ((this.#arena.now() - startedAt) / 60_000) * KILLS_PER_MINUTE;
      const drawn = chance.weighted(BLOWS);
      // On a slow machine too, the others have their turn.
      const behind = kills < due && chance.happens(0.7);
      const [fault, many] = behind ? (['kill', drawn[1]] as const) : drawn;
      const victims = this.#victims(chance, many);
      for (const node of victims) await this.#hands.strike(node, fault);
      await this.#rest(this.#dwell(chance, fault, victims));
      await Promise.all(victims.map((node) => this.#hands.undo(node)));
    }
  }

  /** Ends the master at a moment when nothing that it takes in can have reached a disk or another
   * node: whatever it has acknowledged by then on the strength of its memory is lost. */
  async #squeeze(chance: Chance): Promise<void> {
    const { master } = this.#arena;
    const others = this.#nodesOf('secondary');
    const all = others.map((node) => this.#hands.ask(node, 'drop-request', { dropRequest: 1 }));
    await Promise.all([...all, this.#hands.ask(master, 'persist-stuck', STUCK)]);
    await this.#rest(chance.between(100, 600));
    await this.#hands.strike(master, 'kill');
    await this.#rest(chance.between(50, 300));
    await Promise.all([this.#hands.undo(master), ...others.map((node) => this.#hands.clear(node))]);
  }

  /** Sets and clears faults at one node after the other. */
  async faults(chance: Chance): Promise<void> {
    while (!this.#signal.aborted) {
      await this.#rest(chance.between(50, 600));
      if (this.#signal.aborted) return;
      const { kind, role } = this.#drawKind(chance);
      const up = this.#nodesOf(role).filter((node) => this.#hands.postureOf(node) === 'up');
      if (up.length === 0) continue;
      const node = chance.pick(up);
      await this.#hands.ask(node, kind.name, kind.draw(chance));
      await this.#rest(chance.between(300, 2_500));
      await this.#hands.clear(node);
    }
  }

  /** Half of the time the one that has been met least. */
  #drawKind(chance: Chance): { kind: FaultKind; role: Role } {
    const all = FAULT_KINDS.flatMap((kind) => kind.roles.map((role) => ({ kind, role })));
    const drawn = chance.pick(all);
    if (chance.happens(0.5)) return drawn;
    const { coverage } = this.#arena;
    const met = ({ kind, role }: { kind: FaultKind; role: Role }): number =>
      coverage.metBy(kind.name, role);
    return all.reduce((least, one) => (met(one) < met(least) ? one : least), drawn);
  }

  #victims(chance: Chance, many: 'one' | 'two' | 'all'): string[] {
    const others = this.#nodesOf('secondary');
    const { master } = this.#arena;
    if (many === 'all') return [master, ...others];
    const first =
      others.length === 0 || chance.happens(MASTER_SHARE) ? master : chance.pick(others);
    if (many === 'one') return [first];
    const rest = [master, ...others].filter((node) => node !== first);
    return rest.length === 0 ? [first] : [first, chance.pick(rest)];
  }

  /** How long it lasts. A pause may be long enough to make a node Suspected, or Unhealthy; and
   * where somebody takes over from the master, that is gone for long enough at times. */
  #dwell(chance: Chance, fault: ProcessFault, victims: readonly string[]): number {
    const { failover, master } = this.#arena;
    if (failover && victims.includes(master) && chance.happens(REPLACED_SHARE)) {
      return chance.between(5_500, 9_000);
    }
    if (fault === 'pause' && chance.happens(0.25)) return chance.between(1_600, 5_000);
    return chance.between(50, chance.happens(0.2) ? 2_500 : 700);
  }

  #nodesOf(role: Role): string[] {
    const { nodes, master } = this.#arena;
    return nodes
      .map(({ node }) => node)
      .filter((node) => (node === master) === (role === 'master'));
  }

  /** Less, if the run is over before. */
  async #rest(ms: number): Promise<void> {
    await this.#arena.sleep(ms, this.#signal);
  }
}
