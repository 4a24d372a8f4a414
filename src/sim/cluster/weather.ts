// What becomes of a message on its way. The rule: each kind of trouble is added when a fault
// begins and taken away when it ends, so that several may overlap, in any order.

import type { Chance } from '../chance.ts';

export type NetworkTrouble =
  /** Nothing gets from `from` to `to`; `*` stands for everybody. */
  | { readonly kind: 'cut'; readonly from: string; readonly to: string }
  /** Each message takes up to `ms` longer. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Some messages are held back for up to `ms`, and overtaken. */
  | { readonly kind: 'reorder'; readonly rate: number; readonly ms: number }
  | { readonly kind: 'loss'; readonly rate: number }
  | { readonly kind: 'duplicate'; readonly rate: number }
  /** One direction between two nodes takes `ms` longer. */
  | { readonly kind: 'slow'; readonly from: string; readonly to: string; readonly ms: number }
  /** Answers of a node to clients get lost. */
  | { readonly kind: 'lost-answer'; readonly from: string; readonly rate: number };

/** A trouble with the name under which its effects are counted. */
export interface Named {
  readonly name: string;
  readonly trouble: NetworkTrouble;
}

const isClient = (id: string): boolean => id.startsWith('c');

function concerns(of: { from: string; to: string }, from: string, to: string): boolean {
  return (of.from === '*' || of.from === from) && (of.to === '*' || of.to === to);
}

export class Weather {
  /** How many messages each trouble has befallen. */
  readonly hits = new Map<string, number>();
  private readonly troubles = new Set<Named>();
  private readonly chance: Chance;
  private readonly baseMs: number;

  constructor(chance: Chance, baseMs: number) {
    this.chance = chance;
    this.baseMs = baseMs;
  }

  /** Returns how to end it. */
  begin(name: string, trouble: NetworkTrouble): () => void {
    const named = { name, trouble };
    this.troubles.add(named);
    return () => this.troubles.delete(named);
  }

  clear(): void {
    this.troubles.clear();
  }

  /** After how many milliseconds copies of a message arrive; none if it is lost. */
  arrivals(from: string, to: string): readonly number[] {
    const delays = [this.baseMs * (0.5 + this.chance.next())];
    for (const { name, trouble } of this.troubles) {
      if (this.strikes(trouble, from, to, delays)) {
        this.hits.set(name, (this.hits.get(name) ?? 0) + 1);
      }
      if (delays.length === 0) return delays;
    }
    return delays;
  }

  private strikes(trouble: NetworkTrouble, from: string, to: string, delays: number[]): boolean {
    const { chance } = this;
    const client = isClient(from) || isClient(to);
    switch (trouble.kind) {
      case 'cut':
        if (client || !concerns(trouble, from, to)) return false;
        delays.length = 0;
        return true;
      case 'slow':
        if (!concerns(trouble, from, to)) return false;
        delays[0]! += trouble.ms;
        return true;
      case 'delay':
        delays[0]! += chance.next() * trouble.ms;
        return true;
      case 'reorder':
        if (!chance.happens(trouble.rate)) return false;
        delays[0]! += chance.next() * trouble.ms;
        return true;
      case 'loss':
        if (!chance.happens(trouble.rate)) return false;
        delays.length = 0;
        return true;
      case 'duplicate':
        if (client || !chance.happens(trouble.rate)) return false;
        delays.push(delays[0]! + chance.next() * 50);
        return true;
      case 'lost-answer':
        if (from !== trouble.from || !isClient(to) || !chance.happens(trouble.rate)) return false;
        delays.length = 0;
        return true;
    }
  }
}
