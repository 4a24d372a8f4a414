// What a key does to a node, and what it asks first.

import { describe, expect, test } from 'vitest';
import { blankState, type ClusterState } from '../../../src/dashboard/cluster/cluster-state.ts';
import { costOf } from '../../../src/dashboard/keys/quorum-cost.ts';
import { firstScreen } from '../../../src/dashboard/keys/screen-state.ts';
import { mount } from '../mounted.ts';
import { healthyCluster, recorded, STATES, stepsOf, told } from '../recorded.ts';
import { control, footOf, typed } from '../typing.ts';

const healthy = recorded(STATES.healthy!);

describe('keys that act on a node', () => {
  test.each([
    ['x', 'stop'],
    ['X', 'kill'],
    ['z', 'pause'],
    ['r', 'restart'],
  ])('%s does %s to the chosen one, and says the command line', (key, verb) => {
    const { screen, effects } = typed(healthy, ['right', key]);
    expect(effects).toEqual([control('n2', verb)]);
    expect(screen.lastCommand).toBe(`replog ${verb} n2`);
    expect(screen.panel).toBeNull();
  });

  test('z thaws what is frozen, r starts what is down', () => {
    expect(typed(recorded(STATES['read-only']!), ['left', 'z']).effects).toEqual([
      control('n3', 'resume'),
    ]);
    expect(typed(recorded(STATES['one-down']!), ['j', 'r']).effects).toEqual([
      control('n2', 'start'),
    ]);
  });

  test('d removes a secondary, and never the master', () => {
    expect(typed(healthy, ['j', 'd']).effects).toEqual([{ type: 'remove', node: 'n2' }]);
    const { screen, effects } = typed(healthy, ['d']);
    expect([effects, screen.notice]).toEqual([[], 'd: n1 is the master: it cannot be removed']);
  });

  test('a node that comes to stand before the chosen one does not take its place', () => {
    const listed = (...ids: string[]) => {
      const nodes = ids.map((node) => ({
        ...{ node, url: `http://${node}:1`, role: 'secondary', pid: 1, state: 'running' },
      }));
      return { type: 'nodes', name: 'c', nodes } as const;
    };
    const one = told(blankState('http://x:1', 'c'), listed('n2', 'n3'));
    expect(typed(one, ['x']).effects).toEqual([control('n2', 'stop')]);
    const before = told(one, listed('n1', 'n2', 'n3'));
    expect(typed(before, ['x']).effects).toEqual([control('n2', 'stop')]);
    expect(typed(before, ['h', 'x']).effects).toEqual([control('n1', 'stop')]);
    const gone = told(before, listed('n3', 'n4'));
    expect(typed(gone, ['x']).effects).toEqual([control('n3', 'stop')]);
    expect(typed(told(gone, listed('n2', 'n3')), ['x']).effects).toEqual([control('n3', 'stop')]);
  });

  test('the nodes go round in both directions', () => {
    const at = (...keys: string[]) => typed(healthy, keys).screen.node;
    expect([at('left'), at('j', 'j', 'j'), at('right', 'left')]).toEqual(['n3', 'n1', 'n1']);
  });

  test.each([...'xXzrdal'])('without a launcher %s does nothing, and says why', (key) => {
    const remote = { ...healthy, control: null };
    const { screen, effects } = typed(remote, ['j', key]);
    expect([effects, screen.panel]).toEqual([[], null]);
    expect(screen.notice).toBe(
      `${key}: no launcher is known: do that where the process was started`,
    );
    expect(footOf(remote, screen)).toContain(` ${screen.notice}`);
  });

  test('with a launcher that has gone its keys say so; one that is only slow is asked', () => {
    const silentFor = (ms: number): ClusterState => ({
      ...healthy,
      launcherSilentSince: healthy.now - ms,
    });
    expect(typed(silentFor(3_000), ['j', 'X']).screen.notice).toBe(
      'X: the launcher does not answer',
    );
    expect(typed(silentFor(2_900), ['j', 'X']).effects).toHaveLength(1);
  });

  test.each([
    ['one-down', 'j', 'z', 'z: n2 is down: r starts it'],
    ['one-down', 'j', 'f', 'f: n2 does not answer'],
    ['read-only', 'h', 'r', 'r: n3 is paused: z thaws it'],
    ['healthy', 'j', 'c', 'c: no node has a fault'],
    ['healthy', 'j', 'B', 'B is no key here; ? shows all'],
  ])('in %s, %s %s is refused: %s', (name, choice, key, notice) => {
    const state = recorded(STATES[name]!);
    const { screen, effects } = typed(state, [choice, key]);
    expect([effects, screen.notice]).toEqual([[], notice]);
    expect(typed(state, ['j'], screen).screen.notice).toBeNull();
  });
});

