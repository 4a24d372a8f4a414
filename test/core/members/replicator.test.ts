import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import type { Options } from '../../../src/core/options.ts';
import { gapsBetween, ReplicatorBench } from './replicator-bench.ts';

const QUIET = Number.POSITIVE_INFINITY;

describe('Replicator: sending', () => {
  test('an operation goes out at once, numbered from 0', () => {
    const link = new ReplicatorBench();
    expect(link.replicator.deadline()).toBe(QUIET);
    link.append();
    expect(link.drawn).toEqual(['0 ms: seq 0, 1-1']);
    expect(link.copies[0]!.request).toMatchObject({ epoch: 1, session: 7, commitIndex: 0 });
  });

  test('C10: numbers are contiguous, and operations that gather share a Snapshot', () => {
    const link = new ReplicatorBench();
    link.append(1);
    link.append(2);
    link.append(1);
    link.run(49);
    link.ack(0, 0);
    link.append(5);
    link.run(50);
    expect(link.drawn).toEqual(['0 ms: seq 0, 1-1', '20 ms: seq 1, 2-4', '69 ms: seq 4, 5-9']);
  });

  test('an operation leaves within 50 ms, even while an earlier one is unacknowledged', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 10; i += 1) {
      link.append();
      const appendedAt = link.now;
      link.run(50);
      const carrier = link.copies.find(({ request }) => request.to >= i + 1)!;
      expect(carrier.at - appendedAt).toBeLessThanOrEqual(50);
    }
  });

  test('an operation leaves within 50 ms until a silent secondary is Unhealthy', () => {
    const link = new ReplicatorBench();
    const { stalledAfterMs } = link.bench.options;
    while (!link.replicator.stalled(link.now, stalledAfterMs)) {
      link.append();
      link.run(5);
    }
    expect(Math.max(...link.waits)).toBeLessThanOrEqual(50);
    // All but those of the last 50 ms have left.
    expect(link.waits.length).toBeGreaterThanOrEqual(stalledAfterMs / 5 - 10);
  });

  test('nor does it wait longer where each Snapshot is acknowledged 3 s late', () => {
    const link = new ReplicatorBench();
    let answered = 0;
    for (; link.now < 12_000; link.run(5)) {
      link.append();
      for (; link.copies[answered]!.at + 3_000 <= link.now; answered += 1) {
        const { seq, from, to } = link.copies[answered]!.request;
        link.ack(answered, seq + to - from);
      }
    }
    expect(Math.max(...link.waits)).toBeLessThanOrEqual(50);
    expect(link.waits.length).toBeGreaterThanOrEqual(12_000 / 5 - 10);
  });

  test('C17: at most so many Snapshots are under way', () => {
    const link = new ReplicatorBench({ options: { inFlightMax: 3 } });
    for (let i = 0; i < 4; i += 1) {
      link.append();
      link.run(20);
    }
    expect(link.drawn).toEqual(['0 ms: seq 0, 1-1', '40 ms: seq 1, 2-2', '60 ms: seq 2, 3-3']);
    link.ack(0, 2);
    expect(link.drawn.at(-1)).toBe('80 ms: seq 3, 4-4');
  });

  test('C17: there are fewer where one is missing, and they hold so many bytes at most', () => {
    const going = (options: Partial<Options>, missing: boolean): number => {
      const link = new ReplicatorBench({ options: { missedInFlightMax: 3, ...options } });
      for (let i = 0; i < 8; i += 1) {
        link.append();
        if (missing && i === 2) link.outOfOrder(1, 0);
        link.run(25);
      }
      return new Set(link.copies.map(({ request }) => request.seq)).size;
    };
    expect(going({}, false)).toBe(8);
    expect(going({}, true)).toBe(3);
    // Each takes 100 bytes here.
    expect(going({ inFlightBytesMax: 500 }, false)).toBe(5);
    expect(going({ inFlightBytesMax: 100 }, false)).toBe(3);
  });

  test('C17: a backlog goes in full Snapshots, two at a time, without waiting for company', () => {
    const link = new ReplicatorBench({ options: { snapshotEntriesMax: 10 } });
    link.append(45);
    link.run(90);
    expect(link.drawn).toEqual(['0 ms: seq 0, 1-10', '0 ms: seq 10, 11-20']);
    link.ack(0, 9);
    expect(link.drawn.at(-1)).toBe('90 ms: seq 20, 21-30');
    link.ack(2, 29);
    link.turn();
    expect(link.drawn.slice(-2)).toEqual(['90 ms: seq 30, 31-40', '90 ms: seq 40, 41-45']);
  });

  test('catch-up and live operations share one numbering', () => {
    const link = new ReplicatorBench({ held: 4, start: { base: logIndex(2) } });
    link.turn();
    link.append(3);
    link.run(20);
    expect(link.drawn).toEqual(['0 ms: seq 0, 3-4', '20 ms: seq 2, 5-7']);
  });
});

