import { describe, expect, test } from 'vitest';
import type { Note } from '../../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId, session } from '../../../src/core/ids.ts';
import { Member } from '../../../src/core/members/member.ts';
import type { HeartbeatAck } from '../../../src/core/messages.ts';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import { Bench, entries, peer } from '../bench.ts';

const EPOCH = epoch(5);

/** A master of epoch 5, whose log has 4 entries of epoch 1, 2 of epoch 2, 2 of epoch 4. */
function master(): Bench {
  return new Bench({ entries: [...entries(1, 4, 1), ...entries(5, 6, 2), ...entries(7, 8, 4)] });
}

/** A member of it, and what that has answered. */
function answered(
  ack: Partial<Record<'lastIndex' | 'lastEpoch' | 'acceptedEpoch', number>>,
  { context } = master(),
): Member {
  const member = new Member(context, peer('n2'), 0);
  const heartbeatAck = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 1, hash: 1 };
  member.heartbeatAnswered({ ...heartbeatAck, ...ack } as HeartbeatAck, EPOCH);
  return member;
}

describe('Member: what it has that the master has not', () => {
  test.each([
    { what: 'all is there', lastIndex: 8, lastEpoch: 4, end: null },
    { what: 'a part of an epoch', lastIndex: 6, lastEpoch: 2, end: null },
    { what: 'more of an epoch than the master', lastIndex: 7, lastEpoch: 2, end: 6 },
    { what: 'of an epoch that the master has nothing of', lastIndex: 7, lastEpoch: 3, end: 6 },
    { what: 'more of the first epoch', lastIndex: 8, lastEpoch: 1, end: 4 },
    { what: 'more than the whole log', lastIndex: 9, lastEpoch: 4, end: 8 },
  ])('C22: $what', ({ end, lastEpoch, lastIndex }) => {
    const member = answered({ lastIndex, lastEpoch, acceptedEpoch: lastEpoch });
    expect(member.ahead).toBe(end !== null);
    expect(member.epochEnd).toEqual(end === null ? null : { epoch: lastEpoch, index: end });
  });

  test('C22: what it took from this master is no surplus, whatever its epoch', () => {
    const member = answered({ lastIndex: 8, lastEpoch: 1, acceptedEpoch: EPOCH });
    expect(member.ahead).toBe(false);
  });

  test('one that does not say of which epoch its last entry is: only the length tells', () => {
    expect(answered({ lastIndex: 8, acceptedEpoch: 1 }).ahead).toBe(false);
    const member = answered({ lastIndex: 9, acceptedEpoch: 1 });
    expect(member.ahead).toBe(true);
    expect(member.epochEnd).toBeNull();
  });

  test('it starts over for one session, not for those that follow', () => {
    const member = answered({ lastIndex: 8, acceptedEpoch: EPOCH });
    member.reset = logIndex(2);
    member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, 0);
    expect(member.replicator).not.toBeNull();
    expect(member.reset).toBeNull();
  });

  test('where the logs of master and member part is forgotten with its process', () => {
    const bench = master();
    const member = answered({ lastIndex: 8, acceptedEpoch: EPOCH }, bench);
    member.refused('diverged', 0);
    member.reset = logIndex(7);
    // What the next one has ends before that: nothing could be continued there.
    const next = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#2', lastIndex: 5, hash: 1 };
    member.heartbeatAnswered({ ...next, epoch: EPOCH } as HeartbeatAck, EPOCH);
    bench.take();
    member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, 60_000);
    expect(bench.notes()).toMatchObject([{ event: 'joined', from: 6 }]);
  });

  test('that its log parts from the master’s is said of one process only', () => {
    const member = answered({ lastIndex: 8, acceptedEpoch: EPOCH });
    member.reset = logIndex(7);
    expect(member.hasParted(incarnation('n2#1'))).toBe(true);
    expect(member.hasParted(incarnation('n2#2'))).toBe(false);
  });

  test('no session begins before the surplus is gone', () => {
    const member = answered({ lastIndex: 7, lastEpoch: 2, acceptedEpoch: 2 });
    const owner = {} as never;
    member.begin(owner, EPOCH, logIndex(8), () => 1 as never, 60_000);
    expect(member.replicator).toBeNull();
  });

  test('a session begins where the node says it stands, since the last one ended', () => {
    const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
    const begin = (now: number) =>
      member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, now);
    begin(0);
    expect(member.replicator).not.toBeNull();
    // Its process has ended meanwhile, and the next one knows of no session.
    member.refused('stale-session', 10);
    begin(10 + DEFAULT_OPTIONS.joinRetryMs);
    expect(member.replicator).toBeNull();
    const again = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#2', lastIndex: 7 };
    member.heartbeatAnswered({ ...again, epoch: EPOCH, hash: 1 } as HeartbeatAck, EPOCH);
    begin(11 + DEFAULT_OPTIONS.joinRetryMs);
    expect(member.replicator).not.toBeNull();
  });
});

