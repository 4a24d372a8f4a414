// What nodes make of a write: the truth about it, told well, late, in part or not at all.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Chance } from '../../../src/chaos/chance.ts';
import { bytesOf, closed, cut, headOf, json, type Plain, problem, send } from './delivery.ts';
import { foreignAnswer, foreignBytes, RETRY_AFTER } from './foreign.ts';
import type { RawRequest } from './raw-server.ts';
import type { Operation, Place, TrueLog } from './true-log.ts';

/** Where writes may be sent to, wrongly for the most part. */
export interface Neighbours {
  readonly master: string;
  /** Other nodes, this one, and ports where nobody listens. */
  readonly anywhere: readonly string[];
}

export interface Write {
  readonly idempotencyKey: string;
  readonly operations: readonly Operation[];
  readonly kind: 'append' | 'batch' | 'key';
}

const ACKS = { acks: ['n1'], w: 1, durable: true, ms: 1 };

/** What success says of a write. */
export function stored({ kind, operations }: Write, place: Place): Plain {
  const { first, last, duplicate } = place;
  const more = duplicate ? { duplicate } : {};
  const status = kind === 'key' || duplicate ? 200 : 201;
  if (kind === 'batch') return json(status, { first, last, count: last - first + 1, ...ACKS });
  if (kind === 'append') return json(status, { index: first, ...ACKS, ...more });
  const key = operations[0]!.op === 'append' ? '' : operations[0]!.key;
  return json(status, { result: 'OperationAck', id: null, key, index: first, ...ACKS, ...more });
}

/** Not on enough nodes in time. */
function timedOut({ kind }: Write, { first, last }: Place): Plain {
  const code = kind === 'key' ? 'operation-failed' : 'write-concern-timeout';
  return problem(504, code, { index: first, first, last, ...ACKS });
}

/** The answers with which a node that knows nothing of the write may turn it down. */
function refusal(chance: Chance, { master, anywhere }: Neighbours): Plain {
  const headers = { 'retry-after': chance.pick(RETRY_AFTER) };
  const url = chance.happens(0.6) ? master : chance.pick(anywhere);
  const node = { node: 'n', url };
  return chance.weighted<Plain>([
    [problem(503, 'no-quorum', { alive: 1, needed: 2, missing: ['n2'] }, headers), 1],
    [problem(503, 'overloaded', {}, headers), 1],
    [problem(503, 'no-master', {}, headers), 1],
    [problem(503, 'recovering', {}, headers), 1],
    [problem(503, 'shutting-down', {}, headers), 1],
    [problem(429, 'rate-limited', {}, headers), 1],
    [problem(307, 'not-master', { master: node }), 2],
    [{ status: 307, headers: { location: `${url}/messages` }, body: '' }, 1],
    [problem(307, 'not-master', { master: 17 }, { location: 'no:where' }), 0.3],
  ]);
}

/** What a node says of a write that nothing hinders; the write is stored before, after or never. */
export function verdict(log: TrueLog, write: Write, chance: Chance, near: Neighbours): Plain {
  const store = () => log.write(write.idempotencyKey, write.operations);
  const known = log.placeOf(write.idempotencyKey) !== null;
  if (chance.happens(0.75)) return stored(write, store());
  if (!known && chance.happens(0.5)) return refusal(chance, near);
  const failure = () => {
    if (chance.happens(0.5)) store();
    return problem(chance.pick([500, 502, 504]), 'internal-error');
  };
  return chance.weighted<() => Plain>([
    [() => timedOut(write, store()), 3],
    [() => problem(503, 'shutting-down', { index: store().first }), 1],
    [failure, 2],
  ])();
}

type Manner = (request: RawRequest, write: Write) => Promise<void>;

/** The ways in which one write may go wrong on its way there and back. */
export function mannersOf(log: TrueLog, chance: Chance, near: Neighbours) {
  const store = (write: Write) => log.write(write.idempotencyKey, write.operations);
  const tell = ({ socket }: RawRequest, plain: Plain) =>
    send(socket, bytesOf(plain, chance), chance);
  const plainly: Manner = (request, write) => tell(request, verdict(log, write, chance, near));
  const manners: readonly (readonly [Manner, number])[] = [
    [plainly, 50],
    [(request, write) => sleep(chance.between(1, 60)).then(() => plainly(request, write)), 8],
    [async ({ socket }) => void socket.destroy(), 4],
    [({ socket }, write) => cut(socket, bytesOf(stored(write, store(write)), chance), chance), 10],
    [
      async ({ socket }, write) => {
        socket.destroy();
        setTimeout(() => store(write), chance.between(1, 40));
      },
      3,
    ],
    [
      async ({ socket }, write) => {
        if (chance.happens(0.5)) store(write);
        await closed(socket);
      },
      3,
    ],
    [
      async (request, write) => {
        const plain = foreignAnswer(chance);
        // With one of these a node says that it never looked at what it was sent.
        const unread = [400, 404, 405, 413].includes(plain.status);
        if (!unread && chance.happens(0.5)) store(write);
        await tell(request, plain);
      },
      6,
    ],
    [
      async ({ socket }, write) => {
        if (chance.happens(0.5)) store(write);
        await send(socket, foreignBytes(chance), chance);
        await closed(socket);
      },
      2,
    ],
    [
      async (request, write) => {
        request.socket.write(headOf(chance.pick([100, 102, 103]), { link: '</x>' }));
        await plainly(request, write);
      },
      2,
    ],
  ];
  return manners;
}
