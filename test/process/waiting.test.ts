// Clients that wait: how their waiting ends, and what a distant secondary costs.

import { createHash } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Crowd } from './crowd.ts';
import { Group } from './group.ts';
import { Belongings, call, messages, until } from './program.ts';

const belongings = new Belongings();
let group: Group;
/** The last index when the test began. */
let base = 0;

beforeAll(async () => {
  group = await Group.start(belongings);
});

beforeEach(async () => {
  await group.heals(3);
  base = await group.caughtUp();
});

afterAll(() => belongings.release());

/** What the node there lists of this test. */
const listed = async (place: number): Promise<string[]> =>
  (await messages(group.url(place))).slice(base);

async function waitingWrites(): Promise<number> {
  const { body } = await call('GET', `${group.master}/metrics`);
  return Number(/^replog_waiting_writes (\d+)$/m.exec(body)?.[1]);
}

const waiting = (count: number): Promise<number> =>
  until(
    () => waitingWrites(),
    (writes) => writes === count,
    `${count} writes wait`,
  );

describe('a write that waits for a secondary', () => {
  test('B11, G5: times out with its index, stays, and gets everywhere later', async () => {
    await group.breaks(3, { hold: true });
    const { status, headers, body, ms } = await group.append('late', 3, { timeoutMs: 300 });
    expect([status, body.code]).toEqual([504, 'write-concern-timeout']);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toMatchObject({ index: base + 1, w: 3, acks: ['n1', 'n2'] });
    expect(ms).toBeGreaterThanOrEqual(300);
    expect(ms).toBeLessThan(1_000);

    const batch = { messages: ['late too', 'and this'], w: 'all', timeoutMs: 1 };
    const many = await call('POST', `${group.master}/messages/batch`, batch);
    expect([many.status, many.body.code]).toEqual([504, 'write-concern-timeout']);
    expect(many.body).toMatchObject({ first: base + 2, last: base + 3, count: 2, w: 'all' });
    expect(await waitingWrites()).toBe(0);

    await group.heals(3);
    expect(await group.caughtUp()).toBe(base + 3);
    for (const place of group.places) {
      expect(await listed(place)).toEqual(['late', 'late too', 'and this']);
    }
  });

  test('B51, G16: is forgotten when its client leaves, but its message is not', async () => {
    await group.breaks(3, { hold: true });
    const leaving = new AbortController();
    setMaxListeners(500, leaving.signal);
    const gone = Array.from({ length: 500 }, (_, i) =>
      expect(group.append(`abandoned ${i}`, 3, { signal: leaving.signal })).rejects.toThrow(),
    );
    await waiting(500);
    leaving.abort();
    await Promise.all(gone);
    await waiting(0);
    expect((await group.append('and on', 2)).body.index).toBe(base + 501);
    await group.heals(3);
    expect(await group.caughtUp()).toBe(base + 501);
    expect(await listed(3)).toHaveLength(501);
  });

  test('B51, G16: is forgotten too where its client sent more than is read, and left', async () => {
    await group.breaks(3, { hold: true });
    const gone = connect(Number(new URL(group.master).port), '127.0.0.1');
    belongings.add(async () => void gone.destroy());
    const body = JSON.stringify({ message: 'one of many', w: 3 });
    const head = `host: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`;
    gone.write(`POST /messages HTTP/1.1\r\n${head}\r\n\r\n${body}`.repeat(2_000));
    await until(
      () => waitingWrites(),
      (writes) => writes > 1_000,
      'more writes wait than are read on behind',
    );
    gone.destroy();
    await waiting(0);
  });
});

describe('10,000 writes that wait', () => {
  test('G16: are all; the next is refused, w = 1 goes on; all are answered', async () => {
    await group.breaks(3, { hold: true });
    const crowd = new Crowd(belongings, group.master);
    const writes = Array.from({ length: 10_000 }, (_, i) => crowd.append(`${i}`, 3));
    await waiting(10_000);

    for (const w of [2, 3, 'all', 'majority']) {
      const refused = await group.append('one too many', w);
      expect([refused.status, refused.body.code]).toEqual([503, 'overloaded']);
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    }
    const alone = await group.append('alone', 1);
    expect([alone.status, alone.body.index]).toEqual([201, base + 10_001]);

    await group.heals(3);
    const answers = await Promise.all(writes);
    expect(answers.filter(({ status }) => status !== 201)).toEqual([]);
    expect(new Set(answers.map(({ body }) => body.index)).size).toBe(10_000);
    expect((await group.append('room again', 3)).body.index).toBe(base + 10_002);
    expect(await listed(3)).toEqual(await listed(1));
  });
});

describe('a secondary that is', () => {
  // More than a node takes in one request: 17 MiB.
  test('B61: 20 messages of 1 MiB behind gets them all', async () => {
    await group.end(3, 'SIGKILL');
    const text = 'x'.repeat((1 << 20) - 100);
    const digest = createHash('sha256');
    for (let i = 0; i < 20; i += 1) {
      const message = `${i} ${text}`;
      digest.update(`${message}\n`);
      expect((await group.append(message, 2)).status).toBe(201);
    }
    await group.start(3);
    expect(await group.caughtUp()).toBe(base + 20);
    const copy = createHash('sha256');
    for (const message of await listed(3)) copy.update(`${message}\n`);
    expect(copy.digest('hex')).toBe(digest.digest('hex'));
  });
});

describe('at the end', () => {
  test('B57, G18: who waits is told so, and the master stops in time', async () => {
    await group.breaks(3, { hold: true });
    const writes = Array.from({ length: 100 }, (_, i) => group.append(`open ${i}`, 3));
    await waiting(100);
    // Somebody who has connected and asks nothing must not be waited for.
    const silent = connect(Number(new URL(group.master).port), '127.0.0.1');
    await once(silent, 'connect');
    const startedAt = performance.now();
    const end = group.program(1).kill('SIGTERM');
    const indexes = new Set<number>();
    for (const { status, headers, body } of await Promise.all(writes)) {
      expect([status, body.code, headers.connection]).toEqual([503, 'shutting-down', 'close']);
      indexes.add(body.index);
    }
    expect(indexes.size).toBe(100);
    expect(Math.max(...indexes)).toBe(base + 100);
    expect(await end).toEqual({ code: 0, signal: null });
    silent.destroy();
    // The contract gives 5 s, of which 4 s would be for connections that do not end by themselves.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});
