import { describe, expect, test } from 'vitest';
import {
  EPOCH_MAX,
  epoch,
  incarnation,
  logIndex,
  nodeId,
  seq,
  session,
} from '../../../src/core/ids.ts';
import type { Response as Answered, Refusal } from '../../../src/core/messages.ts';
import { understood } from '../../../src/node/peers/peer-answers.ts';
import { PEER_PATHS, type PeerMessage } from '../../../src/node/peers/peer-paths.ts';
import { call } from '../calls.ts';
import { N1 } from '../fake-engine.ts';
import { BODIES, peerNode as node } from './peer-bodies.ts';

const answers: [PeerMessage, Answered, Record<string, unknown>][] = [
  ['Join', { type: 'JoinedMaster', epoch: epoch(4) }, { result: 'JoinedMaster', epoch: 4 }],
  [
    'Join',
    { type: 'JoinedSecondary', epoch: epoch(4), master: N1, cluster: 'c' },
    { result: 'JoinedSecondary', epoch: 4, master: N1, cluster: 'c' },
  ],
  ['Leave', { type: 'Left' }, { result: 'Left' }],
  ['Replicas', { type: 'ReplicasNoted' }, { result: 'ReplicasNoted' }],
  [
    'Snapshot',
    { type: 'SnapshotAck', session: session(2), seq: seq(-1), lastIndex: logIndex(9) },
    { result: 'SnapshotAck', session: 2, seq: -1, lastIndex: 9 },
  ],
  [
    'Heartbeat',
    {
      type: 'HeartbeatAck',
      node: nodeId('n2'),
      incarnation: incarnation('i'),
      epoch: epoch(4),
      lastIndex: logIndex(9),
    },
    { node: 'n2', incarnation: 'i', epoch: 4, lastIndex: 9 },
  ],
  [
    'Fetch',
    { type: 'Fetched', updates: [], lastIndex: logIndex(9), prev: { index: logIndex(0), hash: 0 } },
    { result: 'Fetched', updates: [], lastIndex: 9, prev: { index: 0, hash: 0 } },
  ],
];

const refusals: [Refusal, number, Record<string, unknown>][] = [
  [{ type: 'Refused', code: 'stale-epoch', epoch: epoch(8) }, 409, { epoch: 8 }],
  [
    {
      type: 'Refused',
      code: 'stale-epoch',
      epoch: epoch(8),
      node: nodeId('n2'),
      incarnation: incarnation('i'),
    },
    409,
    { epoch: 8, node: 'n2', incarnation: 'i' },
  ],
  [{ type: 'Refused', code: 'stale-session', session: session(8) }, 409, { session: 8 }],
  [{ type: 'Refused', code: 'out-of-order', expected: seq(8) }, 409, { expected: 8 }],
  [{ type: 'Refused', code: 'diverged', lastIndex: logIndex(8) }, 409, { lastIndex: 8 }],
  [{ type: 'Refused', code: 'no-master' }, 503, {}],
  [{ type: 'Refused', code: 'not-master', master: N1 }, 307, { master: N1 }],
  [{ type: 'Refused', code: 'wrong-cluster', cluster: 'c' }, 409, { cluster: 'c' }],
  [{ type: 'Refused', code: 'node-id-taken', node: nodeId('n2') }, 409, { node: 'n2' }],
  [{ type: 'Refused', code: 'overloaded' }, 503, {}],
  [{ type: 'Refused', code: 'no-arbiter' }, 404, {}],
];

describe('answers go out as the contract says and are understood by the other side', () => {
  test.each(answers)('%s: %j', async (type, response, body) => {
    const { app } = node(response);
    const answer = await call(app, 'POST', PEER_PATHS[type], BODIES[type]);
    expect([answer.status, answer.body]).toEqual([200, body]);
    expect(understood(type, 200, JSON.stringify(answer.body))).toEqual(response);
  });

  test.each([
    [0, { replicas: ['n1'], size: '3', version: '1.2', since: 'noon', cluster: 7, failover: 'no' }],
    [1, { cluster: 7, failover: 'no' }],
    [5, { acceptedEpoch: '4', lastEpoch: 'x', hash: '9f86d0', lost: 0 }],
    [5, { durable: 'yes', trouble: 3, doubts: 1 }],
  ])('of another kind of node, answer %i, with other meanings of our own names', (at, odd) => {
    const [type, response, body] = answers[at]!;
    const known = Object.entries(response).filter(([name]) => !(name in odd));
    const text = JSON.stringify({ ...body, ...odd });
    expect(understood(type, 200, text)).toEqual(Object.fromEntries(known));
  });

  test.each(refusals)('%j', async (response, status, extra) => {
    const { app } = node(response);
    const answer = await call(app, 'POST', '/replica/snapshot', BODIES.Snapshot);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code: response.code, status, ...extra });
    expect(understood('Snapshot', status, JSON.stringify(answer.body))).toEqual(response);
  });

  test('an epoch that leaves no room for later ones is not believed', () => {
    const refusal = (epoch: number) => JSON.stringify({ code: 'stale-epoch', epoch });
    expect(understood('Heartbeat', 409, refusal(EPOCH_MAX))).toMatchObject({ epoch: EPOCH_MAX });
    expect(() => understood('Heartbeat', 409, refusal(EPOCH_MAX + 1))).toThrow(/409 stale-epoch/);
  });

  test('a stale session may be said without naming the newer one; long words are cut', () => {
    const bare = JSON.stringify({ code: 'stale-session', detail: 'x'.repeat(10_000) });
    expect(understood('Snapshot', 409, bare)).toEqual({
      type: 'Refused',
      code: 'stale-session',
      session: session(0),
    });
    const odd = JSON.stringify({ code: 'overloaded', detail: 7 });
    expect(understood('Snapshot', 503, odd)).toEqual({ type: 'Refused', code: 'overloaded' });
  });

  test('a redirect names the same path on the master', async () => {
    const { app } = node({ type: 'Refused', code: 'not-master', master: N1 });
    const answer = await call(app, 'POST', '/replica/replicas', BODIES.Replicas);
    expect(answer.headers.get('location')).toBe('http://127.0.0.1:4000/replica/replicas');
  });

  test('what is encoded already goes out as it is', async () => {
    const { engine, app } = node();
    engine.response = { json: Buffer.from('{"result":"Fetched","lastIndex":0,"updates":[]}') };
    const { body } = await call(app, 'POST', '/replica/fetch', BODIES.Fetch);
    expect(body).toEqual({ result: 'Fetched', lastIndex: 0, updates: [] });
  });

  test.each([
    [200, ''],
    [200, '<html>'],
    [200, '{}'],
    [200, '{"session":1,"seq":"0","lastIndex":0}'],
    [500, '{"code":"internal-error","detail":"x"}'],
    [409, '{"code":"out-of-order"}'],
    [409, '{"code":"toString"}'],
    [404, 'not found'],
    [301, ''],
  ])('%d %s is no answer of the protocol', (status, text) => {
    expect(() => understood('Snapshot', status, text)).toThrow(/answer/);
  });

  test('200 without a body is enough for Leave and Replicas', () => {
    expect(understood('Leave', 200, '')).toEqual({ type: 'Left' });
    expect(understood('Replicas', 200, 'ok')).toEqual({ type: 'ReplicasNoted' });
  });
});
