// Whatever is done to a launcher and its nodes, by its routes, by the command line or behind its
// back: it answers what a model says, and so says what is so; nothing acknowledged is lost and
// nothing left behind. REPLOG_SEED=17 plays another order.

import { afterAll, test } from 'vitest';
import { Belongings } from './program.ts';
import { expectAllShown, write } from './restless-cluster.ts';
import { Steward } from './steward.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const seed = Number(process.env.REPLOG_SEED ?? 1);
const STEPS = Number(process.env.REPLOG_STEPS ?? 6);

test('G2, G15, G18: a launcher answers what a model says, and says what is so', async () => {
  const steward = await Steward.start(seed, belongings);
  let over = false;
  const written = write(steward.master, () => over, { wOf: () => 'majority', withinMs: 80_000 });
  try {
    for (let step = 1; step <= STEPS; step += 1) await steward.step();
    const urls = await steward.heal();
    over = true;
    await expectAllShown(urls, await written);
    await steward.end();
  } catch (error) {
    over = true;
    throw new Error(`seed ${seed} (REPLOG_SEED=${seed})\n${steward.done.join('\n')}`, {
      cause: error,
    });
  }
}, 90_000);
