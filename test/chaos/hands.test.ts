// What chaos does to nodes, and what it takes down of it.

import { describe, expect, test } from 'vitest';
import { answered, refused, staged } from './staged.ts';

const nodeLines = (lines: readonly Record<string, unknown>[]) =>
  lines.filter(({ type }) => type === 'node').map(({ event, life }) => `${life} ${event}`);

describe('processes', () => {
  test.each([
    ['kill', 'crash', 'down', null, 'n2#2'],
    ['stop', 'stop', 'down', null, 'n2#2'],
    ['pause', 'pause', 'paused', 'n2#1', 'n2#1'],
  ] as const)('%s is a %s, ends or keeps the life, and can be undone', async (...row) => {
    const [what, event, posture, life, after] = row;
    const { hands, arena, asked, lines, steps } = staged();
    await hands.strike('n2', what);
    expect([hands.postureOf('n2'), arena.lifeOf('n2')]).toEqual([posture, life]);
    // What is down already is not struck again, nor asked for faults.
    await hands.strike('n2', 'kill');
    await hands.ask('n2', 'hold', { hold: true });
    await hands.clear('n2');
    await hands.undo('n2');
    await hands.undo('n2');
    const back = what === 'pause' ? 'resume' : 'start';
    expect(steps()).toEqual([`n2 ${what}`, `n2 ${back}`]);
    expect(nodeLines(lines)).toEqual([`n2#1 ${event}`, `${after} ${back}`]);
    expect(asked.filter((one) => one.startsWith('launcher'))).toEqual([
      `launcher POST /cluster/nodes/n2/${what}`,
      `launcher POST /cluster/nodes/n2/${back}`,
    ]);
    expect([hands.postureOf('n2'), arena.lifeOf('n2')]).toEqual(['up', after]);
    expect([...hands.counts]).toEqual([[what, 1]]);
    expect(hands.failures).toEqual([]);
  });

  test('a write that was under way meanwhile has met it, at the role of that moment', async () => {
    const { hands, coverage, clock } = staged();
    await hands.strike('n1', 'kill');
    clock.now = 10;
    coverage.wrote('all', 5, 10);
    await hands.undo('n1');
    clock.now = 1_000;
    coverage.wrote('all', 999, 1_000);
    expect([coverage.metBy('kill', 'master'), coverage.metBy('kill', 'secondary')]).toEqual([1, 0]);
  });

  test('one that does not start is a failure, and is waited for no longer', async () => {
    const { hands } = staged((one) => {
      if (one.who === 'launcher') return one.what.endsWith('start') ? refused(500) : {};
      return refused();
    });
    await hands.strike('n2', 'kill');
    await hands.undo('n2');
    expect(hands.failures).toEqual([expect.stringMatching(/^n2 did not start: .*not now/)]);
  });

  test('one that starts and says nothing for a minute is a failure', async () => {
    const { hands, slept } = staged((one) => (one.who === 'launcher' ? {} : refused()));
    await hands.strike('n2', 'kill');
    await hands.undo('n2');
    expect(hands.failures).toEqual(['n2 did not answer 60 s after its start']);
    expect(slept.reduce((sum, ms) => sum + ms)).toBeLessThan(61_000);
  });

  test('a start that was cut short by the next kill is no failure', async () => {
    let [isUp, fail] = [false, (): void => undefined];
    const { hands } = staged((one) => {
      if (!one.what.endsWith('/start')) return answered(one);
      if (isUp) return {};
      isUp = true;
      return new Promise((resolve) => {
        fail = () => resolve(refused(500));
      });
    });
    await hands.strike('n2', 'kill');
    await hands.undo('n2');
    await hands.strike('n2', 'kill');
    fail();
    await hands.heal();
    expect(hands.failures).toEqual([]);
  });
});

test('healing waits for what the launcher says of a start', async () => {
  let fail = (): void => undefined;
  const { hands } = staged((one) => {
    if (!one.what.endsWith('/start')) return answered(one);
    return new Promise((resolve) => {
      fail = () => resolve(refused(500));
    });
  });
  await hands.strike('n2', 'kill');
  await hands.undo('n2');
  let isHealed = false;
  const healed = hands.heal().then(() => {
    isHealed = true;
  });
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  expect(isHealed).toBe(false);
  fail();
  await healed;
  expect(hands.failures).toEqual([expect.stringMatching(/^n2 did not start/)]);
});

