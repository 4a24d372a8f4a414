import { expect, test } from 'vitest';
import type { Lost } from '../../../src/core/effects.ts';
import { epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import { Member } from '../../../src/core/members/member.ts';
import type { HeartbeatAck } from '../../../src/core/messages.ts';
import { Electorate } from '../../../src/core/recovery/electorate.ts';
import { Hearing } from '../../../src/core/recovery/hearing.ts';
import { Bench, entries, peer } from '../bench.ts';

test('C21: a member that has lost something counts again once it says that it has not', () => {
  const { context } = new Bench({ entries: entries(1, 3) });
  const member = new Member(context, peer('n2'), 0);
  const electorate = new Electorate(context, { replicas: [member.peer] });
  const assembly = { members: () => [member], electorate, size: () => 2 };
  const hearing = new Hearing(context, epoch(2), assembly, 0);
  const says = (more: { lost?: Lost }): void => {
    const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 2, lastIndex: 3 };
    hearing.heardFrom(member, { ...ack, acceptedEpoch: 1, ...more } as HeartbeatAck);
  };
  says({ lost: { epoch: epoch(1), upTo: logIndex(5), open: false } });
  expect([hearing.enough(1_000), hearing.everyone]).toEqual([false, false]);
  // Its folder was put back as it had been.
  says({});
  expect([hearing.enough(1_000), hearing.everyone]).toEqual([true, true]);
});

test.each([
  { accepted: 2, of: 2, counts: true, why: 'this log is of that epoch, and as long' },
  { accepted: 0, of: 1, counts: true, why: 'it has an entry of that epoch at its end' },
  { accepted: 1, of: 2, counts: false, why: 'it is of an earlier epoch' },
  { accepted: 2, of: 0, counts: true, why: 'it has an entry of a later epoch' },
])(
  'C21: of epoch $of: a damaged member counts: $counts, since $why',
  ({ accepted, of, counts }) => {
    const memory = { epoch: epoch(3), acceptedEpoch: epoch(accepted) };
    const { context } = new Bench({ entries: entries(1, 3, 1), memory });
    const member = new Member(context, peer('n2'), 0);
    const electorate = new Electorate(context, { replicas: [member.peer] });
    const hearing = new Hearing(
      context,
      epoch(3),
      { members: () => [member], electorate, size: () => 2 },
      0,
    );
    const lost = { epoch: epoch(of), upTo: logIndex(3), open: false };
    const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 3, lastIndex: 0 };
    hearing.heardFrom(member, { ...ack, acceptedEpoch: of, lost } as HeartbeatAck);
    expect(hearing.enough(1_000)).toBe(counts);
  },
);

test.each([
  { accepted: 2, upTo: 3, open: false, cutTo: 3, counts: true, why: 'another one has all of it' },
  { accepted: 1, upTo: 3, open: false, cutTo: 3, counts: false, why: 'that is behind' },
  { accepted: 2, upTo: 4, open: false, cutTo: 3, counts: false, why: 'that is shorter' },
  { accepted: 2, upTo: 3, open: true, cutTo: 3, counts: false, why: 'nobody knows how much' },
  { accepted: 2, upTo: 3, open: false, cutTo: 2, counts: false, why: 'that was dropped since' },
])('C21: fetched from members, a damaged one counts: $counts, since $why', (row) => {
  const bench = new Bench({ entries: entries(1, 3, 1), memory: { refilling: true } });
  const [n2, n3] = ['n2', 'n3'].map((id) => new Member(bench.context, peer(id), 0));
  const members = () => [n2!, n3!];
  const electorate = new Electorate(bench.context, { replicas: ['n2', 'n3'].map(peer) });
  const hearing = new Hearing(bench.context, epoch(3), { members, electorate, size: () => 4 }, 0);
  const says = (member: Member, more: object): void => {
    const { node } = member.peer;
    const ack = { type: 'HeartbeatAck', node, incarnation: `${node}#1`, epoch: 3 };
    hearing.heardFrom(member, { ...ack, ...more } as HeartbeatAck);
  };
  const lost = { epoch: epoch(2), upTo: logIndex(row.upTo), open: row.open };
  says(n2!, { acceptedEpoch: 2, lastIndex: 3, lost });
  says(n3!, { acceptedEpoch: row.accepted, lastIndex: 3 });
  expect([hearing.enoughToFetch(10_000), hearing.enough(10_000)]).toEqual([true, false]);
  hearing.holds(hearing.speakers());
  if (row.cutTo < 3) bench.ledger.truncate(logIndex(row.cutTo));
  expect(hearing.enough(10_000)).toBe(row.counts);
});

test('C21: nor does one by a member whose log was not here when all was fetched', () => {
  const bench = new Bench({ entries: entries(1, 3, 1), memory: { refilling: true } });
  const [n2, n3] = ['n2', 'n3'].map((id) => new Member(bench.context, peer(id), 0));
  const members = () => [n2!, n3!];
  const electorate = new Electorate(bench.context, { replicas: ['n2', 'n3'].map(peer) });
  const hearing = new Hearing(bench.context, epoch(3), { members, electorate, size: () => 4 }, 0);
  const lost = { epoch: epoch(2), upTo: logIndex(4), open: false };
  const ack = { type: 'HeartbeatAck', epoch: 3, acceptedEpoch: 2, lastIndex: 4 };
  hearing.heardFrom(n2!, { ...ack, node: 'n2', incarnation: 'n2#1', lost } as never);
  hearing.heardFrom(n3!, { ...ack, node: 'n3', incarnation: 'n3#1' } as never);
  hearing.holds(hearing.speakers());
  bench.append(1);
  expect(hearing.enough(10_000)).toBe(false);
  hearing.holds(hearing.speakers());
  expect(hearing.enough(10_000)).toBe(true);
});