describe('Member: whose answers it heeds', () => {
  test('C12: none to a heartbeat sent before one that was answered', () => {
    const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
    member.followedAt = 10;
    expect([9, 10].map((sentAt) => member.heeds(sentAt))).toEqual([false, true]);
  });

  test('C12: none to a heartbeat sent before it refused its session', () => {
    const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
    member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, 0);
    expect(member.heeds(5)).toBe(true);
    member.refused('stale-session', 10);
    expect(member.heeds(9)).toBe(false);
    expect(member.heeds(10)).toBe(true);
  });

  test('a session that ends because of what an answer told begins anew from there', () => {
    const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
    member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, 0);
    const other = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#2', lastIndex: 7 };
    const ack = { ...other, epoch: EPOCH, hash: 1 } as HeartbeatAck;
    expect(member.heartbeatAnswered(ack, EPOCH)).toBe(true);
    member.end(20, 0);
    expect(member.position).toMatchObject({ lastIndex: 7 });
    member.begin({} as never, EPOCH, logIndex(8), () => 2 as never, 20);
    expect(member.replicator).not.toBeNull();
  });
});

test('C6: where another node answers, the session is over, and what this one has not known', () => {
  const member = answered({ lastIndex: 9, lastEpoch: 4, acceptedEpoch: 4 });
  expect(member.ahead).toBe(true);
  member.answeredBy(nodeId('n3'), 5);
  expect(member.ahead).toBe(false);
  const begun = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
  begun.begin({} as never, EPOCH, logIndex(8), () => 1 as never, 0);
  expect(begun.replicator).not.toBeNull();
  begun.answeredBy(nodeId('n3'), 5);
  expect(begun.replicator).toBeNull();
});

test('while the master stood still, no member has refused it anything', () => {
  const { stalledAfterMs } = DEFAULT_OPTIONS;
  // It has what this master has not, answers all the time, and no session can begin.
  const member = answered({ lastIndex: 7, lastEpoch: 2, acceptedEpoch: 2 });
  const statusAt = (now: number): string => {
    member.heard(now);
    member.judge(now);
    return member.status;
  };
  expect(statusAt(0)).toBe('Healthy');
  const back = stalledAfterMs + 1;
  member.excuse(back, back);
  const looks = Array.from({ length: 11 }, (_, i) => back + (i * stalledAfterMs) / 10);
  const seen = looks.map(statusAt);
  expect(seen).toEqual([...Array(10).fill('Healthy'), 'Suspected']);
});

test('what it acknowledges makes up for the sessions that it has refused before', () => {
  const { probeMs, resendGapsMs } = DEFAULT_OPTIONS;
  const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
  /** Milliseconds between a refusal and the next session, beside those that a probe may take. */
  const pauseAfterRefusal = (): number => {
    member.refused('diverged', 0);
    member.nextHeartbeatAt = Number.POSITIVE_INFINITY;
    return member.deadline(true, Number.POSITIVE_INFINITY) - probeMs;
  };
  const pauses = Array.from({ length: 3 }, pauseAfterRefusal);
  expect(pauses).toEqual(resendGapsMs.slice(0, 3));
  expect(pauses[2]).toBeGreaterThan(pauses[0]!);
  member.acknowledged(0);
  expect(pauseAfterRefusal()).toBe(pauses[0]);
});

test('after an outage, what it refused before is no reason to suspect it', () => {
  const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
  member.refused('stale-session', 0);
  member.judge(5_000);
  member.heard(9_000);
  member.judge(9_000);
  expect(member.status).toBe('Healthy');
});

