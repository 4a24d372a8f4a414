// What a foreign secondary may answer that is not so, or says nothing.

import type { Chance } from './chance.ts';
import type { SnapshotSaid } from './follower-model.ts';
import type { Claim } from './sessions-seen.ts';

/** An answer. */
export interface Said {
  readonly status: number;
  readonly text: string;
  /** What it acknowledges. */
  readonly claim?: Claim;
}

export const ok = (body: object): Said => ({ status: 200, text: JSON.stringify(body) });

export const refused = (status: number, code: string, extra: object = {}): Said => ({
  status,
  text: JSON.stringify({ type: `/problems/${code}`, title: code, status, code, ...extra }),
});

export function acknowledged(session: number, seq: number, lastIndex: number): Said {
  return { ...ok({ result: 'SnapshotAck', session, seq, lastIndex }), claim: { session, seq } };
}

/** More than a master reads of an answer. */
const GIANT = ' '.repeat(20 << 20);

/** A wrong acknowledgement, no answer at all, or a refusal without a reason. `lastSeq` is the last
 * that has arrived in this session. */
export function lieAboutSnapshot(said: SnapshotSaid, lastSeq: number, chance: Chance): Said {
  if (chance.of(0.001)) return { status: 200, text: GIANT };
  // A part of what has come since, in the answer to what came first.
  if (chance.of(0.25)) return acknowledged(said.session, lastSeq - chance.below(3), 1);
  return chance.one([wrongClaim, noAnswer, refusal])(said, chance);
}

/** It has acknowledged more, or less, than it has; or it is not the session it was asked about. */
function wrongClaim({ session, seq, updates }: SnapshotSaid, chance: Chance): Said {
  const last = seq + updates.length - 1;
  return chance.one([
    () => acknowledged(session, last + chance.one([1, 2, 1e6, 2 ** 52]), 1),
    () => acknowledged(session, last + chance.one([1, 2]), 1),
    () => acknowledged(session, last - 1 - chance.below(3), 1),
    () => acknowledged(session, last, 1),
    () => acknowledged(session + chance.one([-1, 1, 1e6]), last, 1),
  ])();
}

/** Nothing that the protocol knows. */
function noAnswer({ session, seq, updates }: SnapshotSaid, chance: Chance): Said {
  const last = seq + updates.length - 1;
  const right = { result: 'SnapshotAck', session, seq: last, lastIndex: 1 };
  return chance.one([
    ok({ ...right, seq: last + 0.5 }),
    ok({ ...right, seq: String(last) }),
    ok({ ...right, lastIndex: undefined }),
    ok({ ...right, result: 'Ack' }),
    ok({ ...right, result: undefined }),
    { status: 200, text: '' },
    { status: 200, text: '{"result":"SnapshotAck"' },
    { status: 204, text: '' },
    { status: 201, text: JSON.stringify(right) },
    { status: 500, text: 'oops' },
    { status: 307, text: '' },
    { status: 503, text: '[]' },
  ]);
}

function refusal({ epoch, session, seq, updates }: SnapshotSaid, chance: Chance): Said {
  const expected = chance.one([0, seq, seq + updates.length - 1, 1e9]);
  return chance.one([
    refused(409, 'out-of-order', { expected }),
    refused(409, 'out-of-order', { expected: -1 }),
    refused(409, 'out-of-order'),
    refused(409, 'stale-session'),
    refused(409, 'stale-session', { session: chance.one([session + 5, 2 ** 53 - 1]) }),
    refused(409, 'diverged', { lastIndex: chance.one([0, 1, 1e9]) }),
    refused(409, 'stale-epoch', { epoch: chance.one([0, epoch]) }),
    refused(409, 'stale-epoch', { epoch: 2 ** 53 - 1 }),
    refused(503, 'overloaded'),
    refused(409, '__proto__'),
    refused(401, 'unauthorized'),
  ]);
}

/** Fields of replog's own that the contract does not name. */
const OWN = { hash: 1, lastEpoch: 1, acceptedEpoch: 1, durable: false };

/** `right` is what it would answer if it were honest. */
export function lieAboutHeartbeat(right: { readonly epoch: number }, chance: Chance): Said {
  const { epoch } = right;
  return chance.one([
    ok({ ...right, ...OWN }),
    ok({ ...right, lastIndex: chance.one([0, 5, 2 ** 53 - 1]) }),
    ok({ ...right, node: chance.one(['n1', 's1', 's2', 'zz']) }),
    ok({ ...right, incarnation: chance.one(['other', 'x'.repeat(65), '']) }),
    ok({ ...right, epoch: chance.one([0, epoch, 2 ** 53 - 1, '1']) }),
    ok({ ...right, epoch: epoch + (chance.of(0.2) ? 1 : 0) }),
    ok({ ...right, hash: 'x' }),
    ok({ ...right, lost: { epoch: 1, upTo: 1e9, open: true } }),
    ok({ ...right, trouble: 'x'.repeat(10_000), durable: true }),
    ok({}),
    { status: 500, text: '' },
    { status: 200, text: 'null' },
    refused(409, 'stale-epoch', { epoch }),
    refused(409, 'stale-epoch', { epoch, node: 'n1', incarnation: 'zz' }),
    refused(409, 'no-master'),
  ]);
}
