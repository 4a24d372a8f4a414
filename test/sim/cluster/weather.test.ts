// What becomes of messages: each kind of trouble does what it says, to whom it says, while it
// lasts.

import { describe, expect, test } from 'vitest';
import { Chance } from '../../../src/sim/chance.ts';
import { type NetworkTrouble, Weather } from '../../../src/sim/cluster/weather.ts';

/** When copies of twenty messages arrive, and how many of them the trouble has befallen. */
function under(trouble: NetworkTrouble | null, from: string, to: string) {
  const weather = new Weather(new Chance(1), 10);
  if (trouble !== null) weather.begin('it', trouble);
  const messages = Array.from({ length: 20 }, () => weather.arrivals(from, to));
  return { messages, hits: weather.hits.get('it') ?? 0 };
}

const fair = (delays: readonly number[]): boolean =>
  delays.length === 1 && delays[0]! >= 5 && delays[0]! < 15;

/** Whether all of them arrived as without any trouble. */
const unharmed = (...[trouble, from, to]: Parameters<typeof under>): boolean => {
  const { hits, messages } = under(trouble, from, to);
  return hits === 0 && messages.every(fair);
};

describe('a message', () => {
  test('takes about its time, and not always the same', () => {
    expect(unharmed(null, 'n1', 'n2')).toBe(true);
    expect(new Set(under(null, 'n1', 'n2').messages.flat()).size).toBe(20);
  });

  test.each([
    ['n1', 'n2', ['n1 n2']],
    ['n1', '*', ['n1 n2', 'n1 n3']],
    ['*', 'n1', ['n2 n1', 'n3 n1']],
  ])(
    'of a cut from %s to %s gets nowhere, all others do, and those of clients',
    (from, to, cut) => {
      const trouble = { kind: 'cut', from, to } as const;
      const ids = ['n1', 'n2', 'n3', 'c1'];
      const ways = ids.flatMap((one) => ids.map((other) => [one, other] as const));
      const lost = ways.filter(([one, other]) => one !== other && !unharmed(trouble, one, other));
      expect(lost.map((way) => way.join(' ')).toSorted()).toEqual(cut);
      const { hits, messages } = under(trouble, 'n1', cut[0]!.includes('n2 n1') ? 'n1' : 'n2');
      if (from === 'n1') expect([messages.flat(), hits]).toEqual([[], 20]);
    },
  );

  test('of a slow direction takes so much longer, and its answer does not', () => {
    const trouble = { kind: 'slow', from: 'n1', to: 'n2', ms: 500 } as const;
    const { hits, messages } = under(trouble, 'n1', 'n2');
    expect(messages.every(([delay]) => delay! >= 505 && delay! < 515)).toBe(true);
    expect(hits).toBe(20);
    expect(unharmed(trouble, 'n2', 'n1')).toBe(true);
    expect(unharmed(trouble, 'n1', 'n3')).toBe(true);
  });

  test.each(['n1', 'c1'])('is late when all are, or held back when some are, from %s', (from) => {
    const late = under({ kind: 'delay', ms: 1_000 }, from, 'n2');
    expect(late.hits).toBe(20);
    const times = late.messages.flat();
    expect(Math.max(...times)).toBeGreaterThan(500);
    expect(Math.max(...times)).toBeLessThan(1_015);
    const held = under({ kind: 'reorder', rate: 0.5, ms: 1_000 }, from, 'n2');
    const slow = held.messages.filter((delays) => !fair(delays)).length;
    expect(slow).toBeGreaterThan(3);
    expect(slow).toBeLessThan(17);
    expect(held.hits).toBeGreaterThanOrEqual(slow);
    expect(held.hits).toBeLessThan(20);
  });

  test.each(['n1', 'c1'])('is lost at the rate at which messages are, from %s', (from) => {
    const { hits, messages } = under({ kind: 'loss', rate: 0.5 }, from, 'n2');
    const lost = messages.filter(({ length }) => length === 0).length;
    expect(lost).toBe(hits);
    expect(lost).toBeGreaterThan(3);
    expect(lost).toBeLessThan(17);
  });

  test('arrives twice between nodes only, the second time a little later', () => {
    const twice = { kind: 'duplicate', rate: 1 } as const;
    const { hits, messages } = under(twice, 'n1', 'n2');
    expect(hits).toBe(20);
    for (const [first, second] of messages) {
      expect(second).toBeGreaterThanOrEqual(first!);
      expect(second).toBeLessThan(first! + 50);
    }
    for (const [from, to] of [
      ['c1', 'n1'],
      ['n1', 'c1'],
    ] as const)
      expect(unharmed(twice, from, to)).toBe(true);
  });

  test('is lost as an answer to a client of the node that it is said of, and not otherwise', () => {
    const trouble = { kind: 'lost-answer', from: 'n1', rate: 1 } as const;
    expect(under(trouble, 'n1', 'c1').messages.flat()).toEqual([]);
    for (const [from, to] of [
      ['c1', 'n1'],
      ['n2', 'c1'],
      ['n1', 'n2'],
    ] as const)
      expect(unharmed(trouble, from, to)).toBe(true);
  });
});

describe('troubles', () => {
  const slow = { kind: 'slow', from: 'n1', to: 'n2', ms: 100 } as const;

  test('add up, and each goes when it ends, whatever its name', () => {
    const weather = new Weather(new Chance(1), 10);
    const takes = (): number => Math.round(weather.arrivals('n1', 'n2')[0]! / 100);
    const [first, second] = [weather.begin('same', slow), weather.begin('same', { ...slow })];
    expect(takes()).toBe(2);
    first();
    expect(takes()).toBe(1);
    second();
    expect(takes()).toBe(0);
    expect(weather.hits.get('same')).toBe(3);
  });

  test('are over when the sky is cleared', () => {
    const weather = new Weather(new Chance(1), 10);
    weather.begin('cut', { kind: 'cut', from: '*', to: '*' });
    expect(weather.arrivals('n1', 'n2')).toEqual([]);
    weather.clear();
    expect(fair(weather.arrivals('n1', 'n2'))).toBe(true);
  });
});
