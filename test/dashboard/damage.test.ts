// A node that found damage in its log when it started: that is seen, and when it has been mended.

import { describe, expect, test } from 'vitest';
import type { MasterHealth } from '../../src/client/answers.ts';
import { conditionOf } from '../../src/dashboard/condition.ts';
import { findingIn } from '../../src/dashboard/damage.ts';
import { glyphsFor } from '../../src/dashboard/glyphs.ts';
import type { Store } from '../../src/dashboard/store.ts';
import { answers, listed, observing } from './observing.ts';
import { urlOf } from './recorded.ts';

const line = (event: string, fields: object = {}): string => JSON.stringify({ event, ...fields });
const listening = (pid: number): string => line('listening', { node: 'n2', role: null, pid });
const place = { file: 'log-1.seg', offset: 463, after: 3, upTo: 11 };
const damaged = line('damaged', place);
const repaired = line('repaired', { upTo: 11 });

/** The process 101 of n2 has written these lines; each line that is added is there in the next
 * slow round, of which there is one in four. */
function started(...lines: string[]) {
  const asked: string[] = [];
  const { observer, store } = observing((url) => {
    if (url.pathname === '/faults') return { faults: {}, hits: {} };
    if (!url.pathname.endsWith('/output')) return answers(url);
    const node = url.pathname.split('/')[3]!;
    asked.push(node);
    return {
      node,
      first: 1,
      lines: node === 'n2' ? lines : [listening(node === 'n1' ? 100 : 102)],
    };
  });
  const look = async (): Promise<void> => {
    for (let round = 0; round < 4; round += 1) await observer.round();
  };
  return { lines, store, look, asked };
}

const news = (store: Store) => store.state.happenings.map(({ text, tone }) => [text, tone]);
const condition = (store: Store) =>
  conditionOf(store.state, store.state.nodes[1]!, glyphsFor(true)).words;

describe('damage that a node found at its start', () => {
  test('is told, its condition says that it is mended, and when it has been', async () => {
    const { lines, store, look, asked } = started(listening(101), damaged);
    await look();
    const start = 'n2 found damage at its start: ';
    const first = `${start}it has up to #3 and fetches the rest (log-1.seg, byte 463)`;
    expect(news(store)).toEqual([[first, 'bad']]);
    expect(condition(store)).toEqual(['Healthy, mending damage', 'mending']);
    await look();
    expect(news(store)).toHaveLength(1);
    lines.push(repaired);
    await look();
    expect(news(store).slice(1)).toEqual([['n2 has again what damage took from it', 'good']]);
    expect(condition(store)).toEqual(['Healthy']);
    await look();
    // Nobody is asked again who has nothing more to tell.
    expect(asked.sort()).toEqual(['n1', 'n2', 'n2', 'n2', 'n3']);
  });

  test('and had mended when it was first looked at is told in one', async () => {
    const { store, look } = started(listening(101), damaged, repaired);
    await look();
    const text = 'n2 found damage at its start, and has mended it from #4 on (log-1.seg, byte 463)';
    expect(news(store)).toEqual([[text, 'warn']]);
    expect(condition(store)).toEqual(['Healthy']);
  });

  test('in another life of it is no news; a new process is heard anew', async () => {
    const { lines, store, look } = started(listening(9), damaged, listening(101));
    await look();
    expect([news(store), store.state.nodes[1]!.finding]).toEqual([[], { pid: 101, damage: null }]);
    const nodes = store.state.nodes.map((view) => ({
      ...listed(view),
      pid: view.node === 'n2' ? 7 : view.pid,
    }));
    store.report({ type: 'nodes', name: 'c', nodes });
    expect(store.state.nodes.map(({ finding }) => finding?.pid)).toEqual([100, undefined, 102]);
    // What is still said of the process before comes too late.
    store.report({ type: 'finding', node: 'n2', finding: findingIn([...lines, damaged], 101)! });
    expect(store.state.nodes[1]!.finding).toBeNull();
  });
});

test('while mending a Suspected one is Suspected; what it names is shown harmless', async () => {
  const evil = line('damaged', { ...place, file: 'log\u001b[2J' });
  const { store, look } = started(listening(101), evil);
  await look();
  expect(news(store)[0]![0]).toContain('(log␛[2J, byte 463)');
  const { members, ...health } = store.state.nodes[0]!.health as MasterHealth;
  const doubted = members.map((one) => ({ ...one, status: 'Suspected' as const }));
  store.report({ type: 'health', node: 'n1', health: { ...health, members: doubted } });
  expect(condition(store)).toEqual(['Suspected']);
});

test('a process that only starts has not said yet what it found', async () => {
  const lines: string[] = [];
  let state = 'starting';
  const { observer, store } = observing((url) => {
    const node = { node: 'n2', url: urlOf(1), role: null, pid: 101, state };
    if (url.pathname === '/cluster') return { name: 'c', nodes: [node], removed: [] };
    return url.pathname.endsWith('/output') ? { node: 'n2', first: 1, lines } : answers(url);
  });
  for (let round = 0; round < 4; round += 1) await observer.round();
  state = 'running';
  lines.push(listening(101), damaged, repaired);
  for (let round = 0; round < 4; round += 1) await observer.round();
  expect(news(store).map(([text]) => text)).toContainEqual(
    expect.stringContaining('n2 found damage at its start, and has mended it'),
  );
});

describe("a node's output", () => {
  test('says nothing of a process that does not listen yet', () => {
    expect(findingIn([listening(9), repaired], 101)).toBeNull();
  });

  test('tells only by events: not by lines that are cut, or meant for its operator', () => {
    const told = `{"level":"warn","name":"n2",${damaged.slice(1)}`;
    const lines = [listening(101), told, `${damaged.slice(0, 30)}… (40 more)`, 'damaged'];
    expect(findingIn(lines, 101)).toEqual({ pid: 101, damage: null });
  });

  test('whose beginning is not kept any more leaves it open', () => {
    expect(findingIn(['a', line('mode', { mode: 'read-write' })], 101)?.damage).toBeNull();
  });
});
