import { describe, expect, test } from 'vitest';
import { epoch, incarnation, logIndex, nodeId, seq, session } from '../../src/core/ids.ts';
import type { Response as Answered, Refusal, Snapshot } from '../../src/core/messages.ts';
import { createApp } from '../../src/node/api/app.ts';
import { createArbiterApp } from '../../src/node/api/arbiter-app.ts';
import { understood } from '../../src/node/peers/peer-answers.ts';
import { PEER_PATHS, type PeerMessage } from '../../src/node/peers/peer-paths.ts';
import { fetchedBody, snapshotParts } from '../../src/node/peers/snapshot-body.ts';
import { call } from './calls.ts';
import { AT, FakeEngine, N1 } from './fake-engine.ts';

const update = (index: number) => ({ index, epoch: 3, at: AT, op: 'append', message: `m${index}` });

/** Each message with exactly the fields of the contract. */
const BODIES: Record<PeerMessage, Record<string, unknown>> = {
  Join: { node: 'n2', url: 'http://127.0.0.1:4001', incarnation: 'i', epoch: 0, lastIndex: 0 },
  Leave: { node: 'n2' },
  Replicas: { epoch: 3, replicas: [N1] },
  Snapshot: { epoch: 3, session: 1, seq: 0, updates: [update(1), update(2)], commitIndex: 0 },
  Heartbeat: { epoch: 3, master: N1, lastIndex: 5, commitIndex: 4 },
  Fetch: { epoch: 3, from: 1 },
};

/** Operations with something wrong, and what the answer must name. */
const named = (field: string, value: unknown) => [{ ...update(1), [field]: value }, field] as const;
const at = (time: string) => named('at', time);
const keys = (key: string) =>
  [
    [{ ...update(1), op: 'put', value: 'v', key }, 'key'],
    [{ ...update(1), op: 'remove', key }, 'key'],
  ] as const;

const MESSAGES = Object.keys(BODIES) as PeerMessage[];

function node(response?: Answered) {
  const engine = new FakeEngine();
  if (response !== undefined) engine.response = response;
  return { engine, app: createApp(engine) };
}

