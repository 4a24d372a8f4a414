// Nodes and their arbiter that are started, ended and mistaken by hand, without a launcher: what a
// client was told is stored is on every node, once and in order; whoever is in the wrong place is
// refused in words, and the cluster next door notices nothing. REPLOG_SEED=17 plays another order,
// REPLOG_SEEDS=50 so many (and --test-timeout), with
// `npx vitest run --project process test/process/by-hand`.

import { existsSync, readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { Belongings, call, messages, until } from '../program.ts';
import { Hand, OF_NEIGHBOUR } from './hand.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const only = process.env.REPLOG_SEED;
const first = Number(only ?? 1);
const seeds = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 1) : 1;

const STEPS = 6;

/** Writes one message after the other, each until it is stored; resolves with how many. */
async function write(hand: Hand, over: () => boolean): Promise<number> {
  for (let i = 1; ; i += 1) {
    const headers = { 'idempotency-key': `k-${i}` };
    const body = { message: `m-${i}`, timeoutMs: 500 };
    await until(
      async () => {
        const { url } = await hand.master();
        return await call('POST', `${url}/messages`, body, headers, AbortSignal.timeout(1_000));
      },
      ({ status }) => status === 200 || status === 201,
      `m-${i} is stored`,
      90_000,
    );
    if (over()) return i;
  }
}

async function play(hand: Hand): Promise<void> {
  let over = false;
  const written = write(hand, () => over);
  written.catch(() => {});
  for (let step = 1; step <= STEPS; step += 1) {
    await hand.step();
    for (const [node, list] of await hand.lists()) {
      const told = list.map((_, i) => `m-${i + 1}`);
      expect([node, list]).toEqual([node, told]);
    }
  }
  await hand.heal();
  over = true;
  const expected = Array.from({ length: await written }, (_, i) => `m-${i + 1}`);
  await hand.caughtUp();
  const lists = await hand.lists();
  expect(lists).toEqual(hand.nodes.map(({ place }) => [place.id, expected]));
  expect(await messages(hand.neighbour.url)).toEqual([OF_NEIGHBOUR]);

  for (const single of hand.all) await single.stop();
  const folders = hand.all.flatMap(({ place }) => place.folder ?? []).filter(existsSync);
  expect(folders.flatMap((folder) => readdirSync(folder)).filter(isLock)).toEqual([]);
  for (const { url } of hand.all) await expect(call('GET', `${url}/livez`)).rejects.toThrow();
}

function isLock(name: string): boolean {
  return name.startsWith('lock');
}

describe('G2, G3, G15: single nodes may be started, ended and mistaken in any order', () => {
  test.each(Array.from({ length: seeds }, (_, i) => first + i))(
    'seed %i',
    async (seed) => {
      const hand = await Hand.start(seed, belongings);
      try {
        await play(hand);
      } catch (error) {
        const text = `seed ${seed} (REPLOG_SEED=${seed})\n${hand.done.join('\n')}`;
        throw new Error(text, { cause: error });
      } finally {
        await belongings.release();
      }
    },
    240_000,
  );
});
