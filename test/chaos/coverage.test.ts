import { describe, expect, test } from 'vitest';
import { Chance } from '../../src/chaos/chance.ts';
import { Coverage, concernOf } from '../../src/chaos/coverage.ts';
import { CELLS, FAULT_KINDS } from '../../src/chaos/fault-kinds.ts';
import { faultSettings } from '../../src/node/faults/fault-settings.ts';

const met = (coverage: Coverage, fault: string) =>
  coverage.rows.find((row) => row.fault === fault && row.role === 'secondary')!.met;

describe('coverage', () => {
  test('a write meets what was in force while it was under way, and nothing else', () => {
    const coverage = new Coverage();
    const kill = coverage.begin('kill', 'secondary', 100, true);
    coverage.wrote('all', 0, 99);
    coverage.wrote('all', 50, 100);
    coverage.wrote('1', 120, 130);
    coverage.end(kill, 200, true);
    coverage.wrote('2', 190, 300);
    coverage.wrote('majority', 201, 300);
    expect(met(coverage, 'kill')).toEqual({ '1': 1, '2': 1, majority: 0, all: 1 });
  });

  test('a fault that never struck was not met; one that did was met from its beginning', () => {
    const coverage = new Coverage();
    const idle = coverage.begin('hold', 'secondary', 0, null);
    const busy = coverage.begin('delay', 'secondary', 0, null);
    coverage.wrote('2', 10, 20);
    expect(met(coverage, 'delay')['2']).toBe(0);
    coverage.end(idle, 30, false);
    coverage.end(busy, 30, true);
    coverage.wrote('2', 15, 40);
    expect(met(coverage, 'hold')['2']).toBe(0);
    expect(met(coverage, 'delay')['2']).toBe(2);
    expect(coverage.uncovered).toBe(coverage.cells - 1);
  });

  test('a fault that is over is kept for a minute: writes may still be under way', () => {
    const coverage = new Coverage();
    const kill = coverage.begin('kill', 'secondary', 0, true);
    coverage.end(kill, 10, true);
    coverage.begin('stop', 'secondary', 60_010, true);
    coverage.wrote('all', 5, 60_010);
    expect(met(coverage, 'kill').all).toBe(1);
    coverage.begin('stop', 'secondary', 60_011, true);
    coverage.wrote('all', 5, 60_011);
    expect(met(coverage, 'kill').all).toBe(1);
  });

  test('a write concern has one column', () => {
    const of = (w: number | 'majority' | 'all') => concernOf(w, 3);
    expect([of(1), of(2), of(3), of('majority'), of('all')]).toEqual([
      '1',
      '2',
      'all',
      'majority',
      'all',
    ]);
  });
});

test('nodes take every fault that is drawn, and each kind of the contract is there', () => {
  const chance = new Chance(1);
  const drawn = FAULT_KINDS.map(({ draw }) => draw(chance));
  for (const faults of drawn) expect(faultSettings.safeParse(faults).success).toBe(true);
  const text = JSON.stringify(drawn);
  const kinds = ['delayMs', 'errorBefore', 'errorAfter', 'dropRequest', 'dropReply', 'hold'];
  for (const kind of [...kinds, 'heartbeat', 'fail', 'swallow', 'stuck']) {
    expect(text).toContain(`"${kind}"`);
  }
  expect(new Set(CELLS.map(({ fault, role }) => `${fault} ${role}`)).size).toBe(CELLS.length);
});

test('chance: the same seed and name draw the same, other names draw otherwise', () => {
  const draw = (seed: number, name: string) => {
    const chance = Chance.of(seed, name);
    return Array.from({ length: 50 }, () => chance.between(0, 999));
  };
  expect(draw(7, 'a')).toEqual(draw(7, 'a'));
  expect(draw(7, 'a')).not.toEqual(draw(7, 'b'));
  expect(draw(7, 'a')).not.toEqual(draw(8, 'a'));
  const many = new Chance(3);
  const mean = Array.from({ length: 20_000 }, () => many.next()).reduce((a, b) => a + b) / 20_000;
  expect(mean).toBeCloseTo(0.5, 1);
});
