// What is cut where there is little room, and what is not.

import { expect, test } from 'vitest';
import { columnsOf } from '../../src/dashboard/cells.ts';
import { footLines } from '../../src/dashboard/foot.ts';
import { glyphsFor } from '../../src/dashboard/glyphs.ts';
import { nodeTable } from '../../src/dashboard/node-table.ts';
import { panelLines } from '../../src/dashboard/panels.ts';
import { firstScreen } from '../../src/dashboard/screen-state.ts';
import { recorded, STATES } from './recorded.ts';

const healthy = recorded(STATES.healthy!);

test('of a message that is typed the end is seen, as much as there is room for', () => {
  const shown = (message: string, width: number): string => {
    const panel = { kind: 'append', message, w: 0 } as const;
    const look = { state: healthy, screen: firstScreen(true), glyphs: glyphsFor(true), width };
    return panelLines(panel, { ...look, height: 8 })
      .lines[0]!.map(({ text }) => text)
      .join('');
  };
  expect(shown('a'.repeat(69), 80)).toBe(` message  ${'a'.repeat(69)}_`);
  expect(shown('a'.repeat(70), 80)).toBe(` message  …${'a'.repeat(68)}_`);
  for (const text of ['日本語', '👨‍👩‍👧', 'аб']) {
    expect(columnsOf(shown(text.repeat(60), 80))).toBeGreaterThanOrEqual(79);
    expect(columnsOf(shown(text.repeat(60), 80))).toBeLessThanOrEqual(80);
  }
});

test.each([40, 44, 50, 59])('the last keys are whole on %i columns', (width) => {
  const keys = footLines(healthy, firstScreen(true), width, 1)[0]!;
  const text = keys.map((part) => part.text).join('');
  expect(text).toMatch(/ \? help {2}q quit *$/);
  expect(columnsOf(text)).toBe(width);
});

test('a lag is cut to its number, not through it', () => {
  const state = recorded({
    nodes: [
      { node: 'n1', last: 12 },
      { node: 'n2', last: 9, lagMs: 5_800 },
    ],
  });
  const lines = nodeTable(state.nodes, state, glyphsFor(true), 'n1', 40);
  const texts = lines.map((line) => line.map(({ text }) => text).join(''));
  expect(texts[0]).toContain('n1 master');
  expect(texts[1]).toMatch(/ lag 3 *$/);
});
