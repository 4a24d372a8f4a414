// Slow secondaries: a write waits for as many nodes as it asked for and no longer, and who waits
// long is in nobody's way.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Group } from './group.ts';
import { percentile } from './percentile.ts';
import { Belongings, messages, until } from './program.ts';

/** Many looks at each state that lasts, and little work for those that are looked at. */
const BETWEEN_LOOKS_MS = 20;

const belongings = new Belongings();
let group: Group;
let blocked: Group;

beforeAll(async () => {
  [group, blocked] = await Promise.all([Group.start(belongings), Group.start(belongings)]);
});

afterAll(() => belongings.release());

describe('secondaries that answer after 1 s and 3 s', () => {
  test('G1, G3: w decides how long a write takes, and nodes list prefixes meanwhile', async () => {
    await group.breaks(2, { delayMs: 1_000 });
    await group.breaks(3, { delayMs: 3_000 });
    let answered = false;
    const writes = Promise.all([1, 2, 3].map((w) => group.append(`for ${w}`, w))).finally(() => {
      answered = true;
    });

    const seen = new Set<string>();
    while (!answered) {
      // Those that are ahead are read last, so that each list was there when the next one was read.
      const third = await messages(group.url(3));
      const second = await messages(group.url(2));
      const first = await messages(group.url(1));
      expect(first.slice(0, second.length)).toEqual(second);
      expect(second.slice(0, third.length)).toEqual(third);
      seen.add([first, second, third].map((list) => list.length).join(' '));
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
    }

    const [one, two, three] = await writes;
    expect([one!.status, two!.status, three!.status]).toEqual([201, 201, 201]);
    expect(one!.body.acks).toEqual(['n1']);
    expect(two!.body.acks).toEqual(['n1', 'n2']);
    expect(three!.body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    expect(one!.ms).toBeLessThan(500);
    expect(two!.ms).toBeGreaterThanOrEqual(1_000);
    expect(two!.ms).toBeLessThan(2_000);
    expect(three!.ms).toBeGreaterThanOrEqual(3_000);
    expect(three!.ms).toBeLessThan(4_000);
    // First only the master has all three, then the quick secondary too.
    expect(seen).toContain('3 0 0');
    expect(seen).toContain('3 3 0');

    await group.heals(2);
    await group.heals(3);
    await group.caughtUp();
  });
});

/** What so many writes took, one after another. */
async function times(cluster: Group, count: number, w: number): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const { status, ms } = await cluster.append('quick', w);
    expect(status).toBe(201);
    found.push(ms);
  }
  return found;
}

/** A systematic slowdown shows in every round; a hiccup of the machine does not. */
const ROUNDS = 5;

type Turn = () => Promise<number[]>;

/** By what factor the 99th percentile is longer beside something, in the best of the rounds; both
 * are measured in turns, so that what else the machine does meets both. */
async function slowdown(turns: number, { usual, beside }: { usual: Turn; beside: Turn }) {
  const ratios: number[] = [];
  while (ratios.length < ROUNDS && !ratios.some((ratio) => ratio <= 2)) {
    const [before, after]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < turns; turn += 1) {
      before.push(...(await usual()));
      after.push(...(await beside()));
    }
    ratios.push(percentile(after, 99) / percentile(before, 99));
  }
  return Math.min(...ratios);
}

describe('1,000 clients that wait for w = 3', () => {
  test('B47, G8: slow down neither w = 1 nor w = 2, and all are answered in the end', async () => {
    await blocked.breaks(3, { hold: true });
    const waiting = Array.from({ length: 1_000 }, (_, i) => blocked.append(`patient ${i}`, 3));
    await until(
      () => blocked.health(),
      ({ lastIndex }) => lastIndex === 1_000,
      'all 1,000 wait',
    );

    for (const w of [1, 2]) {
      const usual = () => times(group, 30, w);
      const beside = () => times(blocked, 30, w);
      expect(await slowdown(10, { usual, beside }), `w = ${w}`).toBeLessThanOrEqual(2);
    }

    await blocked.heals(3);
    const answers = await Promise.all(waiting);
    expect(answers.every(({ status }) => status === 201)).toBe(true);
    expect(answers.every(({ body }) => body.acks.length === 3)).toBe(true);
    expect(new Set(answers.map(({ body }) => body.index)).size).toBe(1_000);
  });
});

describe('a secondary that is slow', () => {
  test('B59, G8: does not slow down writes that need it not', async () => {
    await times(group, 100, 2);
    const usual = () => times(group, 40, 2);
    const beside = async (): Promise<number[]> => {
      await group.breaks(3, { delayMs: 2_000, heartbeat: true });
      const found = await times(group, 40, 2);
      await group.heals(3);
      return found;
    };
    expect(await slowdown(5, { usual, beside })).toBeLessThanOrEqual(2);
  });
});