test('C21: what was accepted before the log was dropped says nothing of what is here now', () => {
  for (const refilling of [true, false]) {
    const memory = { epoch: epoch(3), acceptedEpoch: epoch(2), refilling };
    const { context } = new Bench({ entries: entries(1, 3, 1), memory });
    const member = new Member(context, peer('n2'), 0);
    const electorate = new Electorate(context, { replicas: [member.peer] });
    const assembly = { members: () => [member], electorate, size: () => 2 };
    const hearing = new Hearing(context, epoch(3), assembly, 0);
    const lost = { epoch: epoch(2), upTo: logIndex(3), open: false };
    const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 3, lastIndex: 0 };
    hearing.heardFrom(member, { ...ack, acceptedEpoch: 2, lost } as HeartbeatAck);
    expect(hearing.enough(10_000)).toBe(!refilling);
  }
});

test.each([
  { log: 'no log', held: 0, enough: true },
  { log: 'a log', held: 3, enough: false },
])('C13: with $log, 2 of 5 are enough for the first epoch: $enough', ({ held, enough }) => {
  const { context } = new Bench({ entries: entries(1, held) });
  const member = new Member(context, peer('n2'), 0);
  const electorate = new Electorate(context, { replicas: [member.peer] });
  const assembly = { members: () => [member], electorate, size: () => 5 };
  const hearing = new Hearing(context, epoch(1), assembly, 0);
  const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 1, lastIndex: 0 };
  hearing.heardFrom(member, { ...ack, acceptedEpoch: 0 } as HeartbeatAck);
  expect(hearing.enough(1_000)).toBe(enough);
});

test.each([
  { accepted: [2, 2], counted: ['n2', 'n3'], why: 'neither is of a later epoch' },
  { accepted: [2, 3], counted: ['n2'], why: 'one member has accepted a later epoch alone' },
  { accepted: [3, 3], counted: ['n2', 'n3'], why: 'a majority has accepted a later epoch' },
])('by whom was in office until epoch 2, $counted are heard: $why', ({ accepted, counted }) => {
  const { context } = new Bench({ entries: entries(1, 3) });
  const all = ['n2', 'n3'].map((id) => new Member(context, peer(id), 0));
  const electorate = new Electorate(context, { replicas: ['n2', 'n3'].map(peer) });
  const assembly = { members: () => all, electorate, size: () => 3, incumbent: epoch(2) };
  const hearing = new Hearing(context, epoch(4), assembly, 0);
  for (const [i, member] of all.entries()) {
    const { node } = member.peer;
    const ack = { type: 'HeartbeatAck', node, incarnation: `${node}#1`, epoch: 4, lastIndex: 3 };
    hearing.heardFrom(member, { ...ack, acceptedEpoch: accepted[i] } as HeartbeatAck);
  }
  expect(hearing.speakers().map(({ node }) => node)).toEqual(counted);
});

test('C13: more members than were configured: a majority of them is heard', () => {
  const { context } = new Bench({ entries: entries(1, 3) });
  const ids = ['n2', 'n3', 'n4', 'n5'];
  const all = ids.map((id) => new Member(context, peer(id), 0));
  // All of them are new, so that it is not for established ones that more are waited for.
  const electorate = new Electorate(context, { replicas: all.map((member) => member.peer) });
  for (const id of ids) electorate.left(nodeId(id));
  const hearing = new Hearing(
    context,
    epoch(2),
    { members: () => all, electorate, size: () => 3 },
    0,
  );
  for (const member of all) member.heartbeatFailed('connection refused');
  const heard = all.map((member) => {
    const { node } = member.peer;
    const ack = { type: 'HeartbeatAck', node, incarnation: `${node}#1`, epoch: 2, lastIndex: 3 };
    hearing.heardFrom(member, { ...ack, acceptedEpoch: 1 } as HeartbeatAck);
    return hearing.enough(1_000);
  });
  expect(heard).toEqual([false, true, true, true]);
});

test('a member that was heard is not waited for, though it is silent since', () => {
  const { context } = new Bench({ entries: entries(1, 3) });
  const all = ['n2', 'n3'].map((id) => new Member(context, peer(id), 0));
  const electorate = new Electorate(context, { replicas: all.map((member) => member.peer) });
  const assembly = { members: () => all, electorate, size: () => 3 };
  const hearing = new Hearing(context, epoch(2), assembly, 0);
  const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 2, lastIndex: 3 };
  hearing.heardFrom(all[0]!, { ...ack, acceptedEpoch: 1 } as HeartbeatAck);
  for (const member of all) member.judge(5_000);
  expect(all.map(({ status }) => status)).toEqual(['Unhealthy', 'Unhealthy']);
  expect(hearing.absent).toEqual({ silent: ['n3'], unmet: 0 });
});

test('a member that does not say what it has accepted has nothing to give', () => {
  const { context } = new Bench({ entries: entries(1, 3) });
  const member = new Member(context, peer('n2'), 0);
  const electorate = new Electorate(context, { replicas: [member.peer] });
  const assembly = { members: () => [member], electorate, size: () => 2 };
  const hearing = new Hearing(context, epoch(2), assembly, 0);
  const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 2, lastIndex: 9 };
  hearing.heardFrom(member, ack as HeartbeatAck);
  expect(hearing.speakers()).toEqual([]);
  expect(hearing.enough(1_000)).toBe(true);
});
