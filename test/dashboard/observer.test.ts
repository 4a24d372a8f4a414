// The observer and the performer against nodes that answer from memory.

import { describe, expect, test } from 'vitest';
import { cleanText } from '../../src/cli/clean-text.ts';
import { ReplogClient } from '../../src/client/client.ts';
import type { NodeView } from '../../src/dashboard/cluster-state.ts';
import { Observer, type Wanted } from '../../src/dashboard/observer.ts';
import { Performer } from '../../src/dashboard/performer.ts';
import { Store } from '../../src/dashboard/store.ts';
import { entryAt, healthOf, urlOf } from './recorded.ts';

type Answer = (url: URL, init: RequestInit | undefined) => unknown;

const LAUNCHER = urlOf(3);
const nodes = [
  { node: 'n1', last: 50 },
  { node: 'n2', last: 50 },
  { node: 'n3', last: 40, acked: 40 },
];

/** What each route answers; undefined: never. */
function answers(url: URL): unknown {
  const place = Number(url.port) - 4_000;
  const { node, last } = nodes[place] ?? { node: '', last: 0 };
  const { pathname, searchParams } = url;
  const from = Number(searchParams.get('from') ?? 1);
  if (pathname === '/cluster') {
    const listed = nodes.map((one, i) => ({
      ...{ node: one.node, url: urlOf(i), role: i === 0 ? 'master' : 'secondary' },
      ...{ pid: 100 + i, state: 'running' },
    }));
    return { name: 'c', nodes: listed, removed: [] };
  }
  if (pathname === '/health') {
    if (place === 0) return healthOf({ nodes });
    const master = { node: 'n1', url: urlOf(0) };
    return { node, role: 'secondary', epoch: 3, master, lastIndex: last, commitIndex: 40 };
  }
  if (pathname === '/log') {
    const count = Math.min(Number(searchParams.get('limit')), last - from + 1);
    const entries = Array.from({ length: Math.max(0, count) }, (_, i) => ({
      ...entryAt(from + i),
      ...{ op: 'append', message: `\u001b[2Jm${from + i}` },
    }));
    return { entries, lastIndex: last, commitIndex: 40, next: null };
  }
  if (pathname === '/faults') return { faults: { hold: place === 2 }, hits: {} };
  return NOT_FOUND();
}

const NOT_FOUND = (): Response =>
  new Response('{"code":"not-found"}', {
    status: 404,
    headers: { 'content-type': 'application/problem+json' },
  });

const listed = ({ node, url, role, pid }: NodeView) => ({ node, url, role, pid, state: 'running' });

type Looking = { -readonly [Name in keyof Wanted]: Wanted[Name] };

function observing(answer: Answer = answers, control: string | null = LAUNCHER) {
  const asked: string[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(input, init);
    const url = new URL(request.url);
    asked.push(`${url.port}${url.pathname}${url.search}`);
    const found = answer(url, init);
    if (found instanceof Response) return found;
    if (found !== undefined) return Response.json(found);
    return new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason));
    });
  };
  const now = (): number => performance.now();
  const store = new Store({ control, name: 'c', owner: true, now, time: () => '10:00:00' });
  const wanted = { index: null, rows: 10, output: null, keys: null, story: null } as Looking;
  const parts = {
    ...{ client: (url: string) => new ReplogClient({ url, fetch, retryForMs: 0 }), control },
    ...{ url: urlOf(1), state: () => store.state, report: store.report, clean: cleanText },
  };
  const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
  const observer = new Observer({ ...parts, wanted: () => wanted, sleep });
  const performer = new Performer({ ...parts, now, newKey: () => 'key' });
  return { asked, store, observer, performer, wanted };
}

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

const third = { node: 'n3', url: urlOf(2), role: 'secondary', pid: null, state: 'running' };

describe('the performer', () => {
  test('an append that fails is an event and waits no more', async () => {
    const { store, observer, performer } = observing((url) =>
      url.pathname === '/messages'
        ? new Response('{"code":"no-quorum","detail":"\\u001b[2Jnobody"}', {
            status: 503,
            headers: { 'content-type': 'application/problem+json' },
          })
        : answers(url),
    );
    await observer.round();
    await performer.perform({ type: 'append', message: 'hi', w: 3 });
    expect(store.state.own).toMatchObject([{ state: 'failed', w: 3 }]);
    expect(store.state.happenings.at(-1)?.text).toBe('append with w=3 failed: ␛[2Jnobody');
  });

  test('what the launcher refuses is an event', async () => {
    const { store, performer } = observing();
    await performer.perform({ type: 'control', node: 'n1', verb: 'kill' });
    expect(store.state.happenings.map(({ tone }) => tone)).toEqual(['plain', 'bad']);
  });
});
