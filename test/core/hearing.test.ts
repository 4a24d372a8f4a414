import { expect, test } from 'vitest';
import type { Lost } from '../../src/core/effects.ts';
import { Electorate } from '../../src/core/electorate.ts';
import { Hearing } from '../../src/core/hearing.ts';
import { epoch, logIndex } from '../../src/core/ids.ts';
import { Member } from '../../src/core/member.ts';
import type { HeartbeatAck } from '../../src/core/messages.ts';
import { Bench, entries, peer } from './bench.ts';

test('C21: a member that has lost something counts again once it says that it has not', () => {
  const { context } = new Bench({ entries: entries(1, 3) });
  const member = new Member(context, peer('n2'), 0);
  const electorate = new Electorate(context, [member.peer.node]);
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
