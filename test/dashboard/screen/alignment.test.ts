import { describe, expect, test } from 'vitest';
import type { ClusterState } from '../../../src/dashboard/cluster/cluster-state.ts';
import { firstScreen } from '../../../src/dashboard/keys/screen-state.ts';
import { alignedRows, windowOf } from '../../../src/dashboard/screen/alignment.ts';
import { frameOf, logRowsFor } from '../../../src/dashboard/screen/frame.ts';
import { glyphsFor } from '../../../src/dashboard/screen/glyphs.ts';
import { entryAt, healthyCluster, type Recording, recorded, STATES, told } from '../recorded.ts';

/** The marks of each node, from the first index to the last, as one word per node. */
function marks(state: ClusterState, from: number, to: number): string[] {
  const letters = {
    all: 'A',
    majority: 'M',
    here: 'H',
    pending: 'P',
    missing: '.',
    differs: '#',
    unknown: '?',
  };
  const rows = alignedRows(state, state.nodes, { from, to });
  return state.nodes.map((_, place) =>
    rows.map(({ cells }) => letters[cells[place]!.mark]).join(''),
  );
}

const cluster = (nodes: Recording['nodes'], commit: number) => recorded({ nodes, commit });

describe('alignment', () => {
  test('tells apart all, majority, here, pending and missing', () => {
    const state = cluster(
      [
        { node: 'n1', last: 10, acked: 9 },
        { node: 'n2', last: 8, acked: 7 },
        { node: 'n3', last: 4, acked: 4 },
      ],
      7,
    );
    expect(marks(state, 1, 10)).toEqual(['AAAAMMMHHP', 'AAAAMMMP..', 'AAAA......']);
  });

  test('one index stands in one row, whatever each node has', () => {
    const state = recorded(STATES['catching-up']!);
    for (const { index, cells } of alignedRows(state, state.nodes, { from: 4_000, to: 4_012 })) {
      for (const { entry } of cells) expect(entry?.index ?? index).toBe(index);
    }
  });

  test('a node that never answered is unknown, a silent one keeps what is known', () => {
    const state = recorded(STATES['one-down']!);
    expect(marks(state, 9, 12)).toEqual(['AMMM', 'A...', 'AMMM']);
    const blank = told(state, {
      ...{ type: 'nodes', name: 'c' },
      nodes: [{ node: 'n9', url: 'u', role: null, pid: null, state: 'starting' }],
    });
    expect(marks(blank, 12, 12)).toEqual(['?']);
  });

  test('another epoch at the same index is a difference', () => {
    const state = recorded(STATES.healthy!);
    const page = { entries: [entryAt(12, 2)], lastIndex: 12, commitIndex: 11, next: null };
    const other = told(state, { type: 'tail', node: 'n2', from: 12, to: 12, page });
    expect(marks(other, 12, 12)).toEqual(['A', '#', 'A']);
  });

  test('a node that came back empty has nothing', () => {
    const state = recorded(STATES.healthy!);
    const { health } = state.nodes[1]!;
    const empty = told(state, {
      ...{ type: 'health', node: 'n2' },
      health: { ...health!, lastIndex: 0 } as NonNullable<typeof health>,
    });
    expect(marks(empty, 11, 12)[1]).toBe('..');
  });
});

describe('the window', () => {
  test.each([
    [100, 10, null, { from: 91, to: 100 }],
    [5, 10, null, { from: 1, to: 5 }],
    [0, 10, null, { from: 1, to: 0 }],
    [100, 10, 50, { from: 44, to: 53 }],
    [100, 10, 1, { from: 1, to: 10 }],
    [100, 10, 99, { from: 91, to: 100 }],
  ])('of a log of %i with %i rows at %s', (last, rows, chosen, range) => {
    expect(windowOf(last, rows, chosen)).toEqual(range);
  });
});

describe('where there are few rows', () => {
  const shownAt = (nodes: number, rows: number): string[] =>
    frameOf(
      recorded(healthyCluster(nodes, 900), 200),
      firstScreen(true),
      { columns: 40, rows },
      glyphsFor(true),
    ).map((line) => line.map(({ text }) => text).join(''));

  test('every node of three is seen on ten', () => {
    const text = shownAt(3, 10).join('\n');
    for (const node of ['n1 master', 'n2', 'n3']) expect(text).toContain(` ${node}`);
    expect(text).not.toContain('more node');
  });

  test.each([8, 9, 10, 12])('nodes without room are counted (%i rows)', (rows) => {
    const lines = shownAt(9, rows);
    const seen = lines.filter((line) => /^.. n\d /.test(line)).length;
    expect(seen).toBeGreaterThan(0);
    expect(lines.join('\n')).toContain(` ${9 - seen} more nodes `);
  });

  test('a node that is ill and has no room is named', () => {
    const state = recorded(healthyCluster(9, 900), 200);
    const nodes = state.nodes.map((view) =>
      view.node === 'n9' ? { ...view, silentSince: state.now } : view,
    );
    const size = { columns: 40, rows: 10 };
    const lines = frameOf({ ...state, nodes }, firstScreen(true), size, glyphsFor(true));
    const text = lines.map((line) => line.map((part) => part.text).join('')).join('\n');
    expect(text).toContain(' more nodes, ill: n9 ');
  });
});

test.each([1, 3, 4, 5, 9])('what is fetched of a log is what %i nodes have room for', (nodes) => {
  const state = recorded(healthyCluster(nodes, 900), 200);
  for (const columns of [40, 75, 76, 80, 120, 200]) {
    for (const rows of [8, 12, 19, 20, 33, 34, 60]) {
      const size = { columns, rows };
      const shown = frameOf(state, firstScreen(true), size, glyphsFor(true)).filter((line) =>
        /^ *\d{3}$/.test(line[0]?.text ?? ''),
      );
      expect(shown.length, `${columns}×${rows}`).toBeGreaterThan(0);
      expect(shown.length, `${columns}×${rows}`).toBeLessThanOrEqual(logRowsFor(size, state));
    }
  }
});
