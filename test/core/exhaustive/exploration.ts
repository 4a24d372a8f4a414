// Explores what a small cluster comes to when one thing goes wrong, at every point of the run and
// in every way, and when a second thing goes wrong after that.

import { type Breadth, type Deviation, deviationsAt, type Kinds, type Point } from './deviation.ts';
import { disturbedRun, type Result } from './disturbed-run.ts';
import { idsOf, type Shape } from './shape.ts';

/** A schedule that the judges object to. */
export interface Objection {
  readonly deviations: readonly Deviation[];
  readonly findings: readonly string[];
}

export interface Explored {
  schedules: number;
  /** Points of the undisturbed run. */
  points: number;
  /** Successes that clients have heard, in all schedules together. */
  acknowledged: number;
  readonly objections: Objection[];
}

/** Enough to see what is wrong: then it ends. */
const OBJECTIONS_MAX = 10;

/** What may go wrong in a shape. */
function kindsOf(shape: Shape, breadth: Breadth): Kinds {
  const { arbiter, troubles } = shape;
  return { breadth, troubles, apart: arbiter === 'apart', ids: idsOf(shape) };
}

/** The undisturbed run, and every run with one deviation from it, until the judges have objected
 * to so many. */
export function exploreOne(
  shape: Shape,
  breadth: Breadth,
  objectionsMax: number = OBJECTIONS_MAX,
): Explored {
  const kinds = kindsOf(shape, breadth);
  const explored = nothing();
  const { points } = tryOne(shape, [], explored);
  explored.points = points.length;
  for (const deviation of everyDeviation(points, 0, kinds)) {
    if (explored.objections.length >= objectionsMax) break;
    tryOne(shape, [deviation], explored);
  }
  return explored;
}

/**
 * Runs with two deviations: the second one at each point of the run that the first one has led to,
 * behind it. Of all these pairs each `every`th, beginning with the one of place `from`.
 */
export function explorePairs(
  shape: Shape,
  breadth: Breadth,
  { every, from }: { readonly every: number; readonly from: number },
): Explored {
  const kinds = kindsOf(shape, breadth);
  const explored = nothing();
  const undisturbed = disturbedRun(shape, []);
  explored.points = undisturbed.points.length;
  let place = 0;
  for (const one of everyDeviation(undisturbed.points, 0, kinds)) {
    const { points } = disturbedRun(shape, [one]);
    for (const other of everyDeviation(points, one.at + 1, kinds)) {
      place += 1;
      if (place % every === from) tryOne(shape, [one, other], explored);
    }
    if (explored.objections.length >= OBJECTIONS_MAX) break;
  }
  return explored;
}

function everyDeviation(points: readonly Point[], from: number, kinds: Kinds): Deviation[] {
  const messages = points.filter(({ type }) => type === 'message');
  return points.slice(from).flatMap((point) => deviationsAt(point, messages, kinds));
}

function tryOne(shape: Shape, deviations: readonly Deviation[], explored: Explored): Result {
  const result = disturbedRun(shape, deviations);
  const { acknowledged, findings } = result;
  explored.schedules += 1;
  explored.acknowledged += acknowledged;
  if (findings.length > 0 && explored.objections.length < OBJECTIONS_MAX) {
    explored.objections.push({ deviations, findings });
  }
  return result;
}

function nothing(): Explored {
  return { schedules: 0, points: 0, acknowledged: 0, objections: [] };
}
