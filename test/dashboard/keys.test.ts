import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../src/dashboard/cluster-state.ts';
import { quoted } from '../../src/dashboard/command-line.ts';
import { footLines } from '../../src/dashboard/foot.ts';
import { glyphsFor } from '../../src/dashboard/glyphs.ts';
import { situationOf } from '../../src/dashboard/key-entry.ts';
import { KEY_MAP } from '../../src/dashboard/key-map.ts';
import { press } from '../../src/dashboard/keys.ts';
import { panelLines } from '../../src/dashboard/panels.ts';
import { costOf } from '../../src/dashboard/quorum-cost.ts';
import type { Effect, ScreenState } from '../../src/dashboard/screen-state.ts';
import { firstScreen } from '../../src/dashboard/screen-state.ts';
import { mount } from './mounted.ts';
import { healthyCluster, recorded, STATES, told } from './recorded.ts';

const healthy = recorded(STATES.healthy!);

/** The screen, and all that was asked for, after keys. */
function typed(
  state: ClusterState,
  keys: readonly string[],
  screen: ScreenState = firstScreen(true),
): { screen: ScreenState; effects: Effect[] } {
  const effects: Effect[] = [];
  for (const key of keys) {
    const next = press(screen, state, key);
    effects.push(...next.effects);
    screen = next.screen;
  }
  return { screen, effects };
}

/** The last lines of the screen, without looks. */
const footOf = (state: ClusterState, screen: ScreenState, width = 120): string =>
  footLines(state, screen, width, 2)
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');

const control = (node: string, verb: string) => ({ type: 'control', node, verb });

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

  test('leaving the dashboard of the launcher, but not that of an onlooker', () => {
    expect(typed(healthy, ['q']).screen.panel?.kind).toBe('confirm');
    expect(typed(healthy, ['q', 'y']).effects).toEqual([{ type: 'quit' }]);
    expect(typed(healthy, ['q'], firstScreen(false)).effects).toEqual([{ type: 'quit' }]);
    expect(typed(healthy, ['m', 'ctrl-c']).effects).toEqual([{ type: 'quit' }]);
  });
});

describe('panels', () => {
  test('a message is typed, corrected, given a write concern and sent', () => {
    const keys = ['m', 'h', 'ї', '👍', 'backspace', 'q', 'tab', 'tab', 'enter'];
    const { screen, effects } = typed(healthy, keys);
    expect(effects).toEqual([{ type: 'append', message: 'hїq', w: 2 }]);
    expect(screen.lastCommand).toBe("replog append 'hїq' --w 2");
    expect(typed(healthy, ['m', 'left', 'enter']).effects).toMatchObject([{ w: 'all' }]);
    expect(typed(healthy, ['m', 'x', 'escape'])).toMatchObject({ effects: [] });
  });

  test('faults are chosen, changed and cleared', () => {
    const { screen, effects } = typed(healthy, ['j', 'f', 'right', 'down', 'down', 'right']);
    expect(effects).toEqual([
      { type: 'setFaults', node: 'n2', faults: { delayMs: 100 } },
      { type: 'setFaults', node: 'n2', faults: { errorAfter: 0.3 } },
    ]);
    expect(screen.lastCommand).toBe('replog fault n2 error-after=0.3');
    // What is set already is kept; going on past the last strength is "off".
    const faulty = recorded(STATES.faults!);
    expect(typed(faulty, ['j', 'f', 'right']).effects).toEqual([
      {
        ...{ type: 'setFaults', node: 'n2' },
        faults: { delayMs: 2_000, errorAfter: 0.3, persist: { stuck: true } },
      },
    ]);
    const last = Array.from({ length: 10 }, () => 'down');
    expect(typed(faulty, ['j', 'f', ...last, 'right']).effects).toEqual([
      { type: 'setFaults', node: 'n2', faults: { delayMs: 500, errorAfter: 0.3 } },
    ]);
    expect(typed(faulty, ['c']).effects).toEqual([{ type: 'clearFaults', nodes: ['n2', 'n3'] }]);
  });

  test('up and down choose an operation; Enter opens its life, End follows again', () => {
    const up = typed(healthy, ['up', 'up']);
    expect(up.screen.index).toBe(10);
    expect(typed(healthy, ['enter'], up.screen).screen.panel).toMatchObject({ index: 10 });
    expect(typed(healthy, ['down', 'down'], up.screen).screen.index).toBeNull();
    expect(typed(healthy, ['end'], up.screen).screen.index).toBeNull();
    expect(
      typed(
        healthy,
        Array.from({ length: 50 }, () => 'up'),
      ).screen.index,
    ).toBe(1);
  });

  test("a node's output is searched from its end", () => {
    const lines = ['one error', 'two', 'three error', 'four'];
    const output = { node: 'n1', first: 1, lines, error: null };
    const state = told(healthy, { type: 'output', output });
    const searched = typed(state, ['l', '/', ...'error', 'enter']);
    expect(searched.screen.panel).toMatchObject({ scroll: 1, search: 'error', typing: false });
    expect(typed(state, ['n'], searched.screen).screen.panel).toMatchObject({ scroll: 3 });
    expect(typed(state, ['n', 'n'], searched.screen).screen.panel).toMatchObject({ scroll: 1 });
    const titleOf = (text: string): string => {
      const { screen } = typed(state, ['l', '/', ...text, 'enter']);
      const look = { state, screen, glyphs: glyphsFor(true), width: 80, height: 2 };
      return panelLines(screen.panel!, look).title;
    };
    expect(titleOf('error')).toBe('output of n1: 1 line above the end  /error');
    expect(titleOf('five')).toBe('output of n1: following  /five  not found');
  });

  test.each(['?', 'y', 'f', 'l', 'k', 'm', 'enter', 'X'])('Escape closes what %s opened', (key) => {
    expect(typed(healthy, [key]).screen.panel).not.toBeNull();
    expect(typed(healthy, [key, 'escape']).screen.panel).toBeNull();
  });

  test('a stream is left by the key that began it', () => {
    const on = typed(healthy, ['s']);
    expect(on.effects).toEqual([{ type: 'stream', on: true }]);
    expect(typed(healthy, ['x', 'X', 's'], on.screen).effects).toEqual([
      { type: 'stream', on: false },
    ]);
  });

  test('p holds the picture, not the cluster', () => {
    const { screen } = typed(healthy, ['p']);
    expect(screen.frozen).toBe(healthy);
    const later = recorded(STATES['one-down']!);
    expect(typed(later, ['j', 'r'], screen).effects).toEqual([control('n2', 'start')]);
    expect(typed(later, ['p'], screen).screen.frozen).toBeNull();
  });
});