describe('faults', () => {
  test.each([
    ['struck', { hold: 3 }, 1],
    ['did not strike', { delay: 3 }, 0],
  ])('one that %s counts so', async (_, hits, met) => {
    const { hands, coverage, clock, steps, asked, lines } = staged((one) =>
      one.what === 'GET /faults' ? { faults: {}, hits } : answered(one),
    );
    await hands.ask('n2', 'hold', { hold: true });
    clock.now = 10;
    coverage.wrote('2', 5, 10);
    await hands.clear('n2');
    // The second time there is nothing left of which to ask.
    await hands.clear('n2');
    expect(coverage.metBy('hold', 'secondary')).toBe(met);
    expect(steps()).toEqual(['n2 fault hold', 'n2 clear', 'n2 clear']);
    // Looked at before they are gone, as clearing them ends the count.
    expect(asked).toEqual([
      'n2 PUT /faults',
      'n2 GET /faults',
      'n2 DELETE /faults',
      'n2 DELETE /faults',
    ]);
    const told = lines.filter(({ type }) => type === 'fault');
    expect(told).toMatchObject([
      { kind: 'hold', detail: '{"hold":true}' },
      { kind: 'clear' },
      { kind: 'clear' },
    ]);
    expect([...hands.counts]).toEqual([['hold', 1]]);
  });

  test('one that the node refused was not set', async () => {
    const { hands, lines } = staged((one) =>
      one.what.endsWith('/faults') ? refused() : answered(one),
    );
    await hands.ask('n2', 'hold', { hold: true });
    await hands.clear('n2');
    expect(lines.filter(({ type }) => type === 'fault')).toEqual([]);
    expect([...hands.counts]).toEqual([]);
  });

  test('whether it struck is asked before its process ends, not when it stands still', async () => {
    const askedBefore = async (what: 'kill' | 'pause'): Promise<string[]> => {
      const { hands, asked } = staged();
      await hands.ask('n2', 'hold', { hold: true });
      await hands.strike('n2', what);
      return asked;
    };
    const set = 'n2 PUT /faults';
    const ended = 'launcher POST /cluster/nodes/n2';
    expect(await askedBefore('kill')).toEqual([set, 'n2 GET /faults', `${ended}/kill`]);
    expect(await askedBefore('pause')).toEqual([set, `${ended}/pause`]);
  });
});

test('to heal is to have every node up, awake and without faults', async () => {
  const { hands, asked } = staged();
  await hands.strike('n1', 'pause');
  await hands.strike('n2', 'stop');
  await hands.ask('n3', 'hold', { hold: true });
  await hands.heal();
  for (const node of ['n1', 'n2', 'n3']) {
    expect(hands.postureOf(node)).toBe('up');
    expect(asked).toContain(`${node} DELETE /faults`);
  }
});

test.each([
  [{ act: 'kill' }, ['n2 kill']],
  [{ act: 'fault', kind: 'hold', faults: { hold: true } }, ['n2 fault hold']],
  [{ act: 'clear' }, ['n2 clear']],
  [{ act: 'start' }, []],
] as const)('a recorded %j is done again where it fits', async (step, done) => {
  const { hands, steps } = staged();
  await hands.play({ type: 'step', at: 0, node: 'n2', ...step });
  expect(steps()).toEqual(done);
});

test('a recording wakes who stands still, and starts who is down', async () => {
  const { hands, asked } = staged();
  const step = { type: 'step', at: 0 } as const;
  await hands.play({ ...step, node: 'n2', act: 'pause' });
  await hands.play({ ...step, node: 'n2', act: 'resume' });
  await hands.play({ ...step, node: 'n3', act: 'stop' });
  await hands.play({ ...step, node: 'n3', act: 'start' });
  expect(asked.filter((one) => one.startsWith('launcher'))).toEqual(
    ['n2/pause', 'n2/resume', 'n3/stop', 'n3/start'].map(
      (what) => `launcher POST /cluster/nodes/${what}`,
    ),
  );
});
