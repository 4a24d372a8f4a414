// The judge of what a master says of its members' health.

import { describe, expect, test } from 'vitest';
import type { MemberStatus } from '../../../src/core/effects.ts';
import { nodeId } from '../../../src/core/ids.ts';
import type { Response, SnapshotOrder } from '../../../src/core/messages.ts';
import type { NodeHost } from '../../../src/sim/cluster/node-host.ts';
import { Timeline } from '../../../src/sim/timeline.ts';
import { HealthWatch } from '../../../src/sim/watch/health-watch.ts';

/** n1 leads n2, and is watched. */
function watching() {
  const timeline = new Timeline();
  const objections: string[] = [];
  const watch = new HealthWatch(timeline, (_, sentence) => objections.push(sentence));
  const members = [{ node: nodeId('n2'), status: 'Healthy' as MemberStatus }];
  const n1 = { id: 'n1', lifeName: 'n1#0', status: { role: 'master', members } };
  const node = n1 as unknown as NodeHost;
  watch.leads(node);
  const answered = (response: object): void =>
    watch.answered(node, 'n2', response as Response, timeline.now);
  return {
    objections,
    timeline,
    /** n1 has a turn every 100 ms for so long; with `beats` n2 answers every fifth time. */
    goesOn(ms: number, beats = false): void {
      for (let turn = 1; turn <= ms / 100; turn += 1) {
        timeline.now += 100;
        if (beats && turn % 5 === 0) answered({ type: 'HeartbeatAck', node: 'n2' });
        watch.turned(node);
      }
    },
    /** n1 says this of n2 from now on. */
    calls(to: MemberStatus): void {
      const { status: from } = members[0]!;
      members[0]!.status = to;
      watch.judged(node, { event: 'status', node: nodeId('n2'), from, to });
    },
    /** Of one update, or of none. */
    sends(seq: number, updates = 1): void {
      const range = { from: seq + 1, to: seq + updates };
      const snapshot = { type: 'Snapshot', session: 1, seq, ...range };
      watch.sent(node, 'n2', snapshot as unknown as SnapshotOrder);
    },
    acknowledges: (seq: number): void => answered({ type: 'SnapshotAck', session: 1, seq }),
    leaves(): void {
      members.length = 0;
      watch.left(node, 'n2');
    },
    joins: (): void => void members.push({ node: nodeId('n2'), status: 'Healthy' }),
    answers: (response: object, sentAt: number): void =>
      watch.answered(node, 'n2', response as Response, sentAt),
  };
}

describe('a member that is called', () => {
  test.each<[MemberStatus, number, boolean]>([
    ['Suspected', 1_400, true],
    ['Suspected', 1_500, false],
    ['Unhealthy', 3_900, true],
    ['Unhealthy', 4_000, false],
  ])('%s after %d ms of silence', (status, ms, wrong) => {
    const { calls, goesOn, objections } = watching();
    goesOn(2_000, true);
    goesOn(ms);
    const before = objections.length;
    calls(status);
    expect(objections.length - before).toBe(wrong ? 1 : 0);
  });

  test('Unhealthy when its master had stood still', () => {
    const { calls, goesOn, objections, timeline } = watching();
    goesOn(2_000, true);
    timeline.now += 5_000;
    calls('Unhealthy');
    expect(objections).toEqual([expect.stringContaining('calls n2 Unhealthy (was Healthy) 0 ms')]);
  });

  test('Suspected, though it answers, as it acknowledges nothing', () => {
    const { acknowledges, calls, goesOn, objections, sends } = watching();
    sends(0);
    acknowledges(0);
    sends(1);
    goesOn(3_900, true);
    // What it says once more is no progress.
    acknowledges(0);
    calls('Suspected');
    expect(objections).toHaveLength(1);
    calls('Healthy');
    goesOn(100);
    calls('Suspected');
    expect(objections).toHaveLength(1);
  });
});

