// The judge of when a Snapshot is sent again.

import { expect, test } from 'vitest';
import type { Response, SnapshotOrder } from '../../../src/core/messages.ts';
import type { NodeHost } from '../../../src/sim/cluster/node-host.ts';
import { Timeline } from '../../../src/sim/timeline.ts';
import { CopiesWatch } from '../../../src/sim/watch/copies-watch.ts';

function watching() {
  const timeline = new Timeline();
  const objections: string[] = [];
  const watch = new CopiesWatch(timeline, (_, sentence) => objections.push(sentence));
  const host = (life: number): NodeHost => ({ id: 'n1', lifeName: `n1#${life}` }) as NodeHost;
  return {
    objections,
    /** `ms` later a Snapshot goes from n1 to n2. */
    sends(ms: number, { life = 0, seq = 0, session = 1 } = {}): void {
      timeline.now += ms;
      const snapshot = { type: 'Snapshot', session, seq } as unknown as SnapshotOrder;
      watch.sent(host(life), 'n2', snapshot);
    },
    /** `ms` later n2 answers something. */
    answers(ms: number, type: string): void {
      timeline.now += ms;
      watch.answered(host(0), 'n2', { type } as Response);
    },
  };
}

test('copies at the gaps of the schedule are in order, also where they are a tenth shorter', () => {
  const { objections, sends } = watching();
  sends(0);
  for (const gap of [100, 100, 200, 400, 800, 1_600, 2_000, 2_000]) sends(0.9 * gap);
  expect(objections).toEqual([]);
});

test.each([
  ['the second', [100], 80],
  ['the fourth', [100, 100], 100],
  ['the eighth', [100, 100, 200, 400, 800, 1_600], 1_600],
])('%s copy that comes too soon', (_, gaps, early) => {
  const { objections, sends } = watching();
  sends(0);
  for (const gap of gaps) sends(gap);
  sends(early);
  expect(objections).toEqual([
    `n1 sends seq 0 to n2 again after ${early} ms, having sent it ${gaps.length + 1} times`,
  ]);
});

test.each(['SnapshotAck', 'Refused'])('a %s lets a copy go at once', (answer) => {
  const { answers, objections, sends } = watching();
  sends(0);
  answers(5, answer);
  sends(0);
  expect(objections).toEqual([]);
});

test('an answer to a heartbeat does so where it is the first one, or ends an outage', () => {
  const { answers, objections, sends } = watching();
  sends(0);
  answers(1, 'HeartbeatAck');
  sends(0);
  expect(objections).toEqual([]);
  answers(1, 'HeartbeatAck');
  sends(0);
  expect(objections).toHaveLength(1);
  answers(1_500, 'HeartbeatAck');
  sends(0);
  expect(objections).toHaveLength(1);
});

test('what goes in another session, another life or with another number is no copy', () => {
  const { objections, sends } = watching();
  sends(0);
  sends(1, { seq: 1 });
  sends(1, { session: 2 });
  sends(1, { session: 2, life: 1 });
  expect(objections).toEqual([]);
});
