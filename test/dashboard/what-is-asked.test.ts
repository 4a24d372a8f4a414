// What an observer asks for, and what it leaves: each question costs a node some work.

import { describe, expect, test } from 'vitest';
import { answers, listed, NOT_FOUND, observing } from './observing.ts';
import { urlOf } from './recorded.ts';

const third = { node: 'n3', url: urlOf(2), role: 'secondary', pid: null, state: 'running' };

describe('what is asked', () => {
  const asking = (asked: readonly string[], word: string) =>
    asked.filter((path) => path.includes(word));

  test('the first round waits for nothing that a node loads late', async () => {
    const { observer, asked } = observing();
    await observer.round();
    expect([asking(asked, '/faults'), asking(asked, '/metrics')]).toEqual([[], []]);
    await observer.round();
    expect(asking(asked, '/faults')).toHaveLength(3);
    expect(asking(asked, '/metrics')).toEqual(['4000/metrics']);
  });

  test('another piece of the log, and the same in another epoch', async () => {
    let epoch = 3;
    const { observer, asked, wanted, store } = observing((url) => {
      const answer = answers(url) as object;
      if (url.port !== '4001') return answer;
      if (url.pathname === '/health') return { ...answer, epoch };
      return answer;
    });
    const logs = async (): Promise<string[]> => {
      asked.length = 0;
      await observer.round();
      return asking(asked, '4001/log');
    };
    expect(await logs()).toHaveLength(1);
    wanted.index = 20;
    expect(await logs()).toHaveLength(1);
    expect(await logs()).toEqual([]);
    epoch = 4;
    expect(await logs()).toHaveLength(1);
    expect(await logs()).toEqual([]);
    expect(store.state.nodes[1]!.tail.epoch).toBe(4);
  });

  test('a log that grew while it was read, and none of a node that has gone', async () => {
    let [last, isGone] = [50, false];
    const { observer, asked, wanted } = observing((url) => {
      if (isGone && url.port === '4001') return NOT_FOUND();
      const answer = answers(url) as object;
      if (url.port !== '4001') return answer;
      if (url.pathname === '/health') return { ...answer, lastIndex: last };
      return url.pathname === '/log' ? { ...answer, lastIndex: 51 } : answer;
    });
    wanted.rows = 100;
    await observer.round();
    last = 51;
    asked.length = 0;
    await observer.round();
    expect(asking(asked, '4001/log')).toEqual(['4001/log?from=1&limit=51']);
    isGone = true;
    wanted.index = 20;
    wanted.rows = 10;
    asked.length = 0;
    await observer.round();
    expect(asking(asked, '4000/log')).toHaveLength(1);
    expect(asking(asked, '4001/log')).toEqual([]);
  });

  test('nothing of who is silent, no empty log; nothing is told after the end', async () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    let isGone = false;
    const { observer, asked, store } = observing((url) => {
      if (isGone && url.pathname !== '/cluster') throw new TypeError('fetch failed', { cause });
      const answer = answers(url) as object;
      return url.pathname === '/health' ? { ...answer, lastIndex: 0 } : answer;
    });
    await observer.round();
    expect(asking(asked, '/log')).toEqual([]);
    isGone = true;
    asked.length = 0;
    await observer.round();
    expect(asked.filter((path) => !/cluster|health/.test(path))).toEqual([]);
    const { rounds } = store.state;
    observer.stop();
    await observer.round();
    expect(store.state.rounds).toBe(rounds);
  });

  test('without a launcher the members, at once, of the master or of whoever answers', async () => {
    const { observer, store, asked } = observing(answers, null);
    await observer.round();
    expect(store.state.nodes.map(({ node }) => node)).toEqual(['n1', 'n2']);
    for (const node of ['n1', 'n2']) store.report({ type: 'silence', node });
    store.report({ type: 'nodes', name: 'c', nodes: [...store.state.nodes.map(listed), third] });
    asked.length = 0;
    await observer.round();
    expect(asked[0]).toBe('4002/health');
  });
});
