// A new master that must drop the rest of a batch where its folds cannot go back.

import { expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { Member } from '../../../src/core/members/member.ts';
import type { HeartbeatAck } from '../../../src/core/messages.ts';
import { Electorate } from '../../../src/core/recovery/electorate.ts';
import { Recovery } from '../../../src/core/recovery/recovery.ts';
import { Bench, entries, peer } from '../bench.ts';

test.each([
  { floor: 4, others: 4, does: 'reads anew what others have' },
  { floor: 4, others: 1, does: 'drops it all the same where others have less' },
  { floor: 2, others: 4, does: 'drops it' },
])('B22: with folds that go back to $floor it $does', ({ floor, others, does }) => {
  const memory = { epoch: epoch(2), acceptedEpoch: epoch(1) };
  const bench = new Bench({ entries: entries(1, 4), memory });
  const nothing = (): void => {};
  const batch = { first: 3, end: 5 };
  const run = { last: logIndex(floor), batch, open: null, eachKey: nothing, eachRequest: nothing };
  bench.folds.restore(run);
  const member = new Member(bench.context, peer('n2'), 0);
  const electorate = new Electorate(bench.context, { replicas: [member.peer] });
  const assembly = { members: () => [member], electorate, size: () => 2 };
  let settled = 0;
  const settle = (): void => {
    settled += 1;
  };
  const home = { settle, again: nothing };
  const recovery = new Recovery(bench.context, epoch(2), assembly, home, 0);
  const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 2, acceptedEpoch: 1 };
  recovery.heardFrom(member, { ...ack, lastIndex: others } as HeartbeatAck);
  recovery.proceed(1_000);
  const anew = does.startsWith('reads');
  expect([settled, bench.ledger.log.lastIndex]).toEqual(anew ? [0, 4] : [1, 2]);
  if (!anew) return;
  const [remember] = bench
    .take()
    .filter((effect) => effect.type === 'Remember')
    .slice(-1);
  expect(remember).toMatchObject({ memory: { refilling: true } });
  bench.context.bookkeeping.remembered(remember!.id);
  expect(bench.ledger.log.lastIndex).toBe(0);
  expect(bench.sent()).toMatchObject([{ to: 'n2', request: { type: 'Fetch', from: 1 } }]);
});
