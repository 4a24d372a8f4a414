import { describe, expect, test } from 'vitest';
import { logIndex } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { followerHealth, masterHealth } from '../../../src/node/api/success.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { call } from '../calls.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';

/** When the node's own clock began. */
const ORIGIN = Date.parse('2030-01-01T00:00:00.000Z');
const NOW = 10_000;

const clock = { ...systemClock(), wallMs: (at = NOW) => ORIGIN + at };

function node() {
  const engine = new FakeEngine();
  return { engine, app: createApp(engine, { clock }) };
}

describe('GET /health', () => {
  test('the master shows everything, and only what the contract names', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b');
    const { status, body } = await call(app, 'GET', '/health');
    expect(status).toBe(200);
    expect(masterHealth.safeParse(body).error).toBeUndefined();
    expect(body).toEqual({
      node: 'n1',
      role: 'master',
      epoch: 7,
      mode: 'read-write',
      reason: null,
      lastIndex: 2,
      commitIndex: 2,
      quorum: { size: 3, needed: 2, alive: 3 },
      members: [
        {
          node: 'n2',
          url: 'http://127.0.0.1:4001',
          role: 'secondary',
          status: 'Suspected',
          since: '2030-01-01T00:00:08.500Z',
          lastHeartbeatMs: 1_600,
          ackedIndex: 3,
          lagEntries: 2,
          lagMs: 13,
          attempts: 4,
          retryInMs: 100,
          lastError: 'refuses connections',
        },
      ],
    });
  });

  test.each(['secondary', 'removed', null] as const)('role %s', async (role) => {
    const { engine, app } = node();
    engine.state = engine.follower(role);
    const { status, body } = await call(app, 'GET', '/health');
    expect(status).toBe(200);
    expect(followerHealth.safeParse(body).error).toBeUndefined();
    const master = role === null ? null : N1;
    const positions = { epoch: 7, lastIndex: 0, commitIndex: 0 };
    expect(body).toEqual({ node: 'n1', role, master, ...positions, status: 'ok' });
  });
});

test('/livez is always there, /readyz with a role', async () => {
  const { engine, app } = node();
  expect((await call(app, 'GET', '/livez')).status).toBe(200);
  expect((await call(app, 'GET', '/readyz')).status).toBe(200);
  engine.state = engine.follower(null);
  expect((await call(app, 'GET', '/livez')).status).toBe(200);
  const { status, body } = await call(app, 'GET', '/readyz');
  expect([status, body.code]).toEqual([503, 'not-ready']);
});

describe('/readyz of a master that is still recovering', () => {
  const recovering = (alive: number) => {
    const { engine, app } = node();
    const quorum = { size: 3, needed: 2, alive };
    engine.state = { ...engine.master(), mode: 'read-only', recovering: true, quorum };
    return app;
  };

  test('waits for what its members hold', async () => {
    const { status, body } = await call(recovering(2), 'GET', '/readyz');
    expect([status, body.code]).toEqual([503, 'not-ready']);
  });

  test('waits for nobody where there is no quorum', async () => {
    expect((await call(recovering(1), 'GET', '/readyz')).status).toBe(200);
  });
});

describe('POST /echo', () => {
  test.each([
    ['application/json', '{"a": 1}'],
    ['application/json', 'not json'],
    ['text/plain; charset=x', 'hello'],
  ])('%s comes back, byte by byte', async (type, text) => {
    const { app } = node();
    const headers = { 'content-type': type };
    const response = await app.request('/echo', { method: 'POST', body: text, headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(await response.text()).toBe(text);
  });

  test('bytes that are no text, no bytes at all, and too many', async () => {
    const { app } = node();
    const body = new Uint8Array([0, 255, 254, 128]);
    const binary = await app.request('/echo', { method: 'POST', body });
    expect(new Uint8Array(await binary.arrayBuffer())).toEqual(body);
    const none = await app.request('/echo', { method: 'POST' });
    expect([none.status, await none.text()]).toEqual([200, '']);
    const over = new Uint8Array((1 << 20) + 1);
    expect((await app.request('/echo', { method: 'POST', body: over })).status).toBe(413);
  });
});

describe('GET /metrics', () => {
  test('is what the status says at this moment', async () => {
    const { engine, app } = node();
    engine.messages('a', 'b');
    await call(app, 'POST', '/messages', { message: 'c' });
    const { status, headers, body } = await call(app, 'GET', '/metrics');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    const lines = body.split('\n');
    for (const line of [
      'replog_role{role="master"} 1',
      'replog_role{role="secondary"} 0',
      'replog_epoch 7',
      'replog_last_index 3',
      'replog_commit_index 3',
      'replog_member_status{node="n2",status="Suspected"} 1',
      'replog_member_status{node="n2",status="Healthy"} 0',
      'replog_member_lag_entries{node="n2"} 2',
      'replog_member_acked_index{node="n2"} 3',
      'replog_appended_total 5',
      'replog_duplicates_total 1',
      'replog_resends_total 2',
      'replog_refused_total{code="no-quorum"} 4',
      'replog_write_seconds_count 1',
      'replog_persist_seconds_count 0',
    ]) {
      expect(lines).toContain(line);
    }
  });

  test('says for how many writes a master waits, and whether it takes more', async () => {
    const { engine, app } = node();
    const told = async (): Promise<string[]> => {
      const { body } = await call(app, 'GET', '/metrics');
      return body.match(/^replog_(?:waiting_writes|read_only) \d+$/gm).sort();
    };
    engine.state = { ...engine.master(), waiting: 3 };
    expect(await told()).toEqual(['replog_read_only 0', 'replog_waiting_writes 3']);
    engine.state = { ...engine.master(), mode: 'read-only', reason: 'no quorum' };
    expect(await told()).toEqual(['replog_read_only 1', 'replog_waiting_writes 0']);
    engine.state = engine.follower('secondary');
    expect(await told()).toEqual(['replog_read_only 0', 'replog_waiting_writes 0']);
  });

  test('forgets members that are no more, and does not add up twice', async () => {
    const { engine, app } = node();
    await call(app, 'GET', '/metrics');
    engine.state = engine.follower('secondary');
    const { body } = await call(app, 'GET', '/metrics');
    expect(body).not.toContain('node="n2"');
    expect(body).toContain('replog_appended_total 5\n');
    engine.state = { ...engine.master(), commitIndex: logIndex(0) };
    expect((await call(app, 'GET', '/metrics')).body).toContain('node="n2"');
  });
});
