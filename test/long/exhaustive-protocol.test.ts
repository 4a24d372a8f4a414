// Everything that can go wrong once in a small cluster, at every point of a run and in every way
// that test/core/exhaustive/deviation.ts knows: 33,479 schedules. Then a share of all pairs of what
// the short test knows: 21,486. How many there are of each stands in the tests, as fewer would show
// less.
//
// What one deviation may be: a message lost, late by so much that it comes behind 1, 2 or 4 others
// or much later, or doubled so; its way, its link or its sender cut off for long; a process ended
// before or after an event, with none, half or all of what it had not synced, soon there again or
// given up meanwhile; stopped, paused, told to leave, or lost with its disk; the arbiter ended; a
// Persist failed, refused or never confirmed; an answer to a client lost, a request asked again.
// In some shapes also: an arbiter that comes back with nothing; damage on a disk, with the others
// there or on their way; any majority ended at once, and started in any order; two that leave.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exploreOne, explorePairs } from '../core/exhaustive/exploration.ts';
import { SHAPES } from '../core/exhaustive/shape.ts';
import { BANK } from '../plants/bank.ts';
import { hunt, plantedCopy } from '../plants/planted-copy.ts';

describe('whatever goes wrong once, at whatever moment', () => {
  test.each([
    ['three', { points: 184, schedules: 2_951 }],
    ['leaving', { points: 183, schedules: 3_032 }],
    ['compacted', { points: 192, schedules: 3_083 }],
    ['five', { points: 263, schedules: 4_288 }],
    ['embedded', { points: 162, schedules: 2_546 }],
    ['memory', { points: 162, schedules: 2_346 }],
    ['conditional', { points: 254, schedules: 4_199 }],
    ['failover', { points: 186, schedules: 3_050 }],
  ] as const)('in the shape "%s"', (name, expected) => {
    const { objections, points, schedules } = exploreOne(SHAPES[name], 'all');
    expect(objections).toEqual([]);
    expect({ points, schedules }).toEqual(expected);
  });
});

// What may go wrong in every shape stands above: here is what may in these only.
describe('whatever may go wrong once in some clusters only, at whatever moment', () => {
  test.each([
    ['forgetful', 405],
    ['damaged', 4_849],
    ['together', 2_425],
    ['departing', 301],
  ] as const)('in the shape "%s"', (name, expected) => {
    const { objections, schedules } = exploreOne(SHAPES[name], 'own');
    expect(objections).toEqual([]);
    expect(schedules).toBe(expected);
  });
});

describe('two things go wrong, one after the other', () => {
  // A prime number of steps from one pair to the next, so that no kind is passed over.
  test.each([
    ['short', 61, 3_531],
    ['leaving', 307, 1_529],
    ['five', 997, 721],
    ['memory', 61, 3_432],
    ['departing', 97, 3_909],
    ['conditional', 307, 2_145],
  ] as const)('in the shape "%s", one of %s pairs', (name, every, expected) => {
    const { objections, schedules } = explorePairs(SHAPES[name], 'few', { every, from: 0 });
    expect(objections).toEqual([]);
    expect(schedules).toBe(expected);
  });
});

test('two things go wrong in the shape "compacted", one of 307 pairs', () => {
  const { objections, schedules } = explorePairs(SHAPES.compacted, 'few', { every: 307, from: 0 });
  expect(objections).toEqual([]);
  expect(schedules).toBe(1_258);
});

// docs/reliability.md, "Open": a master that is its own arbiter and comes back with an empty disk
// takes a majority of empty nodes for a new cluster, and refuses the one that has the old one's
// data. Two disks of three make such a majority, and so does a copy of a first Join, 6 s late. Of
// all pairs of the sample four come to that.
test('two things go wrong in the shape "embedded", one of 61 pairs', () => {
  const { objections, schedules } = explorePairs(SHAPES.embedded, 'few', { every: 61, from: 0 });
  const wiped = (at: number) => ({ at, kind: 'wipe', forMs: 40 });
  const late = { at: 9, kind: 'twice', ms: 6_000 };
  expect(objections.map(({ deviations }) => deviations)).toEqual([
    [late, wiped(181)],
    [late, wiped(242)],
    [wiped(89), wiped(90)],
    [wiped(109), wiped(110)],
  ]);
  for (const { findings } of objections) {
    expect(findings[0]).toBe('it has not come back: 2 members');
  }
  expect(schedules).toBe(4_989);
});

/** Mistakes that take one disturbance to show. */
const PLANTED = [
  'a Snapshot that comes again is stored again',
  'a late Persist confirms the one behind it',
  'a failed Persist counts as done',
];

test.each(PLANTED)('a planted bug is found: %s', async (name) => {
  const plant = BANK.find((one) => one.name === name)!;
  const folder = await mkdtemp(join(tmpdir(), 'replog-exhaustive-'));
  try {
    const run = new URL('../core/exhaustive/plant-hunt.ts', import.meta.url);
    const copy = await plantedCopy(plant, folder, 'planted', run);
    const [find] = await hunt(copy, [1], 600_000);
    // Not by the undisturbed run: that would be no merit of the others.
    expect(find?.seed).toBeGreaterThan(1);
    expect(find?.judge).not.toBeNull();
  } finally {
    await rm(folder, { recursive: true });
  }
});
