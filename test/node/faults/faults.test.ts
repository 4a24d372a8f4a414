import { beforeEach, describe, expect, test } from 'vitest';
import { seq, session } from '../../../src/core/ids.ts';
import { createApp } from '../../../src/node/api/app.ts';
import { type Clock, systemClock } from '../../../src/node/clock.ts';
import type { FaultSettings } from '../../../src/node/faults/fault-settings.ts';
import { Faults } from '../../../src/node/faults/faults.ts';
import { call } from '../calls.ts';
import { FakeEngine, N1 } from '../fake-engine.ts';

/** A clock whose timers fire when a test says so. */
class HandClock {
  readonly timers: { ms: number; callback: () => void }[] = [];
  readonly clock: Clock = {
    ...systemClock(),
    after: (ms, callback) => {
      const timer = { ms, callback };
      this.timers.push(timer);
      return () => this.timers.splice(this.timers.indexOf(timer), 1);
    },
  };

  fire(): void {
    for (const { callback } of this.timers.splice(0)) callback();
  }
}

let hand: HandClock;
let faults: Faults;
let applied: number;

beforeEach(() => {
  hand = new HandClock();
  faults = new Faults(hand.clock, () => 1);
  applied = 0;
});

const handle = async (): Promise<string> => {
  applied += 1;
  return 'answer';
};
const send = (traffic: 'snapshot' | 'heartbeat' = 'snapshot') => faults.through(traffic, handle);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What became of `count` requests, one letter each. */
async function history(count: number): Promise<string> {
  let text = '';
  for (let i = 0; i < count; i += 1) {
    const before = applied;
    const { type } = await send();
    const letter = { answered: 'a', failed: 'f', dropped: 'd' }[type];
    text += applied > before ? letter.toUpperCase() : letter;
  }
  return text;
}

describe('each fault', () => {
  test('none: everything goes through', async () => {
    expect(await history(5)).toBe('AAAAA');
    expect(faults.view().faults).toEqual({});
  });

  test.each([
    ['errorBefore', 'fff'],
    ['errorAfter', 'FFF'],
    ['dropRequest', 'ddd'],
    ['dropReply', 'DDD'],
  ] as const)('%s: %s', async (fault, expected) => {
    faults.replace({ [fault]: 1 });
    expect(await history(3)).toBe(expected);
    expect(faults.view().hits).toMatchObject({ [fault]: 3, delay: 0, hold: 0 });
  });

  test('delay: handled only afterwards', async () => {
    faults.replace({ delayMs: 250 });
    const fate = send();
    await turn();
    expect([applied, hand.timers[0]?.ms]).toEqual([0, 250]);
    hand.fire();
    expect(await fate).toEqual({ type: 'answered', answer: 'answer' });
    expect(faults.view().hits.delay).toBe(1);
  });

  test('a range of delays is used to both ends', async () => {
    faults.replace({ delayMs: { min: 10, max: 12 }, seed: 5 });
    for (let i = 0; i < 100; i += 1) void send();
    expect(new Set(hand.timers.map(({ ms }) => ms))).toEqual(new Set([10, 11, 12]));
    hand.fire();
  });

  test('hold: everything waits, then goes through untouched', async () => {
    faults.replace({ hold: true, errorBefore: 1 });
    const fates = [send(), send(), send()];
    await turn();
    expect(applied).toBe(0);
    faults.replace({ errorBefore: 1 });
    expect((await Promise.all(fates)).map(({ type }) => type)).toEqual(Array(3).fill('answered'));
    expect(applied).toBe(3);
    expect((await send()).type).toBe('failed');
  });

  test('hold is lifted by clearing, and its count can still be read', async () => {
    faults.replace({ hold: true });
    const fate = send();
    faults.clear();
    expect((await fate).type).toBe('answered');
    expect(faults.view()).toMatchObject({ faults: {}, hits: { hold: 1 } });
  });

  test('a node that stops lets go what is held, and what is delayed', async () => {
    faults.replace({ delayMs: 60_000 });
    const delayed = send();
    await turn();
    faults.replace({ hold: true });
    const held = send();
    await turn();
    expect(applied).toBe(0);
    faults.end();
    expect((await Promise.all([delayed, held])).map(({ type }) => type)).toEqual([
      'answered',
      'answered',
    ]);
    expect(hand.timers).toEqual([]);
  });

  test('hold replaced by hold goes on holding', async () => {
    faults.replace({ hold: true });
    const fate = send();
    faults.replace({ hold: true, heartbeat: true });
    await turn();
    expect(applied).toBe(0);
    faults.clear();
    await fate;
  });

  test('an unbounded number is not held', async () => {
    faults.replace({ hold: true });
    const fates = Array.from({ length: 1_025 }, () => send());
    expect((await fates[1_024])?.type).toBe('dropped');
    faults.clear();
    await Promise.all(fates);
    expect(applied).toBe(1_024);
  });

  test('heartbeats only where asked for', async () => {
    faults.replace({ errorBefore: 1 });
    expect((await send('heartbeat')).type).toBe('answered');
    faults.replace({ errorBefore: 1, heartbeat: true });
    expect((await send('heartbeat')).type).toBe('failed');
  });

  test('times: only the next n, heartbeats that are not affected not counted', async () => {
    faults.replace({ errorBefore: 1, times: 2 });
    await send('heartbeat');
    expect(await history(4)).toBe('ffAA');
    faults.replace({ errorBefore: 1, times: 0 });
    expect(await history(1)).toBe('A');
  });
});

