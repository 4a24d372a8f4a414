import { describe, expect, test } from 'vitest';
import { EPOCH_MAX } from '../../../src/core/ids.ts';
import type { Snapshot } from '../../../src/core/messages.ts';
import { PEER_PATHS, type PeerMessage } from '../../../src/node/peers/peer-paths.ts';
import { call } from '../calls.ts';
import { AT, N1 } from '../fake-engine.ts';
import { BODIES, peerNode as node, update } from '../peers/peer-bodies.ts';

/** Operations with something wrong, and what the answer must name. */
const named = (field: string, value: unknown) => [{ ...update(1), [field]: value }, field] as const;
const at = (time: string) => named('at', time);
const keys = (key: string) =>
  [
    [{ ...update(1), op: 'put', value: 'v', key }, 'key'],
    [{ ...update(1), op: 'remove', key }, 'key'],
  ] as const;

const MESSAGES = Object.keys(BODIES) as PeerMessage[];

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

  test.each([
    ['Join', { wants: 1, cluster: 7, masterSilent: 'no', asked: -1, acceptedEpoch: 'x' }],
    ['Replicas', { size: '3', version: '1.2', since: 'noon', cluster: {}, failover: 'no' }],
    ['Heartbeat', { settled: 'yes', opened: true, cluster: [], epochEnd: 5, compactTo: 'x' }],
  ] as const)('%s: another kind of node may call something else as we do', async (type, odd) => {
    const { engine, app } = node();
    const body = { ...BODIES[type], ...odd };
    expect((await call(app, 'POST', PEER_PATHS[type], body)).status).toBe(200);
    expect(engine.received).toEqual([{ type, ...BODIES[type] }]);
  });

  test('in a Snapshot our own fields have to fit: they say what its updates mean', async () => {
    const { engine, app } = node();
    for (const odd of [{ prev: 'x' }, { holes: {} }, { reset: 1 }]) {
      const body = { ...BODIES.Snapshot, ...odd };
      expect((await call(app, 'POST', '/replica/snapshot', body)).status).toBe(400);
    }
    expect(engine.received).toEqual([]);
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

  test('an epoch that leaves no room for later ones is not believed', async () => {
    const { app, engine } = node();
    for (const type of ['Join', 'Replicas', 'Snapshot', 'Heartbeat', 'Fetch'] as const) {
      const ask = (epoch: number) =>
        call(app, 'POST', PEER_PATHS[type], { ...BODIES[type], epoch });
      expect((await ask(EPOCH_MAX)).status).toBe(200);
      const answer = await ask(EPOCH_MAX + 1);
      expect([answer.status, answer.body.errors[0].path]).toEqual([400, 'epoch']);
    }
    const late = { ...update(1), epoch: EPOCH_MAX + 1 };
    const body = { ...BODIES.Snapshot, epoch: EPOCH_MAX, updates: [late] };
    expect((await call(app, 'POST', '/replica/snapshot', body)).status).toBe(400);
    expect(engine.received).toHaveLength(5);
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
