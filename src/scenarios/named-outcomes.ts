// Whether a scenario says of every write what is to come of it. Then one in which nothing is
// acknowledged is no accident: it shows refusals, or writes that wait in vain.

import type { RequestStep, Step } from './step.ts';

const WRITES: ReadonlySet<Step['verb']> = new Set(['append', 'batch', 'put', 'remove']);

/** Whether it is said of every write what is to come of it. */
export function namesOutcomes(steps: readonly Step[]): boolean {
  const awaited = steps.flatMap((step) =>
    step.verb === 'answer' && isOutcome(step.expect) ? [step.answer].flat() : [],
  );
  return steps.every((step) => {
    if (!WRITES.has(step.verb)) return true;
    const { as, expect } = step as RequestStep;
    return isOutcome(expect) || (as !== undefined && awaited.includes(as));
  });
}

function isOutcome(expect: RequestStep['expect']): boolean {
  return expect?.status !== undefined || expect?.code !== undefined;
}
