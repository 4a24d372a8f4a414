import { describe, expect, test } from 'vitest';
import { epoch, logIndex, seq, session } from '../../../src/core/ids.ts';
import { gapsBetween, ReplicatorBench } from './replicator-bench.ts';

const QUIET = Number.POSITIVE_INFINITY;

describe('Replicator: answers', () => {
  test('a late answer to an earlier copy counts', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1_000);
    expect(link.copies.length).toBeGreaterThan(3);
    link.ack(0, 0);
    expect(link.replicator.ackedIndex).toBe(1);
    link.run(10_000);
    expect(link.timesOf(0).at(-1)).toBeLessThanOrEqual(1_000);
  });

  test('an acknowledgement of more than was asked counts', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1);
    link.append();
    link.run(20);
    link.ack(0, 1);
    expect(link.replicator.ackedIndex).toBe(2);
  });

  test('part of a Snapshot: the rest goes at once, and then as what was not sent before', () => {
    const link = new ReplicatorBench();
    link.append(3);
    link.run(1_000);
    expect(link.drawn.at(-1)).toBe('800 ms: seq 0, 1-3');
    link.ack(1, 1);
    expect(link.replicator.ackedIndex).toBe(2);
    link.run(450);
    expect(link.drawn.slice(5)).toEqual(
      [1_000, 1_100, 1_200, 1_400].map((at) => `${at} ms: seq 2, 3-3`),
    );
  });

  test('part of a Snapshot, in the answer to the one before it: the rest goes at once, too', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1);
    link.append(3);
    link.run(20);
    expect(link.drawn).toEqual(['0 ms: seq 0, 1-1', '21 ms: seq 1, 2-4']);
    link.ack(0, 2);
    expect(link.replicator.ackedIndex).toBe(3);
    link.run(150);
    expect(link.drawn.slice(2)).toEqual(['21 ms: seq 3, 4-4', '121 ms: seq 3, 4-4']);
  });

  test('one that takes an update at a time has them all after as many answers', () => {
    const link = new ReplicatorBench();
    link.append(12);
    for (let acked = 0; acked < 12; acked += 1) {
      link.run(5);
      link.ack(link.copies.length - 1, acked);
    }
    expect(link.replicator.ackedIndex).toBe(12);
    expect(link.now).toBe(60);
    expect(link.copies).toHaveLength(12);
  });

  test.each([1, 5])('C6: an acknowledgement of seq %i, never sent, is none', (upTo) => {
    const link = new ReplicatorBench();
    link.append();
    link.ack(0, upTo);
    expect(link.replicator.ackedIndex).toBeNull();
    expect(link.replicator.lastError).toContain('never sent');
  });

  test('what went wrong before an acknowledgement is said no more after it', () => {
    const link = new ReplicatorBench();
    link.append();
    link.fail(0);
    expect(link.replicator.lastError).toBe('connection refused');
    link.run(150);
    link.ack(1, 0);
    expect(link.replicator.lastError).toBeNull();
  });

  test('C6: an acknowledgement of another session is no acknowledgement', () => {
    const link = new ReplicatorBench();
    link.append();
    const other = session(6);
    link.answer(0, { type: 'SnapshotAck', session: other, seq: seq(0), lastIndex: logIndex(1) });
    expect(link.replicator.ackedIndex).toBeNull();
    expect(link.told).toEqual(['heard']);
  });

  test('an older acknowledgement that comes late takes nothing back', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1);
    link.append();
    link.run(20);
    link.ack(1, 1);
    link.ack(0, 0);
    expect(link.replicator.ackedIndex).toBe(2);
    expect(link.told).toEqual(['heard', 'acknowledged 2', 'heard']);
  });

  test('stale-epoch deposes the master', () => {
    const link = new ReplicatorBench();
    link.append();
    link.answer(0, { type: 'Refused', code: 'stale-epoch', epoch: epoch(5) });
    expect(link.told).toEqual(['heard', 'outdated by 5']);
  });

  test.each(['stale-session', 'diverged'] as const)('%s ends the session', (code) => {
    const link = new ReplicatorBench();
    link.append();
    link.answer(
      0,
      code === 'diverged'
        ? { type: 'Refused', code, lastIndex: logIndex(0) }
        : { type: 'Refused', code, session: session(9) },
    );
    expect(link.told).toEqual(['heard', `restart ${code}`]);
  });

  test('a secondary that has lost its place in the session: the session ends', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(2);
    link.ack(0, 0);
    link.append();
    link.outOfOrder(1, 0);
    expect(link.told.at(-1)).toBe('restart out-of-order');
  });

  test('why the oldest did not arrive is not hidden by refusals of those behind it', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1);
    link.append();
    link.run(20);
    link.fail(0);
    const { lastError } = link.replicator;
    link.outOfOrder(1, 0);
    expect(link.told.at(-1)).toBe('heard');
    expect(lastError).toMatch(/\w/);
    expect(link.replicator.lastError).toBe(lastError);
    link.run(1);
    link.ack(2, 0);
    expect(link.replicator.lastError).toBeNull();
  });

  test('a refusal that is older than the acknowledgement is old news', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(1);
    link.append();
    link.run(120);
    link.ack(2, 0);
    link.run(1);
    link.outOfOrder(1, 0);
    expect(link.told).not.toContain('restart out-of-order');
  });

  test('C16: after the end nothing goes out, and answers are ignored', () => {
    const link = new ReplicatorBench();
    link.append();
    link.replicator.close();
    link.append();
    link.run(10_000);
    link.ack(0, 0);
    expect(link.copies).toHaveLength(1);
    expect(link.told).toEqual([]);
    expect(link.replicator.deadline()).toBe(QUIET);
  });
});