describe('what would cost the quorum or the master is asked for first', () => {
  test('the master', () => {
    const { screen, effects } = typed(healthy, ['X']);
    expect(effects).toEqual([]);
    expect(screen.panel).toMatchObject({ kind: 'confirm', command: 'replog kill n1' });
    expect(typed(healthy, ['y'], screen).effects).toEqual([control('n1', 'kill')]);
    expect(typed(healthy, ['n'], screen)).toMatchObject({ screen: { panel: null }, effects: [] });
    // Only y is yes.
    expect(typed(healthy, ['enter', ' ', 'X'], screen).effects).toEqual([]);
  });

  test('the last node that a majority needs, also while the master has not noticed yet', () => {
    const oneDown = recorded(STATES['one-down']!);
    expect(costOf(oneDown, 'n3', 'kill')).toBe(
      'this costs the quorum: 1 of 3 would be left, 2 are needed',
    );
    const unnoticed = recorded({
      nodes: STATES['one-down']!.nodes.map((node) => ({ ...node, status: 'Healthy' as const })),
    });
    expect(costOf(unnoticed, 'n3', 'pause')).toContain('1 of 3');
    expect(costOf(oneDown, 'n2', 'stop')).toBeNull();
    expect(costOf(healthy, 'n2', 'kill')).toBeNull();
    // A cluster made smaller needs fewer.
    expect(costOf(healthy, 'n2', 'remove')).toBeNull();
    expect(costOf(recorded(healthyCluster(4)), 'n2', 'kill')).toBeNull();
    const twoOfFour = recorded({
      nodes: healthyCluster(4).nodes.map((node, i) =>
        i === 3 ? { ...node, process: 'exited', status: 'Unhealthy' as const } : node,
      ),
    });
    expect(costOf(twoOfFour, 'n2', 'stop')).toContain('2 of 4 would be left, 3 are needed');
    expect(costOf(twoOfFour, 'n2', 'remove')).toBeNull();
  });

  test('the second of two nodes, also before the launcher is seen to have lost the first', () => {
    for (const keys of ['jxjz', 'jXjx', 'jzjr', 'jrjX', 'jdjX']) {
      const { effects, screen } = typed(healthy, [...keys]);
      expect([keys, effects.length, screen.panel?.kind]).toEqual([keys, 1, 'confirm']);
    }
    const { screen } = typed(healthy, ['j', 'x', 'j']);
    const later = { ...healthy, rounds: healthy.rounds + 3 };
    expect(typed(later, ['x'], screen).effects).toEqual([control('n3', 'stop')]);
  });

  test('and only y says yes; a second q is no more than a way out', () => {
    for (const key of ['n', 'escape', 'q']) {
      expect(typed(healthy, ['q', key])).toMatchObject({ effects: [], screen: { panel: null } });
    }
    const { effects, screen } = typed(healthy, ['q', 'enter', ' ', 'Y', 'x']);
    expect([effects, screen.panel?.kind]).toEqual([[], 'confirm']);
  });

  test('leaving the dashboard of the launcher, but not that of an onlooker', () => {
    expect(typed(healthy, ['q']).screen.panel?.kind).toBe('confirm');
    expect(typed(healthy, ['q', 'y']).effects).toEqual([{ type: 'quit' }]);
    const ends = (...pids: (number | null)[]) => {
      const nodes = pids.map((pid, i) => ({
        ...{ node: `n${i + 1}`, url: `http://n${i}:1`, role: 'secondary', pid, state: null },
      }));
      const state = told(blankState('http://x:1', 'c'), { type: 'nodes', name: 'c', nodes });
      const { panel } = typed(state, ['q']).screen;
      return panel?.kind === 'confirm' ? panel.question : '';
    };
    // A node that is down has nothing left to end.
    expect(ends(1, null, 2)).toBe('to leave is to stop the cluster: 2 nodes would end');
    expect(ends(1, null)).toBe('to leave is to stop the cluster: 1 node would end');
    expect(ends(null, null)).toBe('to leave is to stop the cluster: its launcher would end');
    expect(typed(healthy, ['q'], firstScreen(false)).effects).toEqual([{ type: 'quit' }]);
    expect(typed(healthy, ['m', 'ctrl-c']).effects).toEqual([{ type: 'quit' }]);
  });
});

