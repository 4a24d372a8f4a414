// Virtual time itself: what happens when, and before what.

import { describe, expect, test } from 'vitest';
import { Timeline } from '../../src/sim/timeline.ts';

describe('virtual time', () => {
  test('does what is planned at its moment, and of one moment what was planned first', async () => {
    const timeline = new Timeline();
    const done: string[] = [];
    const note = (what: string) => () => done.push(`${what} at ${timeline.now}`);
    for (const ms of [30, 10, 20]) timeline.after(ms, note(`${ms}`));
    for (let i = 0; i < 5; i += 1) timeline.after(10, note(`10.${i}`));
    await timeline.run(20);
    const tens = Array.from({ length: 5 }, (_, i) => `10.${i} at 10`);
    expect(done).toEqual(['10 at 10', ...tens, '20 at 20']);
    await timeline.run(100);
    expect([done.at(-1), timeline.now]).toEqual(['30 at 30', 100]);
  });

  test('any number of things, in the order of their times', async () => {
    const timeline = new Timeline();
    const times: number[] = [];
    for (let i = 0; i < 200; i += 1) {
      timeline.after((i * 7_919) % 211, () => times.push(timeline.now));
    }
    await timeline.run(1_000);
    expect(times).toHaveLength(200);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test('leaves out what was taken back, and no time passes for that', async () => {
    const timeline = new Timeline();
    const done: string[] = [];
    timeline.after(10, () => done.push('taken back')).run = null;
    timeline.after(5, () => done.push('done'));
    await timeline.run(20, () => done.length > 0);
    expect([done, timeline.now]).toEqual([['done'], 5]);
  });

  test('ends where somebody has what they waited for, and nothing is lost', async () => {
    const timeline = new Timeline();
    const done: number[] = [];
    for (const ms of [10, 20]) timeline.after(ms, () => done.push(ms));
    await timeline.run(100, () => done.length === 1);
    expect([done, timeline.now]).toEqual([[10], 10]);
    await timeline.run(100);
    expect(done).toEqual([10, 20]);
  });

  test('does what promises do in consequence before the next event, if told of them', async () => {
    const done: string[] = [];
    const timeline = new Timeline();
    const chain = async (): Promise<void> => {
      for (let i = 0; i < 5; i += 1) await null;
      done.push('promise');
    };
    timeline.after(10, () => {
      timeline.stir();
      void chain();
    });
    timeline.after(10, () => done.push('next'));
    await timeline.run(20);
    expect(done).toEqual(['promise', 'next']);
    // What was begun before it runs comes first as well.
    void chain();
    timeline.after(0, () => done.push('event'));
    await timeline.run(40);
    expect(done.slice(2)).toEqual(['promise', 'event']);
  });

  test('ends with an error where somebody runs in circles', async () => {
    const timeline = new Timeline();
    const again = (): void => void timeline.after(0, again);
    again();
    await expect(timeline.run(10)).rejects.toThrow('virtual time goes on');
    const busy = new Timeline();
    const on = (): void => void busy.after(1, on);
    on();
    await busy.run(60_000);
    expect(busy.now).toBe(60_000);
  });

  test('has a fingerprint of what happened, and when', async () => {
    const hashOf = async (what: number, ms: number) => {
      const timeline = new Timeline();
      timeline.after(ms, () => timeline.happened(what));
      await timeline.run(100);
      expect(timeline.events).toBe(1);
      return timeline.hash;
    };
    const hashes = [await hashOf(1, 10), await hashOf(2, 10), await hashOf(1, 11)];
    expect(new Set(hashes).size).toBe(3);
    expect(await hashOf(1, 10)).toBe(hashes[0]);
  });
});
