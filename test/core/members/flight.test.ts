import { describe, expect, test } from 'vitest';
import { logIndex, seq } from '../../../src/core/ids.ts';
import { Flight, lastSeq, type Sent } from '../../../src/core/members/flight.ts';

/** A run of `count` updates with these sequence numbers, at `from`…`to` of the log. */
function sent(first: number, from: number, to: number, count = to - from + 1): Sent {
  const place = { seq: seq(first), from: logIndex(from), to: logIndex(to), count, bytes: 0 };
  const times = { firstSentAt: 0, lastSentAt: 0, resendAt: 100 };
  return { ...place, ...times, copies: 1, forgotten: false, refused: false, full: false };
}

function flightOf(...runs: Sent[]): Flight {
  const flight = new Flight();
  for (const run of runs) flight.push(run);
  return flight;
}

describe('Flight', () => {
  test.each([
    { acked: -1, reached: null, left: 3, what: 'nothing' },
    { acked: 1, reached: 5, left: 2, what: 'the first' },
    { acked: 2, reached: 6, left: 1, what: 'two at once' },
    { acked: 5, reached: 9, left: 0, what: 'all' },
    { acked: 99, reached: 9, left: 0, what: 'more than was sent' },
  ])('an acknowledgement up to $acked takes out $what', ({ acked, reached, left }) => {
    const flight = flightOf(sent(0, 4, 5), sent(2, 6, 6), sent(3, 7, 9));
    expect(flight.acknowledge(seq(acked))).toBe(reached);
    expect(flight.size).toBe(left);
  });

  test('an acknowledgement that is known already tells nothing new', () => {
    const flight = flightOf(sent(0, 1, 1), sent(1, 2, 2));
    expect(flight.acknowledge(seq(0))).toBe(1);
    expect(flight.acknowledge(seq(0))).toBeNull();
    expect(flight.acknowledge(seq(-1))).toBeNull();
    expect(flight.head?.seq).toBe(1);
  });

  test('part of a run: the rest stays, with its own numbers', () => {
    const flight = flightOf(sent(0, 11, 20));
    expect(flight.acknowledge(seq(3))).toBe(14);
    expect(flight.head).toMatchObject({ seq: 4, from: 15, to: 20, count: 6 });
    expect(flight.acknowledge(seq(9))).toBe(20);
    expect(flight.size).toBe(0);
  });

  test('part of a run with superseded entries: which index that is cannot be told', () => {
    const flight = flightOf(sent(0, 11, 20, 4));
    expect(flight.acknowledge(seq(1))).toBeNull();
    expect(flight.head).toMatchObject({ seq: 0, from: 11, count: 4 });
    expect(flight.acknowledge(seq(3))).toBe(20);
  });

  test('an empty Snapshot is acknowledged by the number before it', () => {
    const flight = flightOf(sent(0, 8, 7, 0));
    expect(lastSeq(flight.head!)).toBe(-1);
    expect(flight.acknowledge(seq(-1))).toBe(7);
    expect(flight.size).toBe(0);
  });
});