describe('Replicator: sending again', () => {
  test('a silent secondary: one copy in the first 80 ms, then the gaps of the contract', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(80);
    expect(link.copies).toHaveLength(1);
    link.run(12_000);
    const gaps = gapsBetween(link.timesOf(0));
    expect(gaps.slice(0, 9)).toEqual([100, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000]);
  });

  test('the jitter is at most a tenth, both ways', () => {
    for (const draw of [0, 0.25, 0.999]) {
      const link = new ReplicatorBench({ random: () => draw });
      link.append();
      link.run(8_000);
      const gaps = gapsBetween(link.timesOf(0));
      [100, 100, 200, 400, 800, 1_600, 2_000].forEach((gap, i) => {
        expect(Math.abs(gaps[i]! - gap)).toBeLessThanOrEqual(gap * 0.1 + 1e-6);
      });
    }
  });

  test('a copy goes out whether or not an earlier request is still pending', () => {
    const pending = new ReplicatorBench();
    pending.append();
    pending.run(1_000);
    const broken = new ReplicatorBench();
    broken.append();
    broken.fail(0);
    broken.run(1_000);
    expect(pending.timesOf(0)).toEqual([0, 100, 200, 400, 800]);
    expect(broken.timesOf(0)).toEqual(pending.timesOf(0));
  });

  test('every copy has the same updates and the same seq', () => {
    const link = new ReplicatorBench();
    link.append(2);
    link.run(90);
    link.append(5);
    link.run(1_000);
    const heads = link.copies.filter(({ request }) => request.seq === 0);
    expect(heads.length).toBeGreaterThan(3);
    for (const { request } of heads) expect(request).toMatchObject({ from: 1, to: 2 });
  });

  test('C11, B48: only the oldest is sent again, however many wait', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 20; i += 1) {
      link.append();
      link.run(30);
    }
    const before = link.copies.length;
    link.run(60_000);
    const later = link.copies.slice(before);
    expect(later.length).toBeLessThanOrEqual(33);
    expect(new Set(later.map(({ request }) => request.seq))).toEqual(new Set([0]));
  });

  test('C11: nothing after the acknowledgement', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(5);
    link.ack(0, 0);
    link.run(60_000);
    expect(link.copies).toHaveLength(1);
    expect(link.replicator.deadline()).toBe(QUIET);
  });

  test('C18: two unacknowledged writes leave no timer behind once they are acknowledged', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(30);
    link.append();
    link.run(30);
    link.ack(1, 1);
    expect(link.replicator.deadline()).toBe(QUIET);
    link.ack(0, 0);
    expect(link.replicator.deadline()).toBe(QUIET);
    expect(link.replicator.ackedIndex).toBe(2);
    link.run(60_000);
    expect(link.copies).toHaveLength(2);
  });

  test('each Snapshot keeps its own gaps, also if the one before is acknowledged meanwhile', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1);
    link.append();
    link.run(89);
    link.ack(0, 0);
    link.run(1_000);
    expect(gapsBetween(link.timesOf(1)).slice(0, 4)).toEqual([100, 100, 200, 400]);
  });
});

