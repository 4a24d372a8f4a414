// What a round of looks brings, and who does not hold it up.

import { describe, expect, test } from 'vitest';
import type { Store } from '../../../src/dashboard/store.ts';
import { answers, listed, NOT_FOUND, observing } from '../observing.ts';
import { urlOf } from '../recorded.ts';

const seen = (store: Store) =>
  store.state.nodes.map(({ node, health, tail, faults }) => ({
    ...{ node, last: health?.lastIndex, from: tail.from, entries: tail.entries.size, faults },
  }));

describe('a round', () => {
  test('brings the health of all, and of each log the piece that is shown', async () => {
    const { store, observer, asked } = observing();
    await observer.round();
    await observer.round();
    expect(seen(store)).toEqual([
      { node: 'n1', last: 50, from: 41, entries: 10, faults: { hold: false } },
      { node: 'n2', last: 50, from: 41, entries: 10, faults: { hold: false } },
      { node: 'n3', last: 40, from: 41, entries: 0, faults: { hold: true } },
    ]);
    expect([store.state.lastIndex, store.state.rounds]).toEqual([50, 2]);
    // Nobody's log is read before everybody has said how far it goes.
    const lastHealth = asked.indexOf('4002/health');
    expect(asked.findIndex((path) => path.includes('/log'))).toBeGreaterThan(lastHealth);
  });

  test('asks for no log again that has not grown', async () => {
    const { observer, asked } = observing();
    for (let i = 0; i < 2; i += 1) await observer.round();
    asked.length = 0;
    await observer.round();
    expect(asked.filter((path) => path.includes('/log'))).toEqual([]);
    expect(asked).toHaveLength(4);
  });

  test('cleans every text before it is kept', async () => {
    const { store, observer } = observing((url) =>
      url.pathname === '/cluster'
        ? { ...(answers(url) as object), name: 'c\u202e\u0007' }
        : answers(url),
    );
    await observer.round();
    expect(store.state.name).toBe('c⟨U+202E⟩␇');
    const entry = store.state.nodes[0]!.tail.entries.get(41);
    expect(entry).toMatchObject({ message: '␛[2Jm41' });
  });

  test('waits for no node that does not answer, and asks it nothing twice', async () => {
    const { store, observer, asked } = observing((url) =>
      url.port === '4001' ? undefined : answers(url),
    );
    const began = performance.now();
    await observer.round();
    await observer.round();
    expect(performance.now() - began).toBeLessThan(1_400);
    expect(store.state.nodes[0]!.tail.entries.size).toBe(10);
    expect(store.state.nodes[1]!.health).toBeNull();
    expect(asked.filter((path) => path === '4001/health')).toHaveLength(1);
    observer.stop();
  });

  test('reports a launcher that does not answer, and goes on with the nodes', async () => {
    const { store, observer } = observing();
    await observer.round();
    const gone = observing((url) => (url.pathname === '/cluster' ? NOT_FOUND() : answers(url)));
    gone.store.report({ type: 'nodes', name: 'c', nodes: store.state.nodes.map(listed) });
    await gone.observer.round();
    expect(gone.store.state.launcherSilentSince).toEqual(expect.any(Number));
    expect(gone.store.state.nodes.map(({ health }) => health?.lastIndex)).toEqual([50, 50, 40]);
  });

  test('many nodes that do not answer are no reason for a warning of Node', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const many = Array.from({ length: 20 }, (_, i) => ({
      ...{ node: `n${i + 1}`, url: urlOf(i), role: i === 0 ? 'master' : 'secondary' },
      ...{ pid: 100 + i, state: 'running' },
    }));
    const { observer, store } = observing((url) =>
      url.pathname === '/cluster' ? { name: 'c', nodes: many, removed: [] } : undefined,
    );
    await observer.round();
    expect(store.state.nodes).toHaveLength(20);
    observer.stop();
    // Warnings are told in the next turn.
    await new Promise(setImmediate);
    process.off('warning', warned);
    expect(warnings).toEqual([]);
  });

  test('a refused connection is silence, at once', async () => {
    const { store, observer } = observing((url) => {
      if (url.port !== '4002') return answers(url);
      const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      throw new TypeError('fetch failed', { cause });
    });
    await observer.round();
    expect(store.state.nodes[2]!.silentSince).not.toBeNull();
  });

  test('without a launcher the master says who there is', async () => {
    const { store, observer } = observing(answers, null);
    for (let i = 0; i < 9; i += 1) await observer.round();
    expect(store.state.nodes.map(({ node, role }) => `${node} ${role}`)).toEqual([
      'n1 master',
      'n2 secondary',
      'n3 secondary',
    ]);
  });
});