describe('a member that is called Healthy on', () => {
  test('and is silent', () => {
    const { goesOn, objections } = watching();
    goesOn(2_000, true);
    goesOn(2_000);
    expect(objections).toEqual([]);
    goesOn(400);
    expect(objections[0]).toContain('n1 calls n2 Healthy, which has been silent for');
  });

  test('and acknowledges nothing', () => {
    const { goesOn, objections, sends } = watching();
    goesOn(500, true);
    sends(0);
    goesOn(4_500, true);
    expect(objections).toEqual([]);
    goesOn(500, true);
    expect(objections[0]).toContain('which has acknowledged nothing for');
  });

  test('and says its first word, a refusal, after long', () => {
    const { answers, calls, goesOn, objections, sends, timeline } = watching();
    sends(0);
    goesOn(1_500);
    calls('Suspected');
    goesOn(2_500);
    calls('Unhealthy');
    goesOn(2_000);
    answers({ type: 'Refused', code: 'out-of-order' }, timeline.now);
    calls('Healthy');
    goesOn(1_000);
    expect(objections).toEqual([]);
  });

  test('and acknowledges a part now and then', () => {
    const { acknowledges, goesOn, objections, sends } = watching();
    for (let seq = 0; seq < 5; seq += 1) {
      sends(seq + 1);
      goesOn(3_000, true);
      acknowledges(seq);
    }
    acknowledges(5);
    goesOn(10_000, true);
    expect(objections).toEqual([]);
  });

  test('and has acknowledged that there was nothing', () => {
    const { acknowledges, goesOn, objections, sends } = watching();
    sends(0, 0);
    acknowledges(-1);
    goesOn(10_000, true);
    expect(objections).toEqual([]);
  });

  test('and has left, and come back; what it had answered before came late', () => {
    const { answers, goesOn, joins, leaves, objections, timeline } = watching();
    goesOn(2_000, true);
    leaves();
    answers({ type: 'HeartbeatAck', node: 'n2' }, timeline.now);
    goesOn(5_000);
    joins();
    goesOn(1_400);
    expect(objections).toEqual([]);
    goesOn(1_200);
    expect(objections[0]).toContain('n1 calls n2 Healthy, which has been silent for');
  });
});

test('one that is Suspected is gone after 4 s', () => {
  const { calls, goesOn, objections } = watching();
  goesOn(2_000, true);
  goesOn(1_500);
  calls('Suspected');
  goesOn(3_100);
  expect(objections).toEqual([]);
  goesOn(300);
  expect(objections[0]).toContain('n1 calls n2 Suspected, which has been silent for');
});

test('one that answers again is Unhealthy no more', () => {
  const { calls, goesOn, objections } = watching();
  goesOn(500, true);
  goesOn(1_500);
  calls('Suspected');
  goesOn(2_500);
  calls('Unhealthy');
  goesOn(1_000, true);
  expect(objections).toEqual([]);
  goesOn(500, true);
  expect(objections[0]).toMatch(/calls n2 Unhealthy, which has answered again for \d+ ms/);
});

test('an answer counts that is heard before anybody has looked at its node', () => {
  const { answers, calls, goesOn, objections } = watching();
  const beat = { type: 'HeartbeatAck', node: 'n2' };
  goesOn(100);
  answers(beat, 90);
  goesOn(100);
  // Sent earlier, and late.
  answers(beat, 10);
  goesOn(1_400);
  calls('Suspected');
  expect(objections).toEqual([]);
});

test('an answer to an earlier heartbeat, of another node or to a Snapshot proves nothing', () => {
  const { acknowledges, answers, calls, goesOn, objections, sends, timeline } = watching();
  goesOn(1_000, true);
  const beat = { type: 'HeartbeatAck', node: 'n2' };
  goesOn(1_000);
  answers(beat, 400);
  answers({ ...beat, node: 'n3' }, timeline.now);
  sends(0);
  acknowledges(0);
  goesOn(500);
  calls('Suspected');
  expect(objections).toEqual([]);
});