describe('Replicator: what lets the expected Snapshot go at once', () => {
  test('an acknowledgement, for one that must have been lost', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(30);
    link.append();
    link.run(420);
    const copies = link.copies.length;
    link.ack(copies - 1, 0);
    expect(link.drawn.at(-1)).toBe('450 ms: seq 1, 2-2');
  });

  test('an acknowledgement, for what gathered meanwhile', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(3);
    link.append();
    link.run(3);
    link.ack(0, 0);
    expect(link.drawn).toEqual(['0 ms: seq 0, 1-1', '6 ms: seq 1, 2-2']);
  });

  test('an out-of-order refusal of a later one, once per copy', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 4; i += 1) {
      link.append();
      link.run(21);
    }
    expect(link.timesOf(0)).toEqual([0]);
    for (const refused of [1, 2, 3]) link.outOfOrder(refused, 0);
    expect(link.timesOf(0)).toEqual([0, 84]);
    link.run(50);
    for (const refused of [1, 2, 3]) {
      expect(link.copies[refused]!.request.seq).toBeGreaterThan(0);
    }
    expect(link.timesOf(0)).toEqual([0, 84]);
  });

  test('an out-of-order refusal, for one that is not the oldest', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 3; i += 1) {
      link.append();
      link.run(21);
    }
    link.outOfOrder(2, 1);
    expect(link.drawn.at(-1)).toBe('63 ms: seq 1, 2-2');
  });

  test('what was refused follows what was missing, at its gap, without an acknowledgement', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 4; i += 1) {
      link.append();
      link.run(21);
    }
    for (const refused of [1, 2, 3]) link.outOfOrder(refused, 0);
    link.run(99);
    expect([0, 1, 2, 3].map((seq) => link.timesOf(seq))).toEqual([
      [0, 84],
      [41, 141],
      [62, 162],
      [83, 183],
    ]);
    link.ack(7, 3);
    expect(link.replicator.deadline()).toBe(QUIET);
  });

  test('what was refused goes with the acknowledgement, if it has not gone before', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(30);
    link.append();
    link.run(20);
    link.outOfOrder(1, 0);
    link.ack(2, 0);
    expect(link.drawn.slice(1)).toEqual([
      '50 ms: seq 1, 2-2',
      '50 ms: seq 0, 1-1',
      '50 ms: seq 1, 2-2',
    ]);
  });

  test('B48: a secondary that refuses whatever it gets is not flooded', () => {
    const link = new ReplicatorBench();
    for (let refused = 0; link.now < 20_000; link.run(1)) {
      if (link.now < 500) link.append();
      while (refused < link.copies.length) link.outOfOrder(refused++, 0);
    }
    const each = new Set(link.copies.map(({ request }) => request.seq));
    const late = link.copies.filter(({ at }) => at >= 10_000);
    expect(each.size).toBeGreaterThan(10);
    expect(late.length).toBeLessThanOrEqual(each.size * 6);
  });

  test('C11: a refusal of the expected copy itself waits for its gap: no storm', () => {
    const link = new ReplicatorBench();
    link.append();
    for (let refused = 0; link.now < 250 && refused < 50; link.run(1)) {
      if (refused < link.copies.length) link.outOfOrder(refused++, 0);
    }
    expect(link.timesOf(0)).toEqual([0, 100, 200]);
    expect(link.replicator.lastError).toBe('refused: out-of-order');
  });

  test('a sign of life after an outage', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(10_000);
    const before = link.copies.length;
    link.run(300);
    link.replicator.wake(link.now);
    link.run(350);
    expect(link.timesOf(0).slice(before)).toEqual([10_300, 10_400, 10_600]);
  });

  test('B48: what goes at a sign of life is what is expected, and not all that waits', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 20; i += 1) {
      link.append();
      link.run(30);
    }
    link.run(9_400);
    const before = link.copies.length;
    link.replicator.wake(link.now);
    link.run(90);
    expect(link.copies.slice(before).map(({ request }) => request.seq)).toEqual([0]);
  });

  test('nothing is expected: a sign of life sends nothing', () => {
    const link = new ReplicatorBench();
    link.replicator.wake(0);
    link.run(1_000);
    expect(link.copies).toEqual([]);
    expect(link.replicator.deadline()).toBe(QUIET);
  });
});
