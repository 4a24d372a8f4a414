// Which fault was met, at which role, by writes of which write concern, and how often. The rule: a
// fault of the traffic or the disk counts only if the node says that it struck.

import type { WriteConcern } from '../core/effects.ts';
import { CELLS, type Role } from './fault-kinds.ts';

/** The columns of the table: what a write waited for. */
export const CONCERNS = ['1', '2', 'majority', 'all'] as const;

export type Concern = (typeof CONCERNS)[number];

/** A fault that is, or was, in force at a node. */
export interface Spell {
  readonly fault: string;
  readonly role: Role;
  readonly from: number;
  /** Infinite while it lasts. */
  to: number;
  /** Writes that were under way in the meantime. */
  readonly met: Map<Concern, number>;
  /** Whether it counts; null: not known yet. */
  struck: boolean | null;
}

/** How long spells that are over are kept for writes that are still under way. */
const REMEMBERED_MS = 60_000;

/** The column of a write concern in a cluster of this size. */
export function concernOf(w: WriteConcern, size: number): Concern {
  if (w === 'majority' || w === 'all') return w;
  if (w === 1) return '1';
  return w >= size ? 'all' : '2';
}

export interface CoverageRow {
  readonly fault: string;
  readonly role: Role;
  readonly met: Readonly<Record<Concern, number>>;
}

export class Coverage {
  readonly #spells: Spell[] = [];
  readonly #cells = new Map<string, Map<Concern, number>>();

  /** A fault begins. What happens to processes always strikes. */
  begin(fault: string, role: Role, now: number, struck: boolean | null): Spell {
    const spell = { fault, role, from: now, to: Number.POSITIVE_INFINITY, met: new Map(), struck };
    while (this.#spells.length > 0 && this.#spells[0]!.to < now - REMEMBERED_MS) {
      this.#spells.shift();
    }
    this.#spells.push(spell);
    return spell;
  }

  /** It is over; `struck` says whether it ever did anything. */
  end(spell: Spell, now: number, struck: boolean): void {
    spell.to = now;
    spell.struck = struck;
    if (!struck) return;
    for (const [concern, count] of spell.met) this.#count(spell, concern, count);
    spell.met.clear();
  }

  /** A write was under way from `call` to `now`. */
  wrote(concern: Concern, call: number, now: number): void {
    for (const spell of this.#spells) {
      if (spell.to < call || spell.from > now || spell.struck === false) continue;
      if (spell.struck === true) this.#count(spell, concern, 1);
      else spell.met.set(concern, (spell.met.get(concern) ?? 0) + 1);
    }
  }

  /** How often a fault was met at a role, by any write. */
  metBy(fault: string, role: Role): number {
    const cell = this.#cells.get(`${fault} ${role}`);
    return [...(cell?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  get rows(): CoverageRow[] {
    return CELLS.map(({ fault, role }) => {
      const cell = this.#cells.get(`${fault} ${role}`);
      const counts = CONCERNS.map((concern) => [concern, cell?.get(concern) ?? 0]);
      return { fault, role, met: Object.fromEntries(counts) as Record<Concern, number> };
    });
  }

  /** Cells of the table that nothing has met. */
  get uncovered(): number {
    const cells = this.rows.flatMap(({ met }) => CONCERNS.map((concern) => met[concern]));
    return cells.filter((count) => count === 0).length;
  }

  get cells(): number {
    return CELLS.length * CONCERNS.length;
  }

  #count({ fault, role }: Spell, concern: Concern, count: number): void {
    const name = `${fault} ${role}`;
    let cell = this.#cells.get(name);
    if (cell === undefined) {
      cell = new Map();
      this.#cells.set(name, cell);
    }
    cell.set(concern, (cell.get(concern) ?? 0) + count);
  }
}
