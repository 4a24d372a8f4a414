// Whatever an operator does, and in whatever order: what a client was told is stored is on every
// node, once and in order; what the launcher says of its nodes is so; nothing is left behind.
// REPLOG_SEED=17 plays another order.

import { afterAll, expect, test } from 'vitest';
import { isAlive, markOf } from '../../src/cluster/process/liveness.ts';
import { Operator } from './operator.ts';
import { Belongings } from './program.ts';
import { expectAllShown, write } from './restless-cluster.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** By default one that adds, removes, kills, pauses, breaks and starts over, also two at a time. */
const seed = Number(process.env.REPLOG_SEED ?? 92);

const STEPS = 8;

test('G2, G15, G18: an operator may do anything, in any order', async () => {
  const operator = await Operator.start(seed, belongings);
  let over = false;
  const written = write(operator.master, () => over, {
    wOf: (i) => (i % 3 === 0 ? 1 : 'majority'),
    withinMs: 60_000,
  });
  try {
    for (let step = 1; step <= STEPS; step += 1) {
      await operator.step();
      expect(await operator.untruths()).toEqual([]);
    }
    const urls = await operator.heal();
    over = true;
    await expectAllShown(urls, await written);
    const { nodes, removed } = await operator.view();
    const marks = [...nodes, ...removed].flatMap(({ pid }) => (pid === null ? [] : markOf(pid)));
    expect(await operator.stop()).toBe(0);
    expect([marks.filter(isAlive), operator.runFiles]).toEqual([[], []]);
  } catch (error) {
    throw new Error(`seed ${seed} (REPLOG_SEED=${seed})\n${operator.done.join('\n')}`, {
      cause: error,
    });
  }
}, 120_000);
