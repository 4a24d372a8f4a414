// Every small disturbance of a small cluster: an arbiter, a master and two secondaries, and four
// writes of which one is a repeat. Explored is the run in which nothing goes wrong, and each that
// differs from it by one thing, at one of its 142 points: every message lost, late, doubled much
// later, or the last one for long of who sends it; every process ended before and after every
// event, standing still, or lost with its disk; every Persist failed, late, or not confirmed; every
// answer to a client lost. That makes 536 runs, in some 4 s of processor time. In
// test/long/exhaustive-protocol.test.ts there is more of everything, and two things go wrong.

import { expect, test } from 'vitest';
import { exploreOne } from './exploration.ts';
import { SHAPES } from './shape.ts';

test('C1, C2, C3, C6, C7, C9, C20: nothing is lost, whatever goes wrong once, and when', () => {
  const { acknowledged, objections, points, schedules } = exploreOne(SHAPES.short, 'few');
  expect(objections).toEqual([]);
  // As many as there are: an exploration that has missed some shows nothing of them.
  expect({ points, schedules }).toEqual({ points: 142, schedules: 536 });
  expect(acknowledged).toBeGreaterThan(schedules * 4);
}, 120_000);