test('an open question says what is true now, and stands while nobody can tell', async () => {
  const shown = await mount(STATES['one-down']!, 80, 24);
  const costs = 'this costs the quorum: 1 of 3 would be left, 2 are needed';
  const text = (): string => shown.terminal.lines.join('\n');
  await shown.type('hX');
  expect(text()).toContain(costs);
  const at = { epoch: 4, lastIndex: 12, commitIndex: 12 };
  const health = { node: 'n1', role: null, master: null, status: 'ok', ...at } as const;
  await shown.tell([[70_000, { type: 'health', node: 'n1', health }]]);
  expect(text()).toContain(costs);
  await shown.tell(stepsOf(healthyCluster(3), 30, 80_000));
  expect(text()).toContain('this does not cost the quorum any more');
  await shown.tell(stepsOf(STATES['one-down']!, 30, 90_000));
  expect(text()).toContain(costs);
  await shown.type('y');
  expect(shown.effects).toEqual([control('n3', 'kill')]);
  shown.unmount();
});

test('a burst of keys does all of them, in order', async () => {
  const shown = await mount(healthyCluster(5), 80, 24);
  await shown.type('jxjz');
  expect(shown.effects).toEqual([control('n2', 'stop'), control('n3', 'pause')]);
  await shown.type('m');
  await shown.type('abc\u007f\u007fїё');
  expect(shown.terminal.lines.join('\n')).toContain('message  aїё_');
  await shown.type('\r');
  expect(shown.effects.at(-1)).toEqual({ type: 'append', message: 'aїё', w: 'majority' });
  await shown.type('\u001b[C\u001b[C\u001b[C\u001b[D');
  expect(shown.store.screen.node).toBe('n5');
  await shown.type('?');
  await shown.type('\u001bk');
  expect(shown.store.screen.panel?.kind).toBe('keys');
  await shown.type('\u001b[I');
  expect(shown.store.screen.panel?.kind).toBe('keys');
  shown.unmount();
});

test('lines that are pasted into a message are one text, and no commands', async () => {
  const shown = await mount(STATES.healthy!, 80, 24);
  const message = () => shown.store.screen.panel;
  await shown.type('m');
  await shown.type('one\r\nX\tz two');
  expect(message()).toMatchObject({ kind: 'append', message: 'one  X z two', w: 0 });
  expect(shown.effects).toEqual([]);
  await shown.type('\t');
  expect(message()).toMatchObject({ w: 1 });
  await shown.type(' end\r\n');
  expect([message(), shown.effects]).toEqual([
    null,
    [{ type: 'append', message: 'one  X z two end', w: 1 }],
  ]);
  await shown.type('l');
  await shown.type('/');
  await shown.type('n2\nX');
  expect(message()).toMatchObject({ kind: 'output', search: 'n2 X', typing: true });
  expect(shown.effects).toHaveLength(1);
  shown.unmount();
});

test('a page of text that is pasted is one picture, not one for each character', async () => {
  const shown = await mount(STATES.healthy!, 80, 24);
  await shown.type('m');
  let pictures = 0;
  const stop = shown.store.subscribe(() => {
    pictures += 1;
  });
  await shown.type('x'.repeat(900));
  expect(shown.store.screen.panel).toMatchObject({ message: 'x'.repeat(900) });
  expect(pictures).toBe(1);
  // Nothing is held back afterwards.
  await shown.type('y');
  expect(shown.terminal.lines.join('\n')).toContain('xy_');
  expect(pictures).toBe(2);
  stop();
  shown.unmount();
});

test('Ctrl-Z leads to the shell, but not whoever has the cluster’s arbiter with it', async () => {
  const onlooker = await mount(STATES.healthy!, 80, 24, false, false);
  await onlooker.type('\u001a');
  // With other keys, and in whatever panel that they open.
  await onlooker.type('m\u001a');
  expect(onlooker.effects).toEqual([{ type: 'suspend' }, { type: 'suspend' }]);
  expect(onlooker.store.screen.panel).toMatchObject({ kind: 'append', message: '' });
  onlooker.unmount();
  const owner = await mount(STATES.healthy!, 80, 24);
  await owner.type('\u001a');
  expect(owner.effects).toEqual([]);
  expect(owner.terminal.lines.at(-1)).toBe(' Ctrl-Z: it would stop all writes');
  owner.unmount();
});
