// Long bodies wait for each other: what is made of each takes long, and a crowd may send them at
// once.

import { request } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { createApp } from '../../../src/node/api/app.ts';
import { BATCH_LIMIT, readBody } from '../../../src/node/http/body.ts';
import { BodyRoom } from '../../../src/node/http/body-room.ts';
import { type RunningServer, startServer } from '../../../src/node/http/server.ts';
import { TURN_WEIGHT } from '../../../src/node/long-work.ts';
import { FakeEngine } from '../fake-engine.ts';
import { mostInOne, TurnCounter } from '../turn-counter.ts';
import { bodyServer } from './body-server.ts';

let server: RunningServer | null = null;
afterEach(async () => {
  await server?.stop();
});

/** Sends all of a body but its last byte; `end` sends that. */
function begin(path: string, body: string) {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const sent = request(`${server!.url}${path}`, { method: 'POST', headers, agent: false });
  const status = new Promise<number | undefined>((resolve, reject) => {
    sent.on('error', reject).on('response', (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode));
    });
  });
  sent.write(body.slice(0, -1));
  return { status, end: () => sent.end(body.slice(-1)) };
}

/** A server that takes bodies; `turns` are those of the event loop in which it got them. */
async function start(direct: boolean, room: BodyRoom, counter: TurnCounter): Promise<number[]> {
  const turns: number[] = [];
  server = await bodyServer(direct, room, async (call) => {
    await readBody(call, BATCH_LIMIT);
    turns.push(counter.count);
    return '';
  });
  return turns;
}

test.each([true, false])(
  'of a crowd of long bodies one is handed over in a turn (direct: %s)',
  async (direct) => {
    const counter = new TurnCounter();
    const room = new BodyRoom();
    let taken = 0;
    const take = vi.spyOn(room, 'take').mockImplementation((bytes) => {
      taken += bytes;
      return true;
    });
    const turns = await start(direct, room, counter);
    const crowd = Array.from({ length: 20 }, () => begin('/take', 'x'.repeat(TURN_WEIGHT)));
    await expect.poll(() => taken).toBe(20 * (TURN_WEIGHT - 1));
    take.mockRestore();
    for (const { end } of crowd) end();
    const statuses = await Promise.all(crowd.map(({ status }) => status));
    counter.stop();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(turns).toHaveLength(20);
    expect(mostInOne(turns)).toBe(1);
  },
);

test('bodies that wait for their turn count as held, and a short one does not wait', async () => {
  const room = new BodyRoom(TURN_WEIGHT * 2);
  const seen: string[] = [];
  const handedOver = new Promise<void>((resolve) => {
    for (const name of ['first', 'second']) {
      expect(room.take(TURN_WEIGHT, TURN_WEIGHT)).toBe(true);
      room.whole(TURN_WEIGHT, () => {
        seen.push(name);
        if (name === 'second') resolve();
      });
    }
  });
  expect(room.take(TURN_WEIGHT, TURN_WEIGHT)).toBe(false);
  expect(room.take(100, 100)).toBe(true);
  room.whole(100, (since) => seen.push(`short ${since}`));
  await handedOver;
  expect(seen).toEqual(['short undefined', 'first', 'second']);
  expect(room.take(TURN_WEIGHT * 2, TURN_WEIGHT * 2)).toBe(true);
});

test('the time of a write whose body waited runs from when the body had come', async () => {
  const engine = new FakeEngine();
  const { fetch, direct } = createApp(engine, { bodies: new BodyRoom(undefined, () => 77) });
  server = await startServer({ app: { fetch, direct }, port: 0, limits: { graceMs: 100 } });
  const long = JSON.stringify({ message: 'x'.repeat(100_000), timeoutMs: 9 });
  const { status, end } = begin('/messages', long);
  end();
  expect(await status).toBe(201);
  expect(engine.writes.map(({ arrivedAt }) => arrivedAt)).toEqual([77]);
});
