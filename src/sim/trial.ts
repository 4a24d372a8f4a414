// Runs a plan and judges what came of it, from inside and from outside.

import type { HistoryRecord } from '../check/history/history.ts';
import { judge } from '../check/judge.ts';
import type { Plan } from './plan/plan.ts';
import { type Run, type RunOptions, simulate } from './simulation.ts';

/** A rule that was broken. */
export interface Finding {
  /** Name of the judge. */
  readonly judge: string;
  readonly sentence: string;
}

/** When clients heard success. */
export interface Acknowledged {
  readonly before: number;
  readonly during: number;
  readonly after: number;
}

export interface Trial {
  readonly run: Run;
  /** Empty: everything held. */
  readonly findings: readonly Finding[];
  readonly acknowledged: Acknowledged;
  /** Success was heard before, during and after the faults: the run says something. */
  readonly counts: boolean;
  /** Acknowledged operations that were allowed to be lost, because those who had them were. */
  readonly excused: number;
}

export async function tryPlan(plan: Plan, options: RunOptions = {}): Promise<Trial> {
  const run = await simulate(plan, options);
  const verdict = judge(run.history);
  const findings: Finding[] = [
    ...run.breaches,
    ...verdict.violations,
    ...verdict.reasons.map((sentence) => ({ judge: 'the history decides', sentence })),
  ].map(({ judge: by, sentence }) => ({ judge: by, sentence }));
  const acknowledged = acknowledgedIn(run.history, plan);
  const { before, during, after } = acknowledged;
  const counts = before > 0 && during > 0 && after > 0;
  return { run, findings, acknowledged, counts, excused: verdict.counts.excused };
}

function acknowledgedIn(history: readonly HistoryRecord[], plan: Plan): Acknowledged {
  const heard = { before: 0, during: 0, after: 0 };
  for (const record of history) {
    if (record.type !== 'write' || record.outcome !== 'ok' || record.return === null) continue;
    if (record.return < plan.faultsFrom) heard.before += 1;
    else if (record.return < plan.faultsUntil) heard.during += 1;
    // The proof at the end is not a client's.
    else if (record.client !== 'judge') heard.after += 1;
  }
  return heard;
}
