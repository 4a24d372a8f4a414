// Who left while the next master was being appointed counts there still, and nobody else.

import { describe, expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { drawnPlan } from '../../src/sim/plan/drawn-plan.ts';
import { tryPlan } from '../../src/sim/trial.ts';
import { message, Recording } from './recording.ts';

interface Passing {
  readonly nodes?: readonly string[];
  readonly acks: readonly string[];
  readonly leave: readonly string[];
  /** Until n2 is in office. */
  readonly afterMs?: number;
}

/** n1 acknowledges and is gone; nodes leave; n2 leads, and has it not. */
function verdictOf({ nodes = ['n1', 'n2', 'n3'], acks, leave, afterMs = 0 }: Passing): string {
  const run = new Recording(nodes);
  run.write(message('kept'), { w: 'all' });
  run.write(message('gone'), { w: acks.length, acks });
  run.node('n1', 'crash');
  for (const node of leave) {
    run.node(node, 'leave', { pending: true });
    run.node(node, 'leave');
  }
  run.tick(afterMs);
  run.log.length = 1;
  run.lead('n2');
  run.write(message('instead'), { w: 1, acks: ['n2'], node: 'n2' });
  return judge(run.records).violations.length === 0 ? 'OK' : 'ILLEGAL';
}

const four = ['n1', 'n2', 'n3', 'n4'];

describe('durable: a node leaves, and another master is in office', () => {
  test('what only the former one had may be lost: with who left there was a majority', () => {
    expect(verdictOf({ acks: ['n1'], leave: ['n3'] })).toBe('OK');
  });

  test('not where it left so long before that it was no member when that one was appointed', () => {
    expect(verdictOf({ acks: ['n1'], leave: ['n3'], afterMs: 4_000 })).toBe('ILLEGAL');
  });

  test('not where who left had it as well: a majority did', () => {
    expect(verdictOf({ acks: ['n1', 'n3'], leave: ['n3'] })).toBe('ILLEGAL');
  });

  test('of two that left the first may have been none any more', () => {
    const passing = { nodes: four, acks: ['n1', 'n4'] };
    expect(verdictOf({ ...passing, leave: ['n4', 'n3'] })).toBe('OK');
    expect(verdictOf({ ...passing, leave: ['n3', 'n4'] })).toBe('ILLEGAL');
  });

  test('the simulator: n3 is given up when n2 is appointed, and is not master yet', async () => {
    const { findings } = await tryPlan(drawnPlan(24_008_399));
    expect(findings).toEqual([]);
  });
});
