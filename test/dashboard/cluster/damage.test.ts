// A node that found damage in its log when it started: that is seen, and when it has been mended,
// with a launcher and without one.

import { describe, expect, test } from 'vitest';
import type { FoundDamage, Health, MasterHealth } from '../../../src/client/answers.ts';
import { conditionOf } from '../../../src/dashboard/cluster/condition.ts';
import { glyphsFor } from '../../../src/dashboard/screen/glyphs.ts';
import type { Store } from '../../../src/dashboard/store.ts';
import { answers, observing } from '../observing.ts';
import { urlOf } from '../recorded.ts';

const found: FoundDamage = {
  ...{ file: 'log-1.seg', offset: 463, after: 3, upTo: 11 },
  ...{ foundAt: '2026-11-21T10:00:00.000Z', mendedAt: null },
};
const mended: FoundDamage = { ...found, mendedAt: '2026-11-21T10:00:02.000Z' };

/** n2 says this of damage, until it is told otherwise. */
function saying(damage: FoundDamage | null, control?: null) {
  const said = { damage };
  const { observer, store } = observing((url) => {
    const answer = answers(url);
    const isAsked = url.pathname === '/health' && url.port === new URL(urlOf(1)).port;
    return isAsked && said.damage !== null
      ? { ...(answer as Health), damage: said.damage }
      : answer;
  }, control);
  return { said, store, look: () => observer.round() };
}

const news = (store: Store) =>
  store.state.happenings.flatMap(({ text, tone }) => (/damage/.test(text) ? [[text, tone]] : []));
const condition = (store: Store) => {
  const view = store.state.nodes.find(({ node }) => node === 'n2')!;
  return conditionOf(store.state, view, glyphsFor(true)).words;
};

const FIRST =
  'n2 found damage at its start: it has up to #3 and fetches the rest (log-1.seg, byte 463)';

describe.each([
  ['a launcher', undefined],
  ['single nodes', null],
])('damage that a node of %s found at its start', (_, control) => {
  test('is told, its condition says that it is mended, and when it has been', async () => {
    const { said, store, look } = saying(found, control);
    await look();
    expect(news(store)).toEqual([[FIRST, 'bad']]);
    expect(condition(store)).toEqual(['Healthy, mending damage', 'mending']);
    await look();
    expect(news(store)).toHaveLength(1);
    said.damage = mended;
    await look();
    expect(news(store).slice(1)).toEqual([['n2 has again what damage took from it', 'good']]);
    expect(condition(store)).toEqual(['Healthy']);
    await look();
    expect(news(store)).toHaveLength(2);
  });

  test('and had mended when it was first looked at is told in one', async () => {
    const { store, look } = saying(mended, control);
    await look();
    const text = 'n2 found damage at its start, and has mended it from #4 on (log-1.seg, byte 463)';
    expect(news(store)).toEqual([[text, 'warn']]);
    expect(condition(store)).toEqual(['Healthy']);
  });

  test('or that a read met is told once, and shows until it is restarted', async () => {
    const { said, store, look } = saying(null, control);
    await look();
    said.damage = { ...found, running: true };
    await look();
    await look();
    const what = 'n2 met damage: what is there cannot be read until it is restarted';
    expect(news(store)).toEqual([[`${what} (log-1.seg, byte 463)`, 'bad']]);
    expect(condition(store)).toEqual(['Healthy, damaged', 'damaged']);
  });

  test('is told anew of a new process that found some; one that found none is whole', async () => {
    const { said, store, look } = saying(found, control);
    await look();
    said.damage = { ...found, foundAt: '2026-11-21T11:00:00.000Z' };
    await look();
    expect(news(store).map(([text]) => text)).toEqual([FIRST, FIRST]);
    said.damage = null;
    await look();
    expect(news(store)).toHaveLength(2);
    expect(condition(store)).toEqual(['Healthy']);
  });
});

test.each([
  ['while mending', found],
  ['with damage', { ...found, running: true as const }],
])('%s a Suspected one is Suspected; what it names is shown harmless', async (_, damage) => {
  const { store, look } = saying({ ...damage, file: 'log\u001b[2J' });
  await look();
  expect(news(store)[0]![0]).toContain('(log␛[2J, byte 463)');
  const { members, ...health } = store.state.nodes[0]!.health as MasterHealth;
  const doubted = members.map((one) => ({ ...one, status: 'Suspected' as const }));
  store.report({ type: 'health', node: 'n1', health: { ...health, members: doubted } });
  expect(condition(store)).toEqual(['Suspected']);
});
