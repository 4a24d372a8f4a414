// What keys do in panels, and those that choose what is shown.

import { describe, expect, test } from 'vitest';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { panelLines } from '../../src/dashboard/screen/panels.ts';
import { mount } from './mounted.ts';
import { recorded, STATES, told } from './recorded.ts';
import { control, typed } from './typing.ts';

const healthy = recorded(STATES.healthy!);

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

  test('what is typed has an end, so that a paste without one fills no memory', () => {
    const long = Array.from({ length: 1_200 }, () => 'x');
    expect(typed(healthy, ['m', ...long]).screen.panel).toMatchObject({
      message: 'x'.repeat(1_000),
    });
    expect(typed(healthy, ['l', '/', ...long]).screen.panel).toMatchObject({
      search: 'x'.repeat(100),
    });
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
    // From the end on, whatever operation was looked at: what comes is told.
    expect(typed(healthy, ['up', 's']).screen.index).toBeNull();
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

test.each([
  ['?', '\u001b[F', '\u001b[A', 1, 'not known'],
  ['l', '\u001b[H', '\u001b[B', -1, 'line 0'],
])('in the panel of %s one key leads back from its end', async (key, far, back, by, last) => {
  const shown = await mount(STATES.healthy!, 80, 24);
  const lines = Array.from({ length: 50 }, (_, i) => `line ${i}`);
  shown.store.report({ type: 'output', output: { node: 'n1', first: 1, lines, error: null } });
  const panel = () => shown.terminal.lines.slice(3, 17);
  await shown.type(key);
  await shown.type(far);
  const end = panel();
  expect(end.at(by > 0 ? -1 : 0)).toContain(last);
  await shown.type(far);
  await shown.type(back);
  expect(by > 0 ? panel().slice(1) : panel().slice(0, -1)).toEqual(
    by > 0 ? end.slice(0, -1) : end.slice(1),
  );
  shown.unmount();
});
