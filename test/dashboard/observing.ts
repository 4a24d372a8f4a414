// An observer and a performer, with a store, against nodes that answer from memory.

import { cleanText } from '../../src/cli/printing/clean-text.ts';
import { ReplogClient } from '../../src/client/client.ts';
import type { NodeView } from '../../src/dashboard/cluster/cluster-state.ts';
import { Observer, type Wanted } from '../../src/dashboard/cluster/observer.ts';
import { Performer } from '../../src/dashboard/cluster/performer.ts';
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
export function answers(url: URL): unknown {
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

export const NOT_FOUND = (): Response =>
  new Response('{"code":"not-found"}', {
    status: 404,
    headers: { 'content-type': 'application/problem+json' },
  });

export const listed = ({ node, url, role, pid }: NodeView) => ({
  node,
  url,
  role,
  pid,
  state: 'running',
});

type Looking = { -readonly [Name in keyof Wanted]: Wanted[Name] };

export function observing(answer: Answer = answers, control: string | null = LAUNCHER) {
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
