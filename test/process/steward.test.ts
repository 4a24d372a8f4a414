// Whatever is done to a launcher and its nodes, by its routes, by the command line or behind its
// back: it answers what a model says, and so says what is so; nothing acknowledged is lost and
// nothing left behind. REPLOG_SEED=17 plays another order.

import { afterAll, expect, test } from 'vitest';
import { Belongings, call, messages, until } from './program.ts';
import { Steward } from './steward.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const seed = Number(process.env.REPLOG_SEED ?? 1);
const STEPS = Number(process.env.REPLOG_STEPS ?? 6);

/** Writes one message after the other, each until it is stored; resolves with how many. */
async function write(url: string, over: () => boolean): Promise<number> {
  for (let i = 1; ; i += 1) {
    const headers = { 'idempotency-key': `k-${i}` };
    const body = { message: `m-${i}`, w: 'majority', timeoutMs: 500 };
    await until(
      () => call('POST', `${url}/messages`, body, headers),
      ({ status }) => status === 200 || status === 201,
      `m-${i} is stored`,
      80_000,
    );
    if (over()) return i;
  }
}

test('G2, G15, G18: a launcher answers what a model says, and says what is so', async () => {
  const steward = await Steward.start(seed, belongings);
  let over = false;
  const written = write(steward.master, () => over);
  try {
    for (let step = 1; step <= STEPS; step += 1) await steward.step();
    const urls = await steward.heal();
    over = true;
    const expected = Array.from({ length: await written }, (_, i) => `m-${i + 1}`);
    for (const url of urls) {
      await until(
        () => messages(url),
        (shown) => shown.length >= expected.length,
        `${url} shows all`,
      );
      expect(await messages(url)).toEqual(expected);
    }
    await steward.end();
  } catch (error) {
    over = true;
    throw new Error(`seed ${seed} (REPLOG_SEED=${seed})\n${steward.done.join('\n')}`, {
      cause: error,
    });
  }
}, 90_000);
