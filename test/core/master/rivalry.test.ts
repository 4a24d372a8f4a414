import { expect, test } from 'vitest';
import { epoch } from '../../../src/core/ids.ts';
import { isRepeated } from '../../../src/core/master/rivalry.ts';
import type { HeartbeatAck } from '../../../src/core/messages.ts';
import { Bench, entries } from '../bench.ts';

/** This node's own arbiter appointed it in epoch 2, in which it has written 4 and 5. */
const OWN = { epoch: epoch(2), master: null, members: [], size: null };

test.each([
  { what: 'more than is here', ack: { lastIndex: 6 }, repeated: true },
  { what: 'more, appointed elsewhere', ack: { lastIndex: 6 }, own: false, repeated: false },
  { what: 'more, of an earlier epoch', ack: { lastIndex: 6, lastEpoch: 1 }, repeated: false },
  { what: 'more, accepted before', ack: { lastIndex: 6, acceptedEpoch: 1 }, repeated: false },
  { what: 'as much, and the same', ack: { lastIndex: 5 }, repeated: false },
  { what: 'as much, and other', ack: { lastIndex: 5, hash: 1 }, repeated: true },
  { what: 'as much, and does not say what', ack: { lastIndex: 5, hash: null }, repeated: false },
  { what: 'less, not compared yet', ack: { lastIndex: 4 }, repeated: false },
  { what: 'less, and it differs', ack: { lastIndex: 4 }, parted: true, repeated: true },
  { what: 'what is gone here', ack: { lastIndex: 4 }, parted: true, gone: 4, repeated: false },
])('C2: a member has $what: the epoch was given before: $repeated', (row) => {
  const log = [...entries(1, 3, 1), ...entries(4, 5, 2)];
  const arbiter = row.own === false ? null : OWN;
  const bench = new Bench({ entries: log, memory: { epoch: epoch(2), arbiter } });
  const { context, ledger } = bench;
  if (row.gone !== undefined) bench.log.compact(row.gone);
  const { hash = ledger.meter.hash, ...said } = { hash: undefined, ...row.ack };
  const ack = { acceptedEpoch: 2, lastEpoch: 2, ...(hash === null ? {} : { hash }), ...said };
  const { parted = false, repeated } = row;
  expect(isRepeated(context, epoch(2), ack as HeartbeatAck, parted)).toBe(repeated);
});
