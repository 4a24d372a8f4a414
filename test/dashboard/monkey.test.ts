// Somebody presses keys at random, at a terminal whose size changes, while nodes come and go and
// texts are as bad as they can be. Nothing goes beyond the screen, nothing of a text is obeyed by
// the terminal (the virtual one throws at what it does not know), and what would cost something is
// asked for first.

import { expect, test } from 'vitest';
import { Chance } from '../../src/chaos/chance.ts';
import { cleanText } from '../../src/cli/printing/clean-text.ts';
import type { ClusterState } from '../../src/dashboard/cluster/cluster-state.ts';
import { costOf, type Loss } from '../../src/dashboard/keys/quorum-cost.ts';
import type { Effect, ScreenState } from '../../src/dashboard/keys/screen-state.ts';
import { columnsOf } from '../../src/dashboard/screen/cells.ts';
import { type Mounted, mount } from './mounted.ts';
import { healthyCluster, type Recording, STATES, type Step, stepsOf } from './recorded.ts';

const SIZES: readonly (readonly [number, number])[] = [
  ...([
    [1, 1],
    [20, 6],
    [39, 7],
    [40, 8],
  ] as const),
  ...([
    [75, 19],
    [76, 20],
    [80, 24],
    [200, 60],
  ] as const),
];

const KEYS: readonly string[] = [
  ...'jkhlxXzradfcmwspyn?/ qGgYé日~0',
  ...['\r', '\t', '\u007f', '\u001b', '\u0001', '\u001b[99~', 'pasted\rX\nq'],
  ...['[A', '[B', '[C', '[D', '[5~', '[6~', '[F', '[H'].map((code) => `\u001b${code}`),
];

/** As they come from others: what is kept is cleaned where it is read. */
const TEXTS: readonly string[] = [
  ...['\u001b]52;c;aGk=\u0007', '\u001b[2J\u001b[H', 'a\rb\bc\nd\te', '\u202egnp.exe\u2066'],
  ...['\u0000\u009b31m', '\ud800', '\u2028\u200b\u200d\ufeff', '日本語'.repeat(40), 'שלום עולם'],
  ...['e\u0301\u0327'.repeat(60), '👨‍👩‍👧🇺🇦'.repeat(20), 'कि्ष'.repeat(30), 'x'.repeat(3_000), ''],
];

const RECORDINGS: readonly Recording[] = [
  ...Object.values(STATES),
  ...[healthyCluster(1), healthyCluster(7, 4_000), healthyCluster(23, 1)],
];

class Monkey {
  private readonly chance: Chance;
  private readonly shown: Mounted;
  private now = 60_000;

  constructor(seed: number, shown: Mounted) {
    this.chance = new Chance(seed);
    this.shown = shown;
  }

  async act(): Promise<void> {
    const { chance, shown } = this;
    const kind = chance.weighted([
      ['key', 8] as const,
      ['size', 1] as const,
      ['cluster', 2] as const,
      ['panel', 2] as const,
    ]);
    if (kind === 'key') return this.press(chance.pick(KEYS));
    if (kind === 'size') {
      shown.terminal.resize(...chance.pick(SIZES));
      shown.store.tick();
      await shown.drawn();
      return shown.screen.repaint();
    }
    this.now += chance.between(1, 3_000);
    await shown.tell(kind === 'cluster' ? this.cluster() : this.panel());
  }

  private async press(key: string): Promise<void> {
    const { effects, store } = this.shown;
    const [before, state, count] = [store.screen, store.state, effects.length];
    await this.shown.type(key);
    for (const effect of effects.slice(count)) {
      const cost = costs(effect, state, before);
      if (cost === null) continue;
      expect([key, before.panel?.kind], `${JSON.stringify(effect)}: ${cost}`).toEqual([
        'y',
        'confirm',
      ]);
    }
    const streamed = effects.slice(count).findLast(({ type }) => type === 'stream');
    if (streamed?.type !== 'stream') return;
    if (streamed.on) this.shown.screen.leave();
    else this.shown.screen.enter();
  }

  private cluster(): readonly Step[] {
    const messages = [this.text(), this.text(), this.text()];
    return stepsOf({ ...this.chance.pick(RECORDINGS), messages }, 60, this.now);
  }

  private panel(): readonly Step[] {
    const { chance, now } = this;
    const node = chance.pick(['n1', 'n2', 'n7']);
    const index = chance.between(1, 12);
    const lines = Array.from({ length: 40 }, () => this.text());
    const told = lines.map((text, ms) => ({ ms, event: 'told', peer: null, text }));
    const items = lines.map((key, place) => ({ key, value: this.text(), index: place + 1 }));
    const [key, ms] = [`k${index}`, chance.happens(0.5) ? null : 7];
    const state = chance.pick(['waiting', 'done', 'failed'] as const);
    const own = { key, message: this.text(), w: 'all', state, index, acks: ['n1', 'n2'] } as const;
    const story = { index, node, state: 'told', complete: ms === null, lines: told } as const;
    return [
      [now, { type: 'output', output: { node, first: 51, lines, error: null } }],
      [now, { type: 'keys', keys: { node, items, more: true, error: null } }],
      [now, { type: 'story', story }],
      [now, { type: 'write', write: { ...own, sentAt: now, ms, error: this.text() } }],
      [now, { type: 'said', text: this.text(), tone: 'bad' }],
      ...(chance.happens(0.3) ? ([[now, { type: 'launcher-silence' }]] as const) : []),
      [now, { type: 'round' }],
    ];
  }

  private text(): string {
    return cleanText(this.chance.pick(TEXTS));
  }
}

/** Why this is to be asked for first; null: it is not. */
function costs(effect: Effect, state: ClusterState, { owner, taken }: ScreenState): string | null {
  if (effect.type === 'quit') return owner ? 'it stops the cluster' : null;
  if (effect.type === 'remove') return costOf(state, effect.node, 'remove', taken);
  if (effect.type !== 'control' || effect.verb === 'start' || effect.verb === 'resume') return null;
  return costOf(state, effect.node, effect.verb satisfies Loss, taken);
}

test.each([1, 2, 3, 4, 5, 6])('a monkey, seed %i', async (seed) => {
  const shown = await mount(STATES.healthy!, 80, 24, true, seed % 2 === 0);
  const monkey = new Monkey(seed, shown);
  for (let step = 0; step < 400; step += 1) {
    await monkey.act();
    const { columns, lines, onAlternate } = shown.terminal;
    if (!onAlternate) continue;
    for (const line of lines) expect(columnsOf(line), line).toBeLessThanOrEqual(columns);
  }
  shown.unmount();
  shown.screen.leave();
  expect([shown.terminal.onAlternate, shown.terminal.cursorShown]).toEqual([false, true]);
});
