// Who still has what was acknowledged: after losses, returns and restarts.

import { describe, expect, test } from 'vitest';
import { judge } from '../../src/check/judge.ts';
import { judgesOf } from './objections.ts';
import { message, Recording } from './recording.ts';

describe('what is acknowledged', () => {
  test('is on no node any more that has had what was lost since', () => {
    const run = new Recording();
    run.write(message('kept'), { w: 'all' });
    for (const other of ['n2', 'n3', 'n2']) {
      run.write(message(`of n1 and ${other}`), { acks: ['n1', other] });
      run.node('n1', 'crash');
      run.node('n1', 'wipe');
      run.log.length = 1;
      run.start('n1');
      run.lead('n1');
    }
    expect(judge(run.end()).violations).toEqual([]);
  });

  test('is not held by a node that was back only at that moment, and may start over', () => {
    const run = new Recording();
    run.node('n2', 'leave');
    run.node('n2', 'join');
    run.write(message('gone'), { w: 'all', call: run.now });
    run.node('n1', 'crash');
    run.node('n1', 'wipe');
    run.log.length = 0;
    run.start('n1');
    run.lead('n1');
    run.write(message('instead'), { w: 'all' });
    expect(judge(run.end()).violations).toEqual([]);
  });

  test('is on too few, where one that was asked to leave may be a member still', () => {
    const judged = (pending: boolean, back: boolean): string[] => {
      const run = new Recording();
      run.write(message('gone'), { acks: ['n1', 'n3'] });
      run.node('n2', 'leave', { pending: true });
      // It was refused, and then asked again.
      if (back) run.node('n2', 'join');
      if (back || !pending) run.node('n2', 'leave', { pending });
      run.start('n3', true, true);
      run.node('n1', 'crash');
      run.node('n1', 'wipe');
      run.start('n1');
      run.log.length = 0;
      run.lead('n1');
      run.write(message('instead'), { w: 'all' });
      return [...new Set(judgesOf(run.records))];
    };
    for (const back of [true, false]) {
      expect(judged(true, back)).toEqual([]);
      expect(judged(false, back)).not.toEqual([]);
    }
  });

  test('is on too few from the start, where one that was asked to leave stays', () => {
    const judged = (pending: boolean): number => {
      const run = new Recording();
      run.node('n2', 'leave', { pending });
      run.write(message('gone'), { outcome: 'unknown', first: 1, last: 1, acks: ['n3'] });
      run.start('n1');
      run.log.length = 0;
      run.lead('n1');
      run.write(message('instead'), { w: 'all' });
      return judge(run.records).violations.length;
    };
    expect(judged(true)).toBe(0);
    expect(judged(false)).toBeGreaterThan(0);
  });

  test('is not held by the later lives of nodes whose earlier ones an old answer names', () => {
    const run = new Recording(['n1', 'n2', 'n3'], false);
    const gone = { w: 'all', idempotencyKey: 'k' } as const;
    run.write(message('gone'), gone);
    for (const node of ['n2', 'n3']) {
      run.node(node, 'crash');
      run.start(node, false);
    }
    run.write(message('gone'), gone);
    run.node('n1', 'crash');
    run.log.length = 0;
    run.start('n1', false);
    run.lead('n1');
    run.write(message('instead'), { w: 'all' });
    expect(judge(run.end()).violations).toEqual([]);
  });

  test('is shown by its master after a restart, before anything else is', () => {
    const run = new Recording();
    run.write(message('kept'), { w: 1 });
    run.node('n1', 'crash');
    run.start('n1');
    run.lead('n1');
    run.read('n1', {}, []);
    expect(judge(run.records).violations).toMatchObject([{ judge: 'durable' }]);
  });

  test('what a later epoch than that of a loss shows to be on a majority is promised', () => {
    const run = new Recording();
    run.write(message('kept'), { w: 'all' });
    run.write(message('gone'), { w: 1 });
    run.node('n1', 'wipe');
    run.log.length = 1;
    run.lead('n2');
    run.lead('n2');
    run.write(message('shown'), { outcome: 'unknown' });
    run.read('n2');
    expect(judge(run.records).violations).toEqual([]);
    run.log.length = 1;
    expect(judgesOf(run.end())).toContain('durable');
  });
});
