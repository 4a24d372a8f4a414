// What is kept under a ticket until it is answered. The rule: what is taken out leaves nothing
// behind. A Map makes its table anew every so many keys that went, and each of its old tables
// refers to the next one and to all that was in it: once one of them is among the old objects, V8
// keeps all that follow, and whole requests with them, until it looks through all of its heap. Here
// the table only changes when it has to be larger.

import type { Ticket } from '../ids.ts';
import { invariant } from '../invariant.ts';
import { mayMoveUp } from './probing.ts';

const PLACES_MIN = 64;

/** No ticket has this number. */
const NONE = 0;

/** 2³² by the golden ratio: tickets that rise by one come to places far from each other, and none
 * stands in a row of many that wait for long. */
const SCATTER = 0x9e3779b1;

/** Invariant: the rule of probing.ts. */
export class TicketTable<Value extends object> {
  /** As many places as a power of two, at least twice the tickets. */
  private tickets: number[] = new Array(PLACES_MIN).fill(NONE);
  private values: (Value | null)[] = new Array(PLACES_MIN).fill(null);
  private count = 0;
  /** The bits of a scattered ticket that do not say where it belongs. */
  private shift = 32 - Math.log2(PLACES_MIN);

  get size(): number {
    return this.count;
  }

  /** The ticket is one that is not in. */
  add(ticket: Ticket, value: Value): void {
    if (2 * (this.count + 1) > this.tickets.length) this.grow();
    const place = this.placeOf(ticket);
    invariant(ticket !== NONE && this.tickets[place] === NONE, 'a ticket comes once, and is not 0');
    this.tickets[place] = ticket;
    this.values[place] = value;
    this.count += 1;
  }

  /** Takes a ticket out; returns what was kept under it, undefined if it is not in. */
  take(ticket: Ticket): Value | undefined {
    const { tickets, values } = this;
    let free = this.placeOf(ticket);
    const taken = values[free];
    if (taken === null || taken === undefined) return undefined;
    this.count -= 1;
    const mask = tickets.length - 1;
    for (let place = (free + 1) & mask; tickets[place] !== NONE; place = (place + 1) & mask) {
      if (!mayMoveUp(this.homeOf(tickets[place]!), place, free, mask)) continue;
      tickets[free] = tickets[place]!;
      values[free] = values[place]!;
      free = place;
    }
    tickets[free] = NONE;
    values[free] = null;
    return taken;
  }

  /** All that is kept, in no particular order. */
  all(): Value[] {
    return this.values.filter((value) => value !== null);
  }

  private homeOf(ticket: number): number {
    return Math.imul(ticket, SCATTER) >>> this.shift;
  }

  /** Where the ticket is, or where it would be put. */
  private placeOf(ticket: number): number {
    const { tickets } = this;
    const mask = tickets.length - 1;
    let place = this.homeOf(ticket);
    while (tickets[place] !== ticket && tickets[place] !== NONE) place = (place + 1) & mask;
    return place;
  }

  private grow(): void {
    const { tickets, values } = this;
    this.tickets = new Array(2 * tickets.length).fill(NONE);
    this.values = new Array(2 * tickets.length).fill(null);
    this.shift -= 1;
    for (const [from, value] of values.entries()) {
      if (value === null) continue;
      const place = this.placeOf(tickets[from]!);
      this.tickets[place] = tickets[from]!;
      this.values[place] = value;
    }
  }
}