describe('Replicator: outage', () => {
  test('while suspended nothing goes out, and no timer runs', () => {
    const link = new ReplicatorBench();
    link.append();
    link.run(250);
    const before = link.copies.length;
    link.replicator.suspend();
    link.append(10);
    expect(link.replicator.deadline()).toBe(QUIET);
    expect(link.replicator.retryInMs(link.now)).toBeNull();
    link.run(60_000);
    expect(link.copies).toHaveLength(before);
    link.replicator.wake(link.now);
    link.run(21);
    expect(link.drawn.slice(before)).toEqual(['60250 ms: seq 0, 1-1', '60270 ms: seq 1, 2-11']);
  });

  test('B56: stalled, if nothing is acknowledged for a while', () => {
    const link = new ReplicatorBench();
    expect(link.replicator.stalled(99_999, 4_000)).toBe(false);
    link.run(100_000);
    link.append();
    link.run(3_999);
    expect(link.replicator.stalled(link.now, 4_000)).toBe(false);
    link.run(1);
    expect(link.replicator.stalled(link.now, 4_000)).toBe(true);
    link.ack(0, 0);
    expect(link.replicator.stalled(link.now, 4_000)).toBe(false);
  });

  test('B56: a slow secondary that makes progress is not stalled', () => {
    const link = new ReplicatorBench();
    for (let i = 0; i < 10; i += 1) {
      link.append();
      link.run(30);
    }
    for (let i = 0; i < 10; i += 1) {
      link.run(3_000);
      expect(link.replicator.stalled(link.now, 4_000)).toBe(false);
      link.ack(link.copies.length - 1, i);
    }
  });

  test('B40, B48: with three in ten messages lost it converges, without a flood', () => {
    let draw = 7;
    const random = (): number => {
      draw = (draw * 1_103_515_245 + 12_345) % 2 ** 31;
      return draw / 2 ** 31;
    };
    const link = new ReplicatorBench({ random });
    let expected = 0;
    let looked = 0;
    for (let i = 0; i < 3_000; i += 1) {
      if (i < 1_000) link.append();
      link.run(10);
      for (; looked < link.copies.length; looked += 1) {
        const { seq: first, from, to } = link.copies[looked]!.request;
        if (random() < 0.3) continue;
        if (first <= expected) expected = Math.max(expected, first + to - from + 1);
        if (random() < 0.3) continue;
        if (first > expected) link.outOfOrder(looked, expected);
        else link.ack(looked, expected - 1);
      }
    }
    expect(link.replicator.ackedIndex).toBe(1_000);
    expect(link.copies.length).toBeLessThan(2_500);
  });
});

describe('Replicator: the beginning of a session', () => {
  test('a node that knows empty Snapshots is asked first whether the logs agree', () => {
    const link = new ReplicatorBench({ held: 5, start: { base: logIndex(3), verify: true } });
    link.run(50);
    expect(link.drawn).toEqual(['0 ms: seq 0, 4-3']);
    expect(link.replicator.ackedIndex).toBeNull();
    link.ack(0, -1);
    expect(link.replicator.ackedIndex).toBe(3);
    expect(link.drawn).toEqual(['0 ms: seq 0, 4-3', '50 ms: seq 0, 4-5']);
  });

  test('the question is asked again like everything else', () => {
    const link = new ReplicatorBench({ held: 5, start: { base: logIndex(5), verify: true } });
    link.run(450);
    expect(gapsBetween(link.timesOf(0))).toEqual([100, 100, 200]);
  });

  test('C12: where the secondary must begin anew, nothing counts before it says so', () => {
    const link = new ReplicatorBench({ held: 2, start: { verify: true, reset: true } });
    expect(link.copies[0]!.request).toMatchObject({ from: 1, to: 0, reset: true });
    expect(link.replicator.ackedIndex).toBeNull();
    link.ack(0, -1);
    expect(link.copies[1]!.request).toMatchObject({ seq: 0, from: 1, to: 2 });
    expect(link.copies[1]!.request).not.toHaveProperty('reset');
  });

  test('commitIndex travels with each copy as it is then', () => {
    const link = new ReplicatorBench();
    link.append();
    link.bench.ledger.commit(logIndex(1));
    link.run(100);
    expect(link.copies.map(({ request }) => request.commitIndex)).toEqual([0, 1]);
  });
});