describe('the foot says the command line that does the same', () => {
  test.each([
    [['j'], 'replog stop|kill|pause|restart|rm n2'],
    [['j', 'x'], 'replog stop n2'],
    [['j', 'X'], 'replog kill n2'],
    [['j', 'z'], 'replog pause n2'],
    [['j', 'r'], 'replog restart n2'],
    [['j', 'd'], 'replog rm n2'],
    [['X'], 'replog kill n1'],
    [['a'], 'replog add'],
    [['j', 'f'], 'replog fault n2 clear'],
    [['m', 'д', 'а', 'tab'], "replog append 'да' --w 1"],
    [['w'], 'seq 1000 | replog append -'],
    [['l'], 'curl http://127.0.0.1:4003/cluster/nodes/n1/output'],
    [['up'], 'replog explain 11'],
    [['up', 'enter'], 'replog explain 11'],
    [['j', 'k'], 'replog kv list --url http://127.0.0.1:4001'],
    [['s'], 'replog list --follow'],
    [['?'], 'replog --help'],
    [['q'], 'replog stop'],
  ])('of %j', (keys, command) => {
    expect(footOf(healthy, typed(healthy, keys).screen)).toMatch(
      new RegExp(`^ \\$ ${command.replace(/[|$.?]/g, '\\$&')} *$`, 'm'),
    );
  });

  test('with what finds a cluster that is not the only one', () => {
    const elsewhere = firstScreen(false, '--name b');
    const foot = (...keys: string[]) => footOf(healthy, typed(healthy, keys, elsewhere).screen);
    expect(foot('j', 'x')).toContain(' $ replog stop n2 --name b ');
    expect(foot('?')).toContain(' $ replog --help ');
    expect(foot('k')).toContain(' $ replog kv list --url http://127.0.0.1:4000 ');
  });

  test.each([120, 80, 60])('and at %i columns every key that is valid now', (width) => {
    const keys = footLines(healthy, firstScreen(true), width, width < 76 ? 1 : 2)
      .flat()
      .filter(({ style }) => style === 'bold')
      .map(({ text }) => text.trim());
    expect(keys).toEqual(['x', 'X', 'z', 'r', 'a', 'f', 'm', 'w', 'Enter', ...'lkspy?q']);
  });
});

describe('one table', () => {
  test('no key stands in it twice, and every key with an effect has a command line', () => {
    const keys = KEY_MAP.flatMap((entry) => entry.keys);
    expect(new Set(keys).size).toBe(keys.length);
    const situation = situationOf(healthy, { ...firstScreen(true), node: 'n2' });
    const acting = KEY_MAP.filter(({ key, label }) => label !== '' && !['p', 'y'].includes(key));
    expect(acting.filter((entry) => entry.command(situation) === null)).toEqual([]);
  });

  test('every command line that it names is one of replog’s', async () => {
    const { newProgram } = await import('../../src/cli/program.ts');
    const { register: cluster } = await import('../../src/cli/commands/control.ts');
    const program = newProgram();
    cluster(program);
    const known = new Set(program.commands.map((command) => command.name()));
    const situation = situationOf(healthy, { ...firstScreen(true), node: 'n2' });
    const verbs = ['x', 'X', 'z', 'r'].map(
      (key) =>
        KEY_MAP.find(({ keys }) => keys.includes(key))!
          .command(situation)!
          .split(' ')[1]!,
    );
    expect(verbs.filter((verb) => !known.has(verb))).toEqual([]);
  });

  test('a text is quoted as a shell takes it', () => {
    expect([quoted('plain-1'), quoted("it's"), quoted('a b')]).toEqual([
      'plain-1',
      "'it'\\''s'",
      "'a b'",
    ]);
  });
});

test('a burst of keys does all of them, in order', async () => {
  const shown = await mount(STATES.healthy!, 80, 24);
  await shown.type('jxjz');
  expect(shown.effects).toEqual([control('n2', 'stop'), control('n3', 'pause')]);
  await shown.type('m');
  await shown.type('abc\u007f\u007fїё');
  expect(shown.terminal.lines.join('\n')).toContain('message  aїё_');
  await shown.type('\r');
  expect(shown.effects.at(-1)).toEqual({ type: 'append', message: 'aїё', w: 'majority' });
  await shown.type('\u001b[C\u001b[C\u001b[C\u001b[D');
  expect(shown.store.screen.node).toBe('n2');
  await shown.type('?');
  await shown.type('\u001bk');
  expect(shown.store.screen.panel?.kind).toBe('keys');
  await shown.type('\u001b[I');
  expect(shown.store.screen.panel?.kind).toBe('keys');
  shown.unmount();
});