describe('requests', () => {
  test.each(MESSAGES)('%s reaches the core as it was sent', async (type) => {
    const { engine, app } = node();
    const { status } = await call(app, 'POST', PEER_PATHS[type], BODIES[type]);
    expect(status).toBe(200);
    expect(engine.received).toEqual([{ type, ...BODIES[type] }]);
  });

  test.each(MESSAGES)('%s: unknown fields are ignored', async (type) => {
    const { engine, app } = node();
    const body = { ...BODIES[type], leaseMs: 3_000, type: 'Leave', __proto__: 1 };
    expect((await call(app, 'POST', PEER_PATHS[type], body)).status).toBe(200);
    expect(engine.received).toEqual([{ type, ...BODIES[type] }]);
  });

  test.each(MESSAGES)('%s: a field that is missing or of another type is 400', async (type) => {
    const { engine, app } = node();
    for (const field of Object.keys(BODIES[type])) {
      for (const value of [undefined, null, {}, 1.5, -2, '']) {
        const body = { ...BODIES[type], [field]: value };
        const answer = await call(app, 'POST', PEER_PATHS[type], body);
        if (field === 'session' && value === -2) continue;
        expect([field, value, answer.status]).toEqual([field, value, 400]);
      }
    }
    expect(engine.received.filter((request) => !('session' in request))).toEqual([]);
  });

  test('own fields are taken along', async () => {
    const { engine, app } = node();
    const prev = { index: 0, hash: 4_294_967_295 };
    const body = { ...BODIES.Snapshot, master: N1, prev, reset: true };
    await call(app, 'POST', '/replica/snapshot', body);
    await call(app, 'POST', '/arbiter/join', { ...BODIES.Join, wants: 'master', cluster: 'c' });
    const set = { ...BODIES.Replicas, size: null, cluster: 'c' };
    await call(app, 'POST', '/replica/replicas', set);
    const beat = { ...BODIES.Heartbeat, settled: true, cluster: 'c' };
    await call(app, 'POST', '/replica/heartbeat', beat);
    expect(engine.received).toEqual([
      { type: 'Snapshot', ...body },
      { type: 'Join', ...BODIES.Join, wants: 'master', cluster: 'c' },
      { type: 'Replicas', ...set },
      { type: 'Heartbeat', ...beat },
    ]);
  });

  test('B35: entries keep every byte: unknown fields and the order of fields', async () => {
    const { engine, app } = node();
    const place = '"index":1,"epoch":3,"at":"2024-05-01T12:00Z"';
    const entry = `{"op":"put","later":[1],"key":"__proto__","value":"v",${place}}`;
    const body = `{"epoch":3,"session":1,"seq":0,"commitIndex":0,"updates":[${entry}]}`;
    await call(app, 'POST', '/replica/snapshot', body);
    expect(JSON.stringify((engine.received[0] as Snapshot).updates)).toBe(`[${entry}]`);
  });

  test('an empty Snapshot is one', async () => {
    const { app } = node();
    const body = { ...BODIES.Snapshot, updates: [] };
    expect((await call(app, 'POST', '/replica/snapshot', body)).status).toBe(200);
  });

  test.each<readonly [unknown, string]>([
    [{}, 'index'],
    [null, 'object'],
    [{ ...update(1), op: 'drop' }, 'op'],
    [{ ...update(1), message: undefined }, 'message'],
    [{ ...update(1), message: '\ud800' }, 'message'],
    [{ ...update(1), index: 0 }, 'index'],
    [{ ...update(1), epoch: '3' }, 'epoch'],
    [{ ...update(1), batch: 0 }, 'batch'],
    [{ ...update(1), at: 5 }, 'at'],
    [{ ...update(1), op: 'put', key: 'k' }, 'value'],
    [{ ...update(1), op: 'remove' }, 'key'],
    ...['', 'x', 'yesterday', '2024', '2024-05-01', 'Mon, 1 Jan 2024 00:00:00 GMT'].map(at),
    ...['2024-13-01T00:00:00.000Z', '2024-05-01T25:00:00.000Z', `${AT}${' '.repeat(50)}`].map(at),
    ...[10_001, -1, 2.5, '3', null].map((batch) => [{ ...update(1), batch }, 'batch'] as const),
    ...['', 'ä', '\n', 'k'.repeat(129), 7, null].map((key) => named('idempotencyKey', key)),
    ...['', 'k'.repeat(1_025), 'ä'.repeat(513), '🎉'.repeat(257), '\udc00'].flatMap(keys),
    [{ ...update(1), op: 'put', key: 'k', value: 'a\udc00' }, 'value'],
  ])('the entry %j is refused', async (entry, named) => {
    const { engine, app } = node();
    const body = { ...BODIES.Snapshot, updates: [entry] };
    const answer = await call(app, 'POST', '/replica/snapshot', body);
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'updates[0]']);
    expect(answer.body.errors[0].message).toContain(named);
    expect(engine.received).toEqual([]);
  });

  test.each([
    { at: '2024-05-01T12:00:00Z' },
    { at: '2024-05-01T12:00:00.123456+02:00' },
    { at: '2024-05-01T12:00' },
    { at: '+010000-01-01T00:00:00.000Z' },
    { batch: 10_000, idempotencyKey: ' ~' },
    { op: 'put', key: '🎉'.repeat(256), value: '' },
    { op: 'remove', key: 'k'.repeat(1_024) },
  ])('an operation with %j is taken, whoever the master is', async (fields) => {
    const { engine, app } = node();
    const updates = [{ ...update(1), ...fields }];
    const answer = await call(app, 'POST', '/replica/snapshot', { ...BODIES.Snapshot, updates });
    expect([answer.status, (engine.received[0] as Snapshot).updates]).toEqual([200, updates]);
  });

  test('an entry that could not be written again is refused (B14)', async () => {
    const { engine, app } = node();
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const entry = JSON.stringify(update(1)).replace('{', `{"deep":${deep},`);
    const body = `{"epoch":3,"session":1,"seq":0,"commitIndex":0,"updates":[${entry}]}`;
    const answer = await call(app, 'POST', '/replica/snapshot', body);
    expect([answer.status, answer.body.errors[0].message]).toEqual([
      400,
      expect.stringContaining('nested'),
    ]);
    expect(engine.received).toEqual([]);
  });

  test.each([
    ['beside the updates', (deep: string) => `"x":${deep},"updates":[]`],
    ['as the updates', (deep: string) => `"updates":${deep}`],
    ['beside the lengths', (deep: string) => `"lengths":[1],"x":${deep},"updates":[]`],
    ['in an update', (deep: string) => `"lengths":[${deep.length}],"updates":[${deep}]`],
  ])('brackets %s are counted, not parsed', async (_, fields) => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const body = `{"epoch":1,"session":1,"seq":0,"commitIndex":0,${fields(deep)}}`;
    const answer = await call(node().app, 'POST', '/replica/snapshot', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(answer.body.errors).toEqual([{ path: '', message: expect.stringContaining('nested') }]);
  });

  const tiny = (value: string): string => `[${`${value},`.repeat(2_000_000)}${value}]`;
  const snapshot = (fields: string): string =>
    `{"epoch":1,"session":1,"seq":0,"commitIndex":0,${fields}}`;

  test.each<[where: string, type: PeerMessage, body: (list: string) => string]>([
    ['beside the updates', 'Snapshot', (list) => snapshot(`"x":${list},"updates":[]`)],
    ['as the updates', 'Snapshot', (list) => snapshot(`"updates":${list}`)],
    ['as the holes', 'Snapshot', (list) => snapshot(`"updates":[],"holes":${list}`)],
    ['in a Heartbeat', 'Heartbeat', (list) => `{"epoch":1,"x":${list}}`],
    ['as replicas', 'Replicas', (list) => `{"epoch":1,"replicas":${list}}`],
    ['in a Join', 'Join', (list) => `{"node":"n2","x":${list}}`],
  ])('so are millions of tiny values %s', async (_, type, body) => {
    const answer = await call(node().app, 'POST', PEER_PATHS[type], body(tiny('0')));
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(answer.body.errors).toEqual([{ path: '', message: expect.stringContaining('values') }]);
  });

  test.each<[where: string, type: PeerMessage, body: (list: string) => string]>([
    ['updates', 'Snapshot', (list) => snapshot(`"updates":${list}`)],
    ['holes', 'Snapshot', (list) => snapshot(`"updates":[],"holes":${list}`)],
    ['replicas', 'Replicas', (list) => `{"epoch":1,"replicas":${list}}`],
  ])('of as many wrong %s as may be, one or a few are told', async (_, type, body) => {
    // To look at all of them takes some seconds.
    const text = body(`[${'{},'.repeat(200_000)}{}]`);
    const before = process.cpuUsage();
    const answer = await call(node().app, 'POST', PEER_PATHS[type], text);
    const { user } = process.cpuUsage(before);
    expect([answer.status, answer.body.code]).toEqual([400, 'invalid-request']);
    expect(answer.body.errors.length).toBeLessThanOrEqual(20);
    expect(user / 1_000).toBeLessThan(1_500);
  });

  test('in updates with lengths, too, all values are counted', async () => {
    const large = JSON.stringify({ ...update(1), x: Array.from({ length: 30_000 }, () => ({})) });
    const updates = Array.from({ length: 180 }, (_, i) =>
      large.replace('"index":1', `"index":${100 + i}`),
    );
    const lengths = updates.map(({ length }) => length);
    const body = snapshot(`"lengths":[${lengths}],"updates":[${updates}]`);
    const { app, engine } = node();
    const answer = await call(app, 'POST', '/replica/snapshot', body);
    expect([answer.status, answer.body.errors[0].message]).toEqual([
      400,
      expect.stringContaining('values'),
    ]);
    expect(engine.received).toEqual([]);
  });

  test('a Snapshot may be of as many operations as fit it', async () => {
    const { engine, app } = node();
    const updates = Array.from({ length: 60_000 }, (_, i) => update(i + 1));
    // Holes are what is not usual about it: the schema looks at it.
    const body = { ...BODIES.Snapshot, holes: [], updates };
    const { status } = await call(app, 'POST', '/replica/snapshot', body);
    expect([status, engine.received.length]).toEqual([200, 1]);
  });

  test('a set of replicas in which a node has two addresses is none', async () => {
    const other = { ...N1, url: 'http://127.0.0.1:4999' };
    const { app, engine } = node();
    const send = (replicas: readonly unknown[]) =>
      call(app, 'POST', '/replica/replicas', { epoch: 3, replicas });
    const answer = await send([N1, other]);
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [{ path: 'replicas', message: 'names a node at two addresses' }],
    ]);
    expect(engine.received).toEqual([]);
    // Said twice it is still one.
    expect((await send([N1, N1])).status).toBe(200);
  });

  test('entries out of order would break the log, and are refused', async () => {
    const { app } = node();
    const [one, two] = [update(1), update(2)];
    for (const updates of [
      [two, one],
      [one, one],
      [one, { ...two, epoch: 2 }],
    ]) {
      const answer = await call(app, 'POST', '/replica/snapshot', { ...BODIES.Snapshot, updates });
      expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'updates[1]']);
    }
  });

  test.each(['ftp://x', 'http://user@x', 'http://x?q', 'http://x#f', 'x', 'http://'])(
    '%s is no URL of a peer',
    async (url) => {
      const { app } = node();
      expect((await call(app, 'POST', '/arbiter/join', { ...BODIES.Join, url })).status).toBe(400);
    },
  );

  test.each(['', 'N1', '-a', 'a'.repeat(33), 'a_b', 'é'])('"%s" is no node id', async (id) => {
    const { app } = node();
    expect((await call(app, 'POST', '/arbiter/leave', { node: id })).status).toBe(400);
  });
});

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

  test.each(refusals)('%j', async (response, status, extra) => {
    const { app } = node(response);
    const answer = await call(app, 'POST', '/replica/snapshot', BODIES.Snapshot);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code: response.code, status, ...extra });
    expect(understood('Snapshot', status, JSON.stringify(answer.body))).toEqual(response);
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

