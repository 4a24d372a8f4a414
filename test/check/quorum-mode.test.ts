// Nothing is acknowledged without a quorum: when it is certain that there was none, and when not.

import { describe, expect, test } from 'vitest';
import type { HistoryRecord, NodeRecord } from '../../src/check/history/history.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

describe('fewer nodes than a majority have been running for eight seconds', () => {
  const SLACK_MS = 8_000;

  /** All but n1 are struck, the last of them at `now`. */
  function struck(event: NodeRecord['event'] = 'crash', nodes = ['n1', 'n2', 'n3']): Recording {
    const run = new Recording(nodes);
    run.write(message('one'), { w: 'all', idempotencyKey: 'k' });
    for (const node of nodes.slice(1)) run.node(node, event);
    return run;
  }

  /** What becomes of a write that n1 acknowledges so long after now. */
  function answered(run: Recording, laterMs: number): string[] {
    run.tick(laterMs);
    run.write(message('two'), { call: run.now, w: 1 });
    return judgesOf(run.records);
  }

  test.each(['crash', 'stop', 'pause', 'refused-start'] as const)('since their %s', (event) => {
    expect(answered(struck(event), SLACK_MS)).toEqual(['quorum mode']);
    expect(answered(struck(event), SLACK_MS - 1)).toEqual([]);
  });

  test('since there were too few, though fewer are left since', () => {
    const run = struck('crash', ['n1', 'n2', 'n3', 'n4', 'n5']);
    const last = run.records.pop()!;
    run.tick(SLACK_MS - 2);
    run.records.push({ ...last, at: run.now } as HistoryRecord);
    expect(answered(run, 0)).toEqual([]);
    run.records.pop();
    expect(answered(run, 1)).toEqual(['quorum mode']);
  });

  test('but not if one has come back meanwhile', () => {
    const run = struck();
    run.start('n2');
    expect(answered(run, SLACK_MS)).toEqual([]);
    run.node('n2', 'crash');
    expect(answered(run, SLACK_MS - 1)).toEqual([]);
    run.records.pop();
    expect(answered(run, 1)).toEqual(['quorum mode']);
  });

  test.each([
    ['starts', ['start']],
    ['goes on', ['pause', 'resume']],
    ['stands still', ['pause']],
    ['has ended', ['crash']],
  ] as const)('nor of a master that %s itself', (_, events) => {
    const run = struck();
    run.tick(SLACK_MS);
    for (const event of events) run.node('n1', event);
    expect(answered(run, 1)).toEqual([]);
  });

  test('a repetition is answered all the same', () => {
    const run = struck();
    run.tick(SLACK_MS);
    run.write(message('one'), { w: 1, idempotencyKey: 'k' });
    expect(judgesOf(run.records)).toEqual([]);
  });
});

describe('a master is alone at two moments', () => {
  const alone = (run: Recording): void => run.health({ alive: 1, mode: 'read-only' });

  /** It acknowledges a write in between. */
  function between(happens: (run: Recording) => void, asked = (_now: number) => ({})): string[] {
    const run = new Recording();
    run.write(message('one'), { w: 'all', idempotencyKey: 'k' });
    alone(run);
    const { now } = run;
    happens(run);
    run.write(message('two'), asked(now));
    alone(run);
    return judgesOf(run.records);
  }

  test('and acknowledges nothing new that was asked for behind the first', () => {
    expect(between(() => {})).toEqual(['quorum mode']);
    const again = { operations: [message('one')], idempotencyKey: 'k' };
    const [none, pause] = [() => {}, (run: Recording) => void run.tick()];
    expect(between(none, () => again)).toEqual([]);
    expect(between(pause, (call) => ({ call }))).toEqual([]);
    expect(between(pause, (at) => ({ call: at + 1 }))).toEqual(['quorum mode']);
  });

  test('but not where it was not alone between them', () => {
    expect(between((run) => run.health())).toEqual([]);
  });

  test.each(['start', 'join', 'leave', 'role'] as const)('nor after the %s of a node', (event) => {
    const role = event === 'role' ? ({ role: 'secondary', epoch: 1 } as const) : {};
    expect(between((run) => run.node('n3', event, role))).toEqual([]);
    expect(between((run) => run.node('n3', 'crash'))).toEqual(['quorum mode']);
  });
});