describe('chance', () => {
  const mixed: FaultSettings = { errorBefore: 0.3, errorAfter: 0.3, dropReply: 0.2 };

  test('the same seed gives the same history, another one another', async () => {
    faults.replace({ ...mixed, seed: 42 });
    const first = await history(50);
    faults.replace({ ...mixed, seed: 42 });
    expect(await history(50)).toBe(first);
    faults.replace({ ...mixed, seed: 43 });
    expect(await history(50)).not.toBe(first);
    expect(first).toMatch(/f/);
    expect(first).toMatch(/F/);
    expect(first).toMatch(/A/);
  });

  test('one fault more does not change when the others strike', async () => {
    faults.replace({ errorBefore: 0.3, seed: 42 });
    const before = await history(50);
    faults.replace({ errorBefore: 0.3, errorAfter: 1, seed: 42 });
    expect(await history(50)).toBe(before.replaceAll('A', 'F'));
  });

  test('probabilities are about what they say', async () => {
    faults.replace({ errorBefore: 0.3, seed: 7 });
    await history(2_000);
    expect(faults.view().hits.errorBefore).toBeGreaterThan(520);
    expect(faults.view().hits.errorBefore).toBeLessThan(680);
  });
});

describe('persistence', () => {
  test('one live object, with a word when it changes', () => {
    const { persist } = faults;
    let changes = 0;
    const stop = faults.onChange(() => {
      changes += 1;
    });
    faults.replace({ persist: { stuck: true, fail: 0.5 } });
    expect(persist).toEqual({ fail: 0.5, swallow: 0, stuck: true, delayMs: 0 });
    faults.replace({ persist: { swallow: 2, delayMs: 10 } });
    expect(persist).toEqual({ fail: 0, swallow: 2, stuck: false, delayMs: 10 });
    faults.clear();
    expect(persist).toEqual({ fail: 0, swallow: 0, stuck: false, delayMs: 0 });
    stop();
    faults.clear();
    expect(changes).toBe(3);
    faults.persistHit();
    expect(faults.view().hits.persist).toBe(1);
  });
});