describe('bodies made of stored bytes', () => {
  const order = {
    type: 'Snapshot' as const,
    epoch: epoch(3),
    session: session(1),
    seq: seq(4),
    commitIndex: logIndex(1),
    from: logIndex(2),
    to: logIndex(3),
  };

  test('a Snapshot is the order, what stands before it, and the entries as they are stored', () => {
    const engine = new FakeEngine();
    engine.messages('a', 'b"\u2028', 'c');
    const chunk = engine.persistence.read(logIndex(2), logIndex(3));
    const text = Buffer.concat(
      snapshotParts({ ...order, master: N1, reset: true }, chunk, chunk.prev),
    ).toString();
    expect(text).toContain(chunk.json.toString());
    expect(JSON.parse(text)).toEqual({
      epoch: 3,
      session: 1,
      seq: 4,
      commitIndex: 1,
      master: N1,
      reset: true,
      prev: { index: 1, hash: chunk.prev.hash },
      updates: chunk.entries(),
    });
  });

  test('without entries, without a point before them', () => {
    expect(JSON.parse(Buffer.concat(snapshotParts(order, null, null)).toString())).toEqual({
      epoch: 3,
      session: 1,
      seq: 4,
      commitIndex: 1,
      updates: [],
    });
    const prev = { index: logIndex(1), hash: 5 };
    expect(JSON.parse(fetchedBody(null, prev, logIndex(1)).toString())).toEqual({
      result: 'Fetched',
      lastIndex: 1,
      prev,
      updates: [],
    });
  });
});

describe('an arbiter on its own', () => {
  const arbiter = () => {
    const engine = new FakeEngine();
    engine.response = { type: 'Left' };
    const members = [{ ...N1, incarnation: 'not told' }];
    const view = { receive: engine.receive.bind(engine), members, master: N1 };
    return { engine, app: createArbiterApp(view) };
  };

  test('takes Join and Leave, and no other message', async () => {
    const { engine, app } = arbiter();
    expect((await call(app, 'POST', '/arbiter/leave', BODIES.Leave)).body).toEqual({
      result: 'Left',
    });
    expect((await call(app, 'POST', '/arbiter/join', BODIES.Join)).status).toBe(200);
    expect(engine.received.map(({ type }) => type)).toEqual(['Leave', 'Join']);
    expect((await call(app, 'POST', '/replica/snapshot', BODIES.Snapshot)).status).toBe(404);
  });

  test('says whom it knows, and what it can', async () => {
    const { app } = arbiter();
    expect((await call(app, 'GET', '/health')).body).toEqual({
      role: 'arbiter',
      master: N1,
      members: [N1],
    });
    const { paths } = (await call(app, 'GET', '/openapi.json')).body;
    expect(Object.keys(paths)).toContain('/arbiter/join');
  });
});