test('nor is it after an acknowledgement', () => {
  const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
  member.refused('stale-session', 0);
  member.acknowledged(100);
  for (let now = 0; now <= 9_000; now += 1_000) member.heard(now);
  member.judge(9_000);
  expect(member.status).toBe('Healthy');
});

test('one that answers itself again is given a session', () => {
  const member = answered({ lastIndex: 5, lastEpoch: 2, acceptedEpoch: EPOCH });
  member.answeredBy(nodeId('n3'), 5);
  const back = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 1, lastIndex: 5 };
  member.heartbeatAnswered({ ...back, hash: 1 } as HeartbeatAck, EPOCH);
  member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, 60_000);
  expect(member.replicator).not.toBeNull();
});

describe('Member: a session that begins before the secondary has said anything', () => {
  /** One to whom a session was offered that way, and what was told so far. */
  function offered(): { readonly member: Member; readonly told: () => number[] } {
    const bench = master();
    const member = new Member(bench.context, peer('n2'), 0);
    const at = DEFAULT_OPTIONS.probeMs;
    member.begin({} as never, EPOCH, logIndex(8), () => 1 as never, at);
    expect(member.replicator).not.toBeNull();
    const told = (): number[] =>
      (bench.notes() as Note[]).flatMap((note) => (note.event === 'joined' ? [note.from] : []));
    expect(told()).toEqual([]);
    return { member, told };
  }
  const late = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 1, lastIndex: 5 };

  test('is not told of where its first answer, a little late, leads to another one', () => {
    const { member, told } = offered();
    expect(member.heartbeatAnswered({ ...late, hash: 1 } as HeartbeatAck, EPOCH)).toBe(true);
    member.rejoined(30);
    member.begin({} as never, EPOCH, logIndex(8), () => 2 as never, 30);
    expect(told()).toEqual([6]);
  });

  test('is told of once when the secondary answers a heartbeat, or acknowledges', () => {
    const answers = offered();
    expect(answers.member.heartbeatAnswered(late as HeartbeatAck, EPOCH)).toBe(false);
    answers.member.acknowledged(40);
    expect(answers.told()).toEqual([1]);
    const acknowledges = offered();
    acknowledges.member.acknowledged(40);
    acknowledges.member.acknowledged(50);
    expect(acknowledges.told()).toEqual([1]);
  });
});

describe('Member: what it has followed', () => {
  const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 1, lastIndex: 6 };

  /** Sessions one after the other, before each of which it says where it stands, or nothing, and in
   * which it acknowledges the first 6 of 8 operations, or nothing. Then the seventh is compacted
   * away: returns where the session begins in which it has 6. */
  function beginsAt(...sessions: readonly { says: boolean; acknowledges: boolean }[]): unknown {
    const bench = master();
    const member = new Member(bench.context, peer('n2'), 0);
    const answers = () =>
      member.heartbeatAnswered({ ...ack, hash: 1, acceptedEpoch: EPOCH } as HeartbeatAck, EPOCH);
    let number = 0;
    const begin = (): void => {
      number += 1;
      const next = () => session(number);
      member.begin({} as never, EPOCH, logIndex(8), next, number * 60_000);
      expect(member.replicator).not.toBeNull();
    };
    for (const { acknowledges, says } of sessions) {
      if (says) answers();
      begin();
      if (acknowledges) {
        member.replicator = { ackedIndex: logIndex(6), close: () => {} } as never;
        member.acknowledged(0);
      }
      member.refused('stale-session', number * 60_000);
    }
    bench.log.compact(7);
    answers();
    bench.take();
    begin();
    return bench.notes().flatMap((note) => (note as { from?: number }).from ?? []);
  }

  const said = { says: true, acknowledges: true };

  test('C23: it goes on from there, whatever was compacted away since', () => {
    expect(beginsAt(said)).toEqual([7]);
  });

  test('C23: also where a session came to nothing in between', () => {
    expect(beginsAt(said, { says: true, acknowledges: false })).toEqual([7]);
  });

  test('C23: not from what it acknowledged without having said where it stands', () => {
    // It may hold a key whose removal is gone.
    expect(beginsAt({ says: false, acknowledges: true })).toEqual([1]);
  });

  test('C23: nor where it has said nothing before the session in between', () => {
    expect(beginsAt(said, { says: false, acknowledges: false })).toEqual([1]);
  });
});
