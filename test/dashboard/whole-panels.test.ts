// Of a panel nothing is cut, however narrow the screen: what has no room beside goes below.

import { expect, test } from 'vitest';
import { FAULT_CHOICES } from '../../src/dashboard/keys/fault-menu.ts';
import { situationOf } from '../../src/dashboard/keys/key-entry.ts';
import { KEY_MAP } from '../../src/dashboard/keys/key-map.ts';
import { firstScreen, type Panel } from '../../src/dashboard/keys/screen-state.ts';
import { columnsOf } from '../../src/dashboard/screen/cells.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { panelLines } from '../../src/dashboard/screen/panels.ts';
import { healthyCluster, recorded, STATES } from './recorded.ts';

const faulty = recorded(STATES.faults!);
const screen = firstScreen(true, '--name another');

function shown(panel: Panel, width: number, height = 99, state = faulty): string[] {
  const look = { state, screen, glyphs: glyphsFor(true), width, height };
  const { lines } = panelLines(panel, look);
  const texts = lines.map((line) => line.map(({ text }) => text).join(''));
  for (const text of texts) expect(columnsOf(text.trimEnd())).toBeLessThanOrEqual(width);
  return texts;
}

/** As one text, however it was broken. */
const words = (texts: readonly string[]): string => texts.join(' ').replace(/\s+/g, ' ');

const WIDTHS = [40, 47, 60, 75, 76, 80, 120];

/** Without the places at which it was broken. */
const joined = (texts: readonly string[]): string => texts.join('').replace(/\s/g, '');

test.each(WIDTHS)('help on %i columns has every key, command line and refusal', (width) => {
  const texts = shown({ kind: 'help', scroll: 0 }, width);
  const isBeside = width >= 76;
  const left = joined(isBeside ? texts.map((text) => text.slice(0, 52)) : texts);
  const right = joined(isBeside ? texts.map((text) => text.slice(52)) : texts);
  const situation = situationOf(faulty, screen);
  for (const entry of KEY_MAP.filter(({ help }) => help !== '')) {
    expect(left).toContain(joined([entry.help]));
    expect(right).toContain(joined([entry.refusal(situation) ?? entry.command(situation) ?? '']));
  }
  expect(joined(texts)).toContain(joined(['shown by this node, not acknowledged by it yet']));
});

test.each(WIDTHS)('faults on %i columns have all strengths, the chosen one its effect', (width) => {
  for (const [place, { name, strengths, effect }] of FAULT_CHOICES.entries()) {
    const texts = shown({ kind: 'faults', node: 'n1', place }, width);
    const first = texts.findIndex((text) => text.startsWith(` ▶ ${name} `));
    expect(first).toBeGreaterThanOrEqual(0);
    const own = words(texts.slice(first, first + 3));
    for (const word of [...strengths, ...effect.split(' ')]) expect(own).toContain(word);
  }
});

test.each([3, 5, 12])('in %i lines the chosen fault is seen as a whole', (height) => {
  for (const [place, { name, effect }] of FAULT_CHOICES.entries()) {
    const texts = shown({ kind: 'faults', node: 'n1', place }, 40, height);
    expect(texts).toHaveLength(height);
    expect(words(texts)).toContain(`▶ ${name}`);
    expect(words(texts)).toContain(effect);
  }
});

test('every write concern, and both answers to a question, are seen on 40 columns', () => {
  const append = { kind: 'append', message: '', w: 11 } as const;
  const many = recorded(healthyCluster(11));
  expect(words(shown(append, 40, 9, many))).toContain(
    'w majority 1 2 3 4 5 6 7 8 9 10 [11] all It waits',
  );
  const command = 'replog restart n1';
  const effect = { type: 'quit' } as const;
  const confirm = { kind: 'confirm', question: 'really', command, effect } as const;
  expect(shown(confirm, 40).slice(-2)).toEqual([
    ' y replog restart n1 --name another',
    ' n leave it',
  ]);
  expect(shown(confirm, 60).at(-1)).toBe(' y replog restart n1 --name another    n leave it');
});

test('a fault that is set stands out, one that is off does not', () => {
  const styleOf = (node: string) => {
    const look = { state: faulty, screen, glyphs: glyphsFor(true), width: 80, height: 20 };
    const { lines } = panelLines({ kind: 'faults', node, place: 3 }, look);
    return lines[0]!.find(({ text }) => text.startsWith('['))!;
  };
  expect([styleOf('n1'), styleOf('n2')]).toEqual([
    { text: '[off]', style: 'plain' },
    { text: '[500ms]', style: 'alarm' },
  ]);
});