describe('/faults and the routes they strike', () => {
  const snapshot = { epoch: 3, session: 1, seq: 0, updates: [], commitIndex: 0 };
  const beat = { epoch: 3, master: N1, lastIndex: 0, commitIndex: 0 };

  function node() {
    const engine = new FakeEngine();
    engine.response = {
      type: 'SnapshotAck',
      session: session(1),
      seq: seq(0),
      lastIndex: engine.persistence.lastIndex,
    };
    const stopping = new AbortController();
    return { engine, stopping, app: createApp(engine, { faults, stopping: stopping.signal }) };
  }

  test('PUT replaces, GET shows, DELETE clears', async () => {
    const { app } = node();
    const settings = { delayMs: { min: 1, max: 2 }, persist: { swallow: 1 }, times: 3, seed: 1 };
    const hits = { delay: 0, errorBefore: 0, errorAfter: 0, dropRequest: 0, dropReply: 0 };
    const view = { faults: settings, hits: { ...hits, hold: 0, persist: 0 } };
    const put = await call(app, 'PUT', '/faults', settings);
    expect([put.status, put.body]).toEqual([200, view]);
    expect((await call(app, 'GET', '/faults')).body).toEqual(view);
    const cleared = await app.request('/faults', { method: 'DELETE' });
    expect([cleared.status, await cleared.json()]).toEqual([200, { ...view, faults: {} }]);
  });

  test.each([
    '{"delayMs":-1}',
    '{"delayMs":1.5}',
    '{"delayMs":{"min":2,"max":1}}',
    '{"delayMs":{"min":2}}',
    '{"errorBefore":1.1}',
    '{"errorAfter":-0.1}',
    '{"dropReply":"0.5"}',
    '{"hold":1}',
    '{"times":-1}',
    '{"seed":"x"}',
    '{"persist":{"stuck":"yes"}}',
    '{"persist":{"unknown":1}}',
    '{"unknown":1}',
    '[]',
    '',
  ])('PUT %s is 400 and changes nothing', async (body) => {
    const { app } = node();
    faults.replace({ errorBefore: 1 });
    const answer = await call(app, 'PUT', '/faults', body);
    expect([answer.status, faults.view().faults]).toEqual([400, { errorBefore: 1 }]);
  });

  test('a 500 before, and one after the Snapshot was applied', async () => {
    const { engine, app } = node();
    faults.replace({ errorBefore: 1 });
    const before = await call(app, 'POST', '/replica/snapshot', snapshot);
    expect([before.status, before.body.code, engine.received.length]).toEqual([
      500,
      'fault-injected',
      0,
    ]);
    faults.replace({ errorAfter: 1 });
    const after = await call(app, 'POST', '/replica/snapshot', snapshot);
    expect([after.status, engine.received.length]).toEqual([500, 1]);
  });

  test('heartbeats and all other routes are left alone', async () => {
    const { engine, app } = node();
    faults.replace({ errorBefore: 1, dropRequest: 1, hold: true });
    expect((await call(app, 'POST', '/replica/heartbeat', beat)).status).toBe(200);
    expect((await call(app, 'POST', '/replica/fetch', { epoch: 1, from: 1 })).status).toBe(200);
    expect((await call(app, 'POST', '/messages', { message: 'a' })).status).toBe(201);
    expect(engine.received).toHaveLength(2);
  });

  test('a dropped request is never answered, until its sender or the node goes', async () => {
    const { app, stopping, engine } = node();
    faults.replace({ dropReply: 1 });
    const gone = new AbortController();
    const settled: string[] = [];
    const post = async (name: string, signal?: AbortSignal) => {
      await app.request('/replica/snapshot', {
        method: 'POST',
        body: JSON.stringify(snapshot),
        headers: { 'content-type': 'application/json' },
        ...(signal === undefined ? {} : { signal }),
      });
      settled.push(name);
    };
    const [left, stays] = [post('left', gone.signal), post('stays')];
    await expect.poll(() => faults.view().hits.dropReply).toBe(2);
    await turn();
    expect(settled).toEqual([]);
    gone.abort();
    await left;
    expect(settled).toEqual(['left']);
    stopping.abort();
    await stays;
    expect(engine.received).toHaveLength(2);
  });

  test('what was held arrives although its sender has given up', async () => {
    const { app, engine } = node();
    faults.replace({ hold: true });
    const gone = new AbortController();
    const answer = app.request('/replica/snapshot', {
      method: 'POST',
      body: JSON.stringify(snapshot),
      headers: { 'content-type': 'application/json' },
      signal: gone.signal,
    });
    await expect.poll(() => faults.view().hits.hold).toBe(1);
    gone.abort();
    faults.clear();
    await answer;
    expect(engine.received).toHaveLength(1);
  });
});
