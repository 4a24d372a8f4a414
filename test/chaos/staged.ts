// An arena whose nodes and launcher answer from memory, in a time that passes only when it is slept
// through: what chaos does is taken down, in order.

import { Arena } from '../../src/chaos/arena.ts';
import { Coverage } from '../../src/chaos/coverage.ts';
import { Hands } from '../../src/chaos/hands.ts';
import { Recording } from '../../src/chaos/recording.ts';
import { ReplogClient } from '../../src/client/client.ts';

export interface Asked {
  /** `launcher`, or a node's id. */
  readonly who: string;
  /** `GET /health` */
  readonly what: string;
  readonly body: unknown;
}

export type Answers = (asked: Asked) => unknown;

const PORT = 23_100;

/** What each answers unless something else is wanted: n1 is master, no fault ever struck. */
export const answered: Answers = ({ who, what }) => {
  if (what === 'GET /health') {
    const places = { lastIndex: 105, commitIndex: 104 };
    return who === 'n1'
      ? {
          ...{ node: who, role: 'master', epoch: 1, mode: 'read-write', reason: null, ...places },
          ...{ quorum: { size: 3, needed: 2, alive: 3 }, members: [] },
        }
      : { node: who, role: 'secondary', epoch: 1, master: null, ...places, status: 'ok' };
  }
  if (what === 'GET /faults') return { faults: {}, hits: {} };
  if (what === 'GET /cluster') {
    return { name: 'c', nodes: [], removed: [] };
  }
  return {};
};

export function refused(status = 503): Response {
  return new Response('{"code":"refused","detail":"not now"}', {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

/** Three nodes unless said otherwise, which are all well. */
export function staged(answers: Answers = answered, size = 3) {
  const clock = { now: 0 };
  const asked: string[] = [];
  const slept: number[] = [];
  const lines: Record<string, unknown>[] = [];
  const nodes = Array.from({ length: size }, (_, i) => {
    return { node: `n${i + 1}`, url: `http://127.0.0.1:${PORT + i + 1}` };
  });
  const coverage = new Coverage();
  const arena = new Arena({
    ...{ nodes, control: `http://127.0.0.1:${PORT}`, token: undefined, durable: true, coverage },
    recording: new Recording(
      () => undefined,
      (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    ),
    now: () => clock.now,
    sleep: async (ms) => {
      slept.push(ms);
      clock.now += ms;
      // A turn of the event loop: what was begun before comes to its end.
      await new Promise(setImmediate);
    },
  });
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = input instanceof Request ? input : new Request(input, init);
    const { port, pathname } = new URL(request.url);
    const who = Number(port) === PORT ? 'launcher' : `n${Number(port) - PORT}`;
    const text = await request.text();
    const what = `${request.method} ${pathname}`;
    asked.push(`${who} ${what}`);
    const answer = await answers({ who, what, body: text === '' ? null : JSON.parse(text) });
    return answer instanceof Response ? answer : Response.json(answer);
  };
  const clients = new Map<string, ReplogClient>();
  const clientOf = (url: string): ReplogClient => {
    const client = clients.get(url) ?? new ReplogClient({ url, fetch, retryForMs: 0 });
    clients.set(url, client);
    return client;
  };
  Object.assign(arena, {
    control: clientOf(`http://127.0.0.1:${PORT}`),
    writerAt: (node: string) => clientOf(arena.urlOf(node)),
  });
  const steps = (): string[] =>
    lines
      .filter(({ type }) => type === 'step')
      .map(({ node, act, kind }) => {
        return `${node} ${act}${kind === undefined ? '' : ` ${kind}`}`;
      });
  return { arena, hands: new Hands(arena), asked, slept, lines, steps, clock, coverage };
}
