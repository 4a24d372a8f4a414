// What a new master asks its members for, and takes of what they answer.

import { expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { Member } from '../../../src/core/members/member.ts';
import type { HeartbeatAck, Response } from '../../../src/core/messages.ts';
import type { Entry } from '../../../src/core/operation.ts';
import { Electorate } from '../../../src/core/recovery/electorate.ts';
import { Recovery } from '../../../src/core/recovery/recovery.ts';
import { Bench, entries, entry, peer } from '../bench.ts';

/** A master of epoch 3 with three entries, which has heard of n2 that its log ends at 5. */
function heard(acceptedEpoch: number, lastEpoch = 1) {
  const bench = new Bench({ entries: entries(1, 3, lastEpoch), memory: { epoch: epoch(3) } });
  const member = new Member(bench.context, peer('n2'), 0);
  const electorate = new Electorate(bench.context, { replicas: [member.peer] });
  const assembly = { members: () => [member], electorate, size: () => 2 };
  let settled = 0;
  const settle = (): void => {
    settled += 1;
  };
  const recovery = new Recovery(bench.context, epoch(3), assembly, { settle, again: () => {} }, 0);
  const ack = { type: 'HeartbeatAck', node: 'n2', incarnation: 'n2#1', epoch: 3, lastIndex: 5 };
  recovery.heardFrom(member, { ...ack, acceptedEpoch } as HeartbeatAck);
  recovery.proceed(10_000);
  return { bench, settled: () => settled };
}

test.each([
  { accepted: 1, last: 1, asks: ['Fetch'], why: 'its log is of the epoch in which ours ends' },
  { accepted: 3, last: 1, asks: ['Fetch'], why: 'its log is of this epoch' },
  { accepted: 4, last: 1, asks: [], why: 'its log is of a later master' },
  { accepted: 1, last: 2, asks: [], why: 'its log is of an earlier epoch than ours' },
])('who has accepted epoch $accepted is asked for $asks: $why', ({ accepted, last, asks }) => {
  const { bench } = heard(accepted, last);
  expect(bench.sent().map(({ request }) => request.type)).toEqual(asks);
});

test.each<[string, readonly Entry[], number, number]>([
  ['what follows', entries(4, 5), 0, 5],
  ['nothing that falls back', [entry(5), entry(4)], 0, 3],
  ['nothing that comes twice', [entry(4), entry(4)], 0, 3],
  ['nothing of another log', entries(4, 5), 1, 3],
  ['nothing beyond what was said', entries(4, 6), 0, 5],
])('of an answer is taken %s', (_, updates, wrong, lastIndex) => {
  const { bench, settled } = heard(1);
  const { hash } = bench.ledger.meter;
  const [{ call, request } = { call: undefined, request: undefined }] = bench.sent();
  expect(request).toMatchObject({ type: 'Fetch', from: 4 });
  const prev = { index: logIndex(3), hash: hash + wrong };
  const answer = { type: 'Fetched', updates, prev, lastIndex: logIndex(5) } as Response;
  bench.answer(call!, answer, 10_001);
  expect([bench.ledger.log.lastIndex, settled()]).toEqual([lastIndex, 1]);
});
