// What the screen looks like in the main states, at the four sizes. The captures are read before
// they are accepted; the same state always gives the same picture.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { columnsOf } from '../../src/dashboard/screen/cells.ts';
import { type Mounted, mount } from './mounted.ts';
import { healthyCluster, type Recording, STATES, stepsOf } from './recorded.ts';

const SIZES = [
  [120, 40],
  [80, 24],
  [60, 16],
  [39, 7],
] as const;

const folder = fileURLToPath(new URL('captures', import.meta.url));
let mounted: Mounted | null = null;

afterEach(() => {
  mounted?.unmount();
  mounted = null;
});

async function capture(
  recording: Recording,
  columns: number,
  rows: number,
  ...keys: string[]
): Promise<string> {
  mounted = await mount(recording, columns, rows);
  for (const key of keys) await mounted.type(key);
  const { lines } = mounted.terminal;
  expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(columns);
  mounted.unmount();
  return `${lines.join('\n').trimEnd()}\n`;
}

describe.each(SIZES)('at %i×%i', (columns, rows) => {
  test.each(Object.entries(STATES))('%s', async (name, recording) => {
    const file = join(folder, `${name}-${columns}x${rows}.txt`);
    await expect(await capture(recording, columns, rows)).toMatchFileSnapshot(file);
  });

  test.each([1, 7])('%i nodes', async (nodes) => {
    const file = join(folder, `nodes-${nodes}-${columns}x${rows}.txt`);
    await expect(await capture(healthyCluster(nodes), columns, rows)).toMatchFileSnapshot(file);
  });
});

test.each([
  ['help', '?'],
  ['faults', 'f'],
  ['append', 'm'],
  ['copy', 'y'],
  ['confirm', 'X'],
  ['story', '\r'],
])('the panel %s', async (name, key) => {
  const file = join(folder, `panel-${name}-80x24.txt`);
  await expect(await capture(STATES.faults!, 80, 24, key)).toMatchFileSnapshot(file);
});

test('the mode that refuses writes cannot be overlooked', async () => {
  const shown = await mount(STATES['read-only']!, 80, 24, true);
  mounted = shown;
  const alarm = shown.terminal.styled.find((line) => line.includes('READ-ONLY'));
  expect(alarm).toContain('\u001b[1;7;31m READ-ONLY: no quorum');
});

test('after a thousand updates the screen is what a fresh draw would be', async () => {
  const shown = await mount(STATES.healthy!, 60, 16, true);
  mounted = shown;
  for (let update = 1; update <= 1_000; update += 1) {
    const last = 12 + update * 3;
    const names = Object.values(STATES);
    const base = names[update % names.length]!;
    const nodes = base.nodes.map((node, place) => ({
      ...node,
      last: last - place,
      acked: last - 4,
    }));
    await shown.tell(stepsOf({ ...base, nodes, commit: last - 1 }, 30, 60_000 + update * 250));
    if (update % 97 === 0) await shown.type('j');
    if (update % 125 === 0) await shown.type('?');
    if (update % 137 === 0) await shown.type('\u001b[A');
  }
  await shown.type('\u001b[F');
  const before = shown.terminal.styled;
  shown.screen.repaint();
  expect(shown.terminal.styled).toEqual(before);
  expect(before.join('')).toContain('3012');
  // Never what wipes the scrollback; and what wipes the screen only when it was taken and above.
  expect(shown.terminal.sent).not.toContain('\u001b[3J');
  expect(shown.terminal.sent.split('\u001b[2J').length - 1).toBe(2);
}, 20_000);

test('a terminal that changes its size is filled again, and a small one not overrun', async () => {
  const shown = await mount(STATES['one-down']!, 120, 40);
  mounted = shown;
  for (const [columns, rows] of [...SIZES, [200, 60], [40, 8], [1, 1], [120, 40]] as const) {
    shown.terminal.resize(columns, rows);
    shown.store.tick();
    await shown.drawn();
    shown.screen.repaint();
    const fresh = await mount(STATES['one-down']!, columns, rows);
    expect(shown.terminal.lines).toEqual(fresh.terminal.lines);
    fresh.unmount();
  }
});

test('the screen is taken and given back', async () => {
  const shown = await mount(STATES.healthy!, 80, 24);
  mounted = shown;
  expect([shown.terminal.onAlternate, shown.terminal.cursorShown]).toEqual([true, false]);
  shown.screen.leave();
  expect([shown.terminal.onAlternate, shown.terminal.cursorShown]).toEqual([false, true]);
  // What comes now must not be seen on the normal screen, and it is given back once: twice would
  // move the cursor.
  const length = shown.terminal.sent.length;
  shown.screen.leave();
  await shown.tell(stepsOf(STATES['one-down']!));
  expect(shown.terminal.sent.length).toBe(length);
});

test('foreign text on its way to the screen sends no sequence of its own', async () => {
  const evil = ['\u001b]52;c;aGk=\u0007', '\u001b[2J\u001b[H', 'a\rb\bc\nd', '\u202egnp.exe'];
  const { nodes } = STATES.healthy!;
  // Even uncleaned: the virtual terminal refuses every sequence that is not the dashboard's.
  mounted = await mount({ nodes, messages: evil }, 120, 40);
  expect(mounted.terminal.sent).not.toContain('\u0007');
});
