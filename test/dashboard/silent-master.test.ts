// What a dashboard still says of a cluster whose master does not answer: nothing that only the
// master could know.

import { expect, test } from 'vitest';
import { blankState, type ClusterState } from '../../src/dashboard/cluster/cluster-state.ts';
import { countsIn } from '../../src/dashboard/cluster/rates.ts';
import { firstScreen } from '../../src/dashboard/keys/screen-state.ts';
import { farewellLines } from '../../src/dashboard/screen/farewell.ts';
import { frameOf } from '../../src/dashboard/screen/frame.ts';
import { glyphsFor } from '../../src/dashboard/screen/glyphs.ts';
import { recorded, reduced, STATES, type Step, stepsOf, told } from './recorded.ts';

const textOf = (state: ClusterState, columns: number, rows = 40): string =>
  frameOf(state, firstScreen(true), { columns, rows }, glyphsFor(true))
    .map((line) => line.map(({ text }) => text).join(''))
    .join('\n');

const counts = (waiting: number, writes: number) => {
  const bucket = (le: string) => `replog_write_seconds_bucket{le="${le}"} ${writes}`;
  return countsIn(`replog_waiting_writes ${waiting}\n${bucket('0.01')}\n${bucket('+Inf')}`);
};

test.each([120, 70])('its members have no status and no lag any more (%i columns)', (columns) => {
  const { nodes, ...rest } = STATES['catching-up']!;
  const busy = recorded({ ...rest, nodes: nodes.map((one) => ({ ...one, attempts: 3 })) });
  const waiting = told(busy, { type: 'counts', counts: counts(2, 0) });
  const before = textOf(waiting, columns);
  expect(before).toMatch(/● Healthy.*lag 54, 2\.4 s.*retry 3/s);
  expect(before).toMatch(/2 (clients )?wait for n2/);
  const silence: Step = [60_000, { type: 'silence', node: 'n1' }];
  const after = textOf(reduced(waiting, [silence, [63_000, { type: 'round' }]]), columns);
  expect(after).toMatch(/\? no status.*lag -/s);
  if (columns > 100) expect(after).toContain('beat 3.2 s ago');
  expect(after).toContain('nobody waits');
  expect(after).not.toMatch(/Healthy|catching up|lag \d|retry|0\.2 s ago/);
});

test('how long writes took before is not how long they take', () => {
  const healthy = recorded(STATES.healthy!);
  const second = told(told(healthy, { type: 'counts', counts: counts(0, 5) }), {
    type: 'counts',
    counts: counts(0, 9),
  });
  const sampled = reduced(second, [[61_000, { type: 'round' }]]);
  expect([sampled.rates.p50?.ms, sampled.rates.p99s]).toEqual([5, [expect.closeTo(9.9)]]);
  const silent = reduced(sampled, [
    [61_500, { type: 'silence', node: 'n1' }],
    [62_000, { type: 'round' }],
  ]);
  expect([silent.rates.p50, silent.rates.p99s[1]]).toEqual([null, null]);
});

test('what a master fetches that has come back empty is no append', () => {
  const grown = reduced(
    recorded(STATES.healthy!),
    [[61_000, { type: 'round' }] as Step].concat(
      stepsOf(
        {
          nodes: [
            { node: 'n1', last: 0 },
            { node: 'n2', last: 12 },
          ],
        },
        30,
        62_000,
      ),
      stepsOf(STATES.healthy!, 30, 63_000),
    ),
  );
  expect(grown.rates.perSecond).toEqual([0, 0, 0]);
});

test('the life of an operation says that it is not answered, not that it is forgotten', () => {
  const story = { index: 12, node: 'n1', state: 'unknown', complete: false, lines: [] } as const;
  const screen = { ...firstScreen(true), panel: { kind: 'story', index: 12, scroll: 0 } as const };
  const shown = (state: ClusterState): string =>
    frameOf(state, screen, { columns: 80, rows: 40 }, glyphsFor(true))
      .flatMap((line) => line.map(({ text }) => text))
      .join('');
  const healthy = told(recorded(STATES.healthy!), { type: 'story', story });
  expect(shown(healthy)).toContain('the master remembers no more of it');
  expect(shown(told(healthy, { type: 'silence', node: 'n1' }))).toContain(
    'the master does not answer: this is all that is known',
  );
});

const NEVER_HEARD = { node: 'n9', url: 'http://127.0.0.1:9', role: null, pid: null, state: null };

test('for how long it has not answered is told from when it was heard, everywhere alike', () => {
  // A question that a frozen process does not answer is given up after a while.
  const state = reduced(recorded(STATES.healthy!), [
    [61_700, { type: 'silence', node: 'n1' }],
    [63_000, { type: 'round' }],
  ]);
  const shown = textOf(state, 120);
  expect(shown).toContain('n1 has not answered for 3.0 s');
  expect(shown).toMatch(/no answer 3\.0 s.*as of 3\.0 s ago/s);
  expect(farewellLines(state)[1]).toContain('no answer for 3.0 s');
  const blank = reduced(blankState(null, 'c'), [
    [60_000, { type: 'nodes', name: 'c', nodes: [NEVER_HEARD] }],
    [61_500, { type: 'silence', node: 'n9' }],
    [63_000, { type: 'round' }],
  ]);
  expect(textOf(blank, 120)).toContain('? no answer 1.5 s');
  const panel = { kind: 'keys', node: 'n1', scroll: 0 } as const;
  const screen = { ...firstScreen(true), panel };
  const titles = frameOf(state, screen, { columns: 80, rows: 24 }, glyphsFor(true));
  expect(titles.flat().map(({ text }) => text)).toContainEqual(
    expect.stringContaining('keys of n1, no answer for 3.0 s'),
  );
});

test('where it is replaced, writes wait for that; when another leads, it takes none', () => {
  const silence: Step = [60_000, { type: 'silence', node: 'n1' }];
  const calm = recorded(STATES.healthy!);
  const { health } = calm.nodes[0]!;
  if (health?.role !== 'master') throw new Error('n1 is master');
  const replaceable = told(calm, {
    type: 'health',
    node: 'n1',
    health: { ...health, failover: true },
  });
  const silent = reduced(replaceable, [silence, [63_000, { type: 'round' }]]);
  expect(textOf(silent, 120)).toContain('nothing can be written until it is replaced');
  expect(textOf(reduced(calm, [silence, [63_000, { type: 'round' }]]), 120)).not.toContain('until');
  const heir = { ...health, node: 'n2', epoch: health.epoch + 1 };
  const replaced = told(silent, { type: 'health', node: 'n2', health: heir });
  const [own, others] = [textOf(replaced, 120), textOf(calm, 120)].map(
    (text) => text.split('\n').filter((line) => line.includes('takes writes')).length,
  );
  expect([own, others]).toEqual([1, 1]);
});
