import { expect, test } from 'vitest';
import { Portions } from '../../../src/node/runtime/portions.ts';

/** Portions in an event loop whose turns are asked for. */
function setUp() {
  let asked: (() => void)[] = [];
  const portions = new Portions((run) => asked.push(run));
  const done: number[] = [];
  const add = (count: number): void => {
    const first = done.length;
    for (let n = 0; n < count; n += 1) portions.add(() => done.push(first + n));
  };
  const turn = (): number => {
    const before = done.length;
    const now = asked;
    asked = [];
    for (const run of now) run();
    return done.length - before;
  };
  return { portions, done, add, turn, waiting: () => asked.length };
}

test('a few are done at once, and no turn is asked for', () => {
  const { add, done, waiting } = setUp();
  add(1_023);
  expect(done).toHaveLength(1_023);
  expect(waiting()).toBe(0);
});

test('ten thousand are done in order, in portions of 1,024', async () => {
  const { portions, add, done, turn, waiting } = setUp();
  add(10_000);
  expect(done).toHaveLength(1_024);
  let over = false;
  const all = portions.done().then(() => {
    over = true;
  });
  while (waiting() > 0) {
    await Promise.resolve();
    expect(over).toBe(false);
    expect(turn()).toBeLessThanOrEqual(1_024);
  }
  await all;
  expect(done).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
});

test('what comes while others wait is done behind them', () => {
  const { portions, add, done, turn } = setUp();
  add(1_100);
  portions.add(() => done.push(-1));
  expect(done).toHaveLength(1_024);
  turn();
  expect(done.slice(-2)).toEqual([1_099, -1]);
  add(1_024 - 77);
  expect(done).toHaveLength(2 * 1_024);
  portions.add(() => done.push(-2));
  expect(done).not.toContain(-2);
  turn();
  expect(done).toContain(-2);
});

test('nothing waits: that is over at once', async () => {
  const { portions } = setUp();
  await portions.done();
});
