// Every message is in every log once and in one order, whatever becomes of requests and answers on
// their way: between the nodes, and between a client and its master.

import { connect, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Crowd } from './crowd.ts';
import { Group } from './group.ts';
import { Belongings, call, freePorts, messages, until } from './program.ts';

/** Answers from one look at what the nodes list to the next. */
const LOOK_EVERY = 100;

const belongings = new Belongings();
let group: Group;
/** The last index when the test began. */
let base = 0;

beforeAll(async () => {
  group = await Group.start(belongings, { durable: true });
});

beforeEach(async () => {
  for (const place of [2, 3]) await group.heals(place);
  base = await group.caughtUp();
});

afterAll(() => belongings.release());

/** What the node there lists of this test. */
const listed = async (place: number): Promise<string[]> =>
  (await messages(group.url(place))).slice(base);

/** A door to the server at `to` that lets every request through, and no answer. */
async function answerEater(to: string): Promise<string> {
  const port = await freePorts(1);
  const { hostname, port: target } = new URL(to);
  const server: Server = createServer((client) => {
    const upstream = connect(Number(target), hostname);
    client.on('data', (bytes) => upstream.write(bytes));
    // By the time it answers, the request has worked.
    upstream.once('data', () => client.destroy());
    client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  belongings.add(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${port}`;
}

describe('while both secondaries fail with 500 before or after applying', () => {
  test('B01, B15, B20, G2, G3: 2,000 concurrent appends are there once, in one order', async () => {
    for (const place of [2, 3]) {
      await group.breaks(place, { errorBefore: 0.3, errorAfter: 0.3, seed: place });
    }
    const texts = Array.from({ length: 2_000 }, (_, i) => `message ${i}`);
    const crowd = new Crowd(belongings, group.master);
    const looks: Promise<string[]>[] = [];
    let answered = 0;
    const append = async (text: string) => {
      const answer = await crowd.append(text, 3);
      answered += 1;
      if (answered % LOOK_EVERY === 0) looks.push(...group.places.map(listed));
      return answer;
    };
    const answers = await Promise.all(texts.map(append));

    const log = await listed(1);
    expect(log.length).toBe(texts.length);
    expect(new Set(log)).toEqual(new Set(texts));
    for (const [i, { status, body }] of answers.entries()) {
      expect(status).toBe(201);
      expect(log[body.index - base - 1]).toBe(texts[i]);
    }
    for (const place of [2, 3]) {
      // All of them were acknowledged by all, so there is nothing to wait for.
      expect(await listed(place)).toEqual(log);
      const { hits } = (await call('GET', `${group.url(place)}/faults`)).body;
      expect(hits.errorBefore).toBeGreaterThan(0);
      expect(hits.errorAfter).toBeGreaterThan(0);
    }
    const lists = await Promise.all(looks);
    for (const list of lists) expect(list).toEqual(log.slice(0, list.length));
    expect(lists.some(({ length }) => length > 0 && length < log.length)).toBe(true);
  });
});

describe('G4: with an Idempotency-Key', () => {
  test('B06, B07: 50 equal requests append once; another operation is refused', async () => {
    // All of them must be under way before the first can be answered.
    await group.breaks(3, { hold: true });
    const equal = Array.from({ length: 50 }, () => group.append('once', 3, { key: 'k' }));
    await until(
      async () => (await call('GET', `${group.master}/metrics`)).body as string,
      (text) => /^replog_waiting_writes 50$/m.test(text),
      'all 50 wait',
    );
    await group.heals(3);
    const answers = await Promise.all(equal);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
    for (const { status, body } of answers) {
      expect(body.index).toBe(base + 1);
      expect(body.duplicate).toBe(status === 200 ? true : undefined);
      expect(body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    }

    const headers = { 'idempotency-key': 'k' };
    const others = [
      await group.append('another', 1, { key: 'k' }),
      await call('POST', `${group.master}/messages/batch`, { messages: ['once'], w: 1 }, headers),
      await call('PUT', `${group.master}/kv/once`, { value: 'once', w: 1 }, headers),
    ];
    for (const { status, body } of others) {
      expect([status, body.code]).toEqual([422, 'idempotency-key-reused']);
    }
    // What may differ in a repeat: how long it waits, and for whom.
    const patient = await group.append('once', 1, { key: 'k', timeoutMs: 60_000 });
    expect([patient.status, patient.body.index]).toEqual([200, base + 1]);
    for (const place of group.places) expect(await listed(place)).toEqual(['once']);
    expect((await group.health()).lastIndex).toBe(base + 1);
  });

  test('B02: a client that was cut off repeats its request, and learns its index', async () => {
    const door = await answerEater(group.master);
    const headers = { 'idempotency-key': 'cut off' };
    const body = { message: 'only once', w: 1 };
    await expect(call('POST', `${door}/messages`, body, headers)).rejects.toThrow();
    const repeated = await call('POST', `${group.master}/messages`, body, headers);
    expect(repeated.status).toBe(200);
    expect(repeated.body).toMatchObject({ index: base + 1, duplicate: true });
    const { body: outcome } = await call('GET', `${group.master}/outcomes/cut%20off`);
    expect(outcome).toMatchObject({ state: 'stored', index: base + 1 });
    expect(await listed(1)).toEqual(['only once']);
  });

  test('B03: the key survives kill -9 of the master between append and answer', async () => {
    await group.breaks(3, { hold: true });
    const cut = expect(group.append('once', 3, { key: 'survivor' })).rejects.toThrow();
    await until(
      () => listed(2),
      (list) => list.length === 1,
      'n2 has it',
    );
    await group.end(1, 'SIGKILL');
    await cut;
    await group.heals(3);
    await group.start(1);
    const repeated = await until(
      () => group.append('once', 3, { key: 'survivor' }),
      ({ status }) => status !== 503,
      'the master accepts writes again',
    );
    expect(repeated.status).toBe(200);
    expect(repeated.body).toMatchObject({ index: base + 1, duplicate: true, durable: true });
    expect((await group.append('next', 3)).body.index).toBe(base + 2);
    for (const place of group.places) expect(await listed(place)).toEqual(['once', 'next']);
  });
});
