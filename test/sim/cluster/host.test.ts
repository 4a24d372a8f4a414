// One process in virtual time: its queue, its timer, its pauses and its ends.

import { describe, expect, test } from 'vitest';
import type { Effect } from '../../../src/core/effects.ts';
import { Timeline } from '../../../src/sim/timeline.ts';
import { TestHost } from '../machine.ts';

const leave: Effect = { type: 'Persist', id: 1, upTo: 1 } as Effect;

async function started() {
  const timeline = new Timeline();
  const host = new TestHost('n1', timeline);
  host.boot(0);
  host.start();
  await timeline.run(1);
  expect(host.told).toEqual(['Start']);
  host.steps.length = 0;
  return { host, timeline };
}

describe('the timer of a process', () => {
  test('wakes it when it wants to be, not before, and once', async () => {
    const { host, timeline } = await started();
    host.react = ({ type }) => {
      if (type === 'Wake') host.deadline = Number.POSITIVE_INFINITY;
      return [];
    };
    host.deadline = 10.5;
    host.post({ type: 'Stop' });
    await timeline.run(100);
    expect(host.steps.map(({ type }) => type)).toEqual(['Stop', 'Wake']);
    expect(host.steps[1]!.at).toBeGreaterThanOrEqual(10.5);
    expect(host.steps[1]!.at).toBeLessThanOrEqual(12);
  });

  test('is set earlier when the machine wants that; later, it finds nothing to do', async () => {
    const { host, timeline } = await started();
    const ask = (deadline: number): void => {
      host.deadline = deadline;
      host.post({ type: 'Stop' });
    };
    host.react = ({ type }) => {
      if (type === 'Wake') host.deadline = Number.POSITIVE_INFINITY;
      return [];
    };
    ask(50);
    timeline.after(5, () => ask(20));
    await timeline.run(40);
    expect(host.steps.filter(({ type }) => type === 'Wake')).toMatchObject([{ at: 20 }]);
    ask(60);
    timeline.after(5, () => ask(80));
    await timeline.run(200);
    const [, later] = host.steps.filter(({ type }) => type === 'Wake');
    expect(later).toMatchObject({ at: 80 });
  });

  test('is late where timers are', async () => {
    const { host, timeline } = await started();
    host.lateness = () => 100;
    host.react = ({ type }) => {
      if (type === 'Wake') host.deadline = Number.POSITIVE_INFINITY;
      return [];
    };
    host.deadline = 10;
    host.post({ type: 'Stop' });
    await timeline.run(200);
    expect(host.steps.at(-1)).toEqual({ type: 'Wake', at: 110 });
  });

  test('counts by a clock of its own, which begins anew', async () => {
    const { host, timeline } = await started();
    await timeline.run(50);
    host.end(true);
    host.boot(1_000);
    await timeline.run(60);
    expect([host.now(), host.dark]).toEqual([1_010, false]);
  });

  test('of a machine that wants to be woken for ever ends its process', async () => {
    const { host, timeline } = await started();
    host.deadline = 0;
    host.post({ type: 'Stop' });
    await timeline.run(10);
    expect(host.errors).toMatchObject([{ message: expect.stringContaining('again and again') }]);
  });
});

describe('a paused process', () => {
  test('does nothing, and then what has come, after the timer that was due', async () => {
    const { host, timeline } = await started();
    host.react = ({ type }) => {
      if (type === 'Wake') host.deadline = Number.POSITIVE_INFINITY;
      return [];
    };
    const done: string[] = [];
    host.deadline = 10;
    host.post({ type: 'Stop' });
    await timeline.run(5);
    host.pause();
    host.within(host.life, () => {
      done.push(`arrived after ${host.told.join(' ')}`);
      host.post({ type: 'Stop' });
    });
    await timeline.run(100);
    expect([host.told, done]).toEqual([['Stop'], []]);
    host.resume();
    await timeline.run(200);
    expect(done).toEqual(['arrived after Stop Wake']);
    expect(host.told).toEqual(['Stop', 'Wake', 'Stop']);
  });

  test('that ends does none of it in its next life', async () => {
    const { host, timeline } = await started();
    const done: string[] = [];
    host.pause();
    host.within(host.life, () => done.push('of the earlier life'));
    host.end(false);
    host.start();
    expect(host.paused).toBe(false);
    host.pause();
    host.resume();
    await timeline.run(10);
    expect(done).toEqual([]);
  });
});

describe('the end of a process', () => {
  test('takes its events and its timer with it', async () => {
    const { host, timeline } = await started();
    host.deadline = 10;
    host.post({ type: 'Stop' });
    await timeline.run(5);
    const stale: string[] = [];
    const act = host.inLife(() => stale.push('stale'));
    host.later(1, () => stale.push('later'));
    host.post({ type: 'Stop' });
    host.end(false);
    expect(host.up).toBe(false);
    host.steps.length = 0;
    host.post({ type: 'Stop' });
    act();
    host.deadline = Number.POSITIVE_INFINITY;
    await timeline.run(20);
    host.start();
    await timeline.run(100);
    expect([host.told, stale]).toEqual([['Start'], []]);
  });

  test.each([
    ['killed', false, ['peer']],
    ['without power', true, []],
  ])('%s: whoever is connected hears of it, or does not', async (_, silently, heard) => {
    const { host } = await started();
    const told: string[] = [];
    host.connect(() => told.push('peer'));
    host.connect(() => told.push('one that was answered'))();
    const { life } = host;
    host.end(silently);
    expect([told, host.dark, host.life]).toEqual([heard, silently, life + 1]);
    host.end(false);
    expect(told).toEqual(heard);
  });

  test('on request: it takes no more events, its last calls may still end', async () => {
    const { host, timeline } = await started();
    const told: string[] = [];
    host.connect(() => told.push('peer'));
    const last = host.inLife(() => told.push('last call'));
    host.post({ type: 'Stop' });
    host.leave();
    last();
    await timeline.run(10);
    expect([told, host.told]).toEqual([['peer', 'last call'], []]);
  });

  test('in the middle of an event: nothing more is done, nor of what comes after it', async () => {
    const { host, timeline } = await started();
    host.react = () => {
      host.end(false);
      return [leave];
    };
    for (let i = 0; i < 3; i += 1) host.post({ type: 'Stop' });
    await timeline.run(10);
    expect([host.told, host.performed]).toEqual([['Stop'], []]);
  });

  test('by an error of its machine: whoever watches it is told', async () => {
    const { host, timeline } = await started();
    const { turns } = host;
    host.react = () => {
      throw new Error('broken');
    };
    host.post({ type: 'Stop' });
    await timeline.run(10);
    expect(host.errors).toMatchObject([{ message: 'broken' }]);
    expect(host.turns).toBe(turns);
  });
});

test('the effects of all events at hand are performed, and one turn is over then', async () => {
  const { host, timeline } = await started();
  const { turns } = host;
  host.react = () => [leave];
  for (let i = 0; i < 3; i += 1) host.post({ type: 'Stop' });
  await timeline.run(10);
  expect([host.performed.length, host.turns - turns]).toEqual([3, 1]);
});
