import { describe, expect, test } from 'vitest';
import { Latencies } from '../../src/bench/latencies.ts';
import { type LoadOptions, load } from '../../src/bench/load.ts';

/** Time that passes only when somebody sleeps. */
class Time {
  ms = 0;
  private sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  readonly now = (): number => this.ms;
  readonly sleep = (ms: number): Promise<void> =>
    new Promise((wake) => this.sleepers.push({ at: this.ms + ms, wake }));

  /** Lets everything happen that happens until then. */
  async until(ms: number): Promise<void> {
    for (;;) {
      await settled();
      const next = this.sleepers.toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > ms) break;
      this.sleepers = this.sleepers.filter((sleeper) => sleeper !== next);
      this.ms = next.at;
      next.wake();
    }
    this.ms = ms;
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function stage(work: (time: Time) => Promise<void>, options: Partial<LoadOptions>) {
  const time = new Time();
  const latencies = new Latencies();
  const stop = new AbortController();
  const running = load(
    {
      work: () => work(time),
      connections: 4,
      rate: null,
      latencies,
      now: time.now,
      sleep: time.sleep,
      ...options,
    },
    stop.signal,
  );
  return { time, latencies, stop, running };
}

describe('a closed loop', () => {
  test('lets time pass between failures that wait for nothing', async () => {
    let calls = 0;
    const { time, stop, running } = stage(
      async () => {
        calls += 1;
        if (calls === 1_000) stop.abort();
        throw new Error('refused');
      },
      { connections: 1 },
    );
    await time.until(5);
    expect(calls).toBe(6);
    stop.abort();
    await time.until(10);
    expect(await running).toMatchObject({ done: 0, failed: 6 });
  });

  test('keeps as many under way as it has connections, each followed by the next', async () => {
    let underWay = 0;
    let most = 0;
    const { time, latencies, stop, running } = stage(async ({ sleep }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await sleep(10);
      underWay -= 1;
    }, {});
    await time.until(95);
    stop.abort();
    await time.until(200);
    const result = await running;
    expect([most, result.done, result.failed]).toEqual([4, 40, 0]);
    expect(latencies.percentiles()).toMatchObject({
      p50: expect.closeTo(10, 1),
      max: expect.closeTo(10, 1),
    });
  });

  test('failures are counted by their words, and their times are not', async () => {
    let count = 0;
    const { time, latencies, stop, running } = stage(
      async ({ sleep }) => {
        await sleep(10);
        count += 1;
        if (count % 2 === 0) throw new Error('no quorum');
      },
      { connections: 1 },
    );
    await time.until(95);
    stop.abort();
    await time.until(200);
    const result = await running;
    expect([result.done, result.failed, latencies.count]).toEqual([5, 5, 5]);
    expect([...result.errors]).toEqual([['no quorum', 5]]);
  });
});

describe('an open loop', () => {
  test('begins at its rate, whatever the answers do', async () => {
    const { time, stop, running } = stage(({ sleep }) => sleep(300), { rate: 10, connections: 10 });
    await time.until(1_050);
    stop.abort();
    await time.until(3_000);
    const result = await running;
    expect([result.done, result.missed]).toEqual([10, 0]);
  });

  test('a stall counts for all that it held up, from when they were due', async () => {
    const { time, latencies, stop, running } = stage(
      async ({ now, sleep }) => sleep(Math.max(1, 500 - now())),
      { rate: 100, connections: 1_000 },
    );
    await time.until(1_000);
    stop.abort();
    await time.until(2_000);
    await running;
    const { p50, max } = latencies.percentiles();
    expect(max).toBeGreaterThan(480);
    expect(p50).toBeLessThan(20);
    // Half of the time stood still: a quarter of all waited longer than half of that.
    expect(latencies.percentiles().p90).toBeGreaterThan(350);
  });

  test('what finds no room is missed, and said', async () => {
    const { time, stop, running } = stage(({ sleep }) => sleep(10_000), {
      rate: 100,
      connections: 5,
    });
    await time.until(1_005);
    stop.abort();
    await time.until(20_000);
    const result = await running;
    expect([result.done, result.missed]).toEqual([5, 95]);
  });
});

test('latencies keep three digits from a microsecond to minutes', () => {
  const latencies = new Latencies();
  expect(latencies.percentiles()).toEqual({ p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  for (let i = 1; i <= 1_000; i += 1) latencies.add(i / 10);
  const { p50, p99, max } = latencies.percentiles();
  expect([p50, p99, max]).toEqual([
    expect.closeTo(50, 0),
    expect.closeTo(99, 0),
    expect.closeTo(100, 0),
  ]);
  latencies.add(1_200_000);
  expect(latencies.percentiles().max).toBeGreaterThan(590_000);
});
