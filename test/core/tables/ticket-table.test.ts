import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ticket } from '../../../src/core/ids.ts';
import { TicketTable } from '../../../src/core/tables/ticket-table.ts';

/** What only the table itself knows: its places, and in which of them a ticket belongs. */
interface Inside {
  readonly tickets: readonly number[];
  homeOf(ticket: number): number;
}

const inside = (table: TicketTable<object>): Inside => table as unknown as Inside;

describe('TicketTable', () => {
  // Of 32 bits a place has the upper ones: multiples of 2^27 crowd in few of them.
  test.each([1, 2 ** 27])('keeps and gives back as a Map does (tickets times %d)', (times) => {
    const step = fc.record({ n: fc.integer({ min: 1, max: 200 }), take: fc.boolean() });
    const property = fc.property(fc.array(step, { maxLength: 500 }), (steps) => {
      const table = new TicketTable<{ value: number }>();
      const map = new Map<number, { value: number }>();
      for (const [value, { n, take }] of steps.entries()) {
        const key = ticket(n * times);
        if (take || map.has(key)) {
          expect(table.take(key)).toBe(map.get(key));
          map.delete(key);
        } else {
          const kept = { value };
          table.add(key, kept);
          map.set(key, kept);
        }
        expect(table.size).toBe(map.size);
      }
      expect(new Set(table.all())).toEqual(new Set(map.values()));
      expect(inside(table).tickets.length).toBeGreaterThanOrEqual(2 * table.size);
      for (const [key, value] of map) expect(table.take(ticket(key))).toBe(value);
      expect(table.size).toBe(0);
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('a ticket that is in, or is none, is refused', () => {
    const table = new TicketTable<object>();
    table.add(ticket(7), {});
    expect(() => table.add(ticket(7), {})).toThrow('a ticket comes once');
    expect(() => table.add(ticket(0), {})).toThrow('a ticket comes once');
    expect(table.take(ticket(0))).toBeUndefined();
    expect(table.size).toBe(1);
  });

  test('tickets that come and go leave it as large as it was', () => {
    const table = new TicketTable<object>();
    for (let n = 1; n <= 100; n += 1) table.add(ticket(n), {});
    const before = inside(table).tickets.length;
    for (let n = 101; n <= 100_000; n += 1) {
      table.add(ticket(n), {});
      expect(table.take(ticket(n - 100))).toBeDefined();
    }
    expect(inside(table).tickets.length).toBe(before);
    expect(table.size).toBe(100);
  });

  test('beside ten thousand that wait for long others are found where they belong, or near', () => {
    const table = new TicketTable<object>();
    for (let n = 1; n <= 10_000; n += 1) table.add(ticket(n), {});
    let steps = 0;
    for (let n = 10_001; n <= 60_000; n += 1) {
      table.add(ticket(n), {});
      const { tickets } = inside(table);
      const home = inside(table).homeOf(n);
      for (let place = home; tickets[place] !== n; place = (place + 1) % tickets.length) steps += 1;
      table.take(ticket(n));
    }
    expect(steps / 50_000).toBeLessThan(1);
  });
});
