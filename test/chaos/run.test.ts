// A run as a whole, on nodes that answer over HTTP from memory: what it waits for when the faults
// are over, what it proves then, and what it reads at its end.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Coverage } from '../../src/chaos/coverage.ts';
import type { Script } from '../../src/chaos/recording.ts';
import { type ChaosOptions, ChaosRun } from '../../src/chaos/run.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

interface Asked {
  readonly node: string;
  /** `GET /health` */
  readonly what: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

type Answer = (asked: Asked) => { status?: number; body: unknown };

/** Base URL of something that answers so. */
async function serve(node: string, answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request.setEncoding('utf8')) text += part as string;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const body = text === '' ? {} : JSON.parse(text);
    const asked = {
      node,
      what: `${request.method} ${url.pathname}`,
      query: url.searchParams,
      body,
    };
    const { status = 200, body: said } = answer(asked);
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type }).end(JSON.stringify(said));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The log that all nodes show: five entries of somebody else, then what the run writes. */
interface Cluster {
  readonly messages: string[];
  readonly asked: Asked[];
  /** What the master says otherwise of itself, as long as it says anything else. */
  readonly unfit: object[];
}

const IDS = ['n1', 'n2', 'n3'];
const entry = (message: string, place: number) => ({
  ...{ index: place + 1, epoch: 1, at: '2026-11-21T10:00:00.000Z', op: 'append', message },
});

function answerOf(cluster: Cluster, refusedW: unknown): Answer {
  return (one) => {
    const { messages, asked, unfit } = cluster;
    asked.push(one);
    const places = { lastIndex: messages.length, commitIndex: messages.length };
    if (one.what === 'GET /health') {
      if (one.node !== 'n1') {
        const follower = { role: 'secondary', epoch: 1, master: null, ...places, status: 'ok' };
        return { body: { node: one.node, ...follower } };
      }
      const members = IDS.map((node) => {
        return { node, url: 'u', status: 'Healthy', ackedIndex: messages.length };
      });
      const quorum = { size: 3, needed: 2, alive: 3 };
      const well = { role: 'master', epoch: 1, mode: 'read-write', reason: null, quorum, members };
      const isHealed = asked.some(({ what }) => what === 'DELETE /faults');
      return { body: { node: 'n1', ...well, ...places, ...(isHealed ? unfit.shift() : {}) } };
    }
    if (one.what === 'POST /messages') {
      const { w } = one.body;
      if (w === refusedW) return { status: 400, body: { code: 'invalid-request', detail: 'no' } };
      messages.push(String(one.body.message));
      const acks = w === 1 ? ['n1'] : IDS;
      return { status: 201, body: { index: messages.length, w, acks, durable: true, ms: 1 } };
    }
    if (one.what === 'GET /log') {
      // Two at a time, whatever was asked for.
      const from = Number(one.query.get('from'));
      const shown = messages.slice(from - 1, from + 1);
      const next = from + 2 > messages.length ? null : from + 2;
      return { body: { entries: shown.map((m, i) => entry(m, from - 1 + i)), ...places, next } };
    }
    return { body: { faults: {}, hits: {}, nodes: [], name: 'c' } };
  };
}

async function ran(
  unfit: object[] = [],
  refusedW: unknown = null,
  options: Partial<ChaosOptions> = {},
  launcher: Answer | null = null,
) {
  const cluster: Cluster = {
    messages: Array.from({ length: 5 }, (_, i) => `old ${i}`),
    ...{ asked: [], unfit: [...unfit] },
  };
  const answer = answerOf(cluster, refusedW);
  const nodes = await Promise.all(
    IDS.map(async (node) => ({ node, url: await serve(node, answer) })),
  );
  const lines: Record<string, unknown>[] = [];
  const played: Script = {
    run: { type: 'run', format: 1, seed: 1, nodes: IDS, durationMs: 0 },
    ...{ steps: [], writes: [], reads: [] },
  };
  const run = new ChaosRun({
    ...{
      nodes,
      control: await serve('launcher', launcher ?? answer),
      token: undefined,
      durable: true,
    },
    ...{ seed: 1, tag: 't', durationMs: 0, untilCovered: false, script: played },
    write: (text) => void lines.push(JSON.parse(text) as Record<string, unknown>),
    ...{ onProgress: () => undefined, onViolation: () => undefined },
    ...{ signal: new AbortController().signal, now: () => performance.now() },
    ...options,
  });
  return { ...cluster, lines, report: await run.run() };
}

test('ends with all faults cleared, each kind of write, and all logs read', async () => {
  const { asked, lines, report, messages } = await ran();
  expect([report.verdict.violations, report.failures]).toEqual([[], []]);
  const cleared = asked.filter(({ what }) => what === 'DELETE /faults').map(({ node }) => node);
  expect(cleared.sort()).toEqual(IDS);
  expect(messages.slice(5)).toEqual(['t-probe-1', 't-probe-majority', 't-probe-all']);
  const reads = lines.filter(({ type, final }) => type === 'log' && final === true);
  // Counted from where the run began.
  expect(reads.map(({ node, from, to, lastIndex }) => [node, from, to, lastIndex])).toEqual(
    IDS.flatMap((node) => [
      [node, 1, 2, 3],
      [node, 3, 3, 3],
    ]),
  );
});

const member = (node: string, more: object) => ({ node, url: 'u', status: 'Healthy', ...more });
const well = { ackedIndex: 5 };

test.each([
  ['one is behind', [member('n1', well), member('n2', { ackedIndex: 4 }), member('n3', well)]],
  [
    'one is ill',
    [member('n1', well), member('n2', well), member('n3', { ...well, status: 'Suspected' })],
  ],
  ['one is missing', [member('n1', well), member('n2', well)]],
])('waits after the faults while %s', async (_, members) => {
  const { asked, unfit } = await ran(Array.from({ length: 5 }, () => ({ members })));
  expect(unfit).toEqual([]);
  const first = asked.findIndex(({ what }) => what === 'POST /messages');
  const looks = asked
    .slice(0, first)
    .filter(({ node, what }) => `${node} ${what}` === 'n1 GET /health');
  expect(looks.length).toBeGreaterThan(5);
});

test('waits after the faults while the master takes no writes', async () => {
  const { unfit } = await ran([{ mode: 'read-only' }, { mode: 'read-only' }]);
  expect(unfit).toEqual([]);
});

test('a write that fails on a healed cluster is a failure, with its write concern', async () => {
  const { report } = await ran([], 'all');
  expect(report.failures).toEqual([
    'a write with w=all failed after the last fault: invalid-request',
  ]);
});

const steps = ['pause n2', 'kill n3'].map((what) => {
  const [act, node] = what.split(' ') as ['pause' | 'kill', string];
  return { type: 'step' as const, at: 0, node, act };
});

test('a run that fails midway wakes what it had paused, and clears all faults', async () => {
  const asked: string[] = [];
  // Somebody else has removed n3: the launcher does nothing to it any more.
  const launcher: Answer = ({ what }) => {
    asked.push(what);
    if (!what.includes('n3')) return { body: { nodes: [], name: 'c' } };
    return { status: 404, body: { code: 'unknown-node', detail: 'there is no node n3' } };
  };
  const script: Script = {
    run: { type: 'run', format: 1, seed: 1, nodes: IDS, durationMs: 0 },
    ...{ steps, writes: [], reads: [] },
  };
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const run = ran([], null, { script, write }, launcher);
  await expect(run).rejects.toThrow('there is no node n3');
  expect(asked).toContain('POST /cluster/nodes/n2/pause');
  expect(asked).toContain('POST /cluster/nodes/n2/resume');
  const cleared = lines.filter((line) => line.includes('"kind":"clear"'));
  expect(cleared.map((line) => JSON.parse(line).node).sort()).toEqual(['n1', 'n2', 'n3']);
});

test('what cannot be written down any more fails the run, on a cluster that is whole', async () => {
  const asked: string[] = [];
  const launcher: Answer = ({ what }) => {
    asked.push(what);
    return { body: { nodes: [], name: 'c' } };
  };
  const script: Script = {
    run: { type: 'run', format: 1, seed: 1, nodes: IDS, durationMs: 0 },
    ...{ steps: steps.slice(0, 1), writes: [], reads: [] },
  };
  // Three looks are taken down before anything is done, the others while it is.
  let looks = 0;
  const write = (text: string) => {
    if (text.includes('"type":"health"')) looks += 1;
    if (looks > 3) throw new Error('the disk is full');
  };
  await expect(ran([], null, { script, write }, launcher)).rejects.toThrow('the disk is full');
  expect(asked.filter((what) => what.includes('n2'))).toEqual([
    'POST /cluster/nodes/n2/pause',
    'POST /cluster/nodes/n2/resume',
  ]);
});

/** How long the faults of a drawn run lasted; so many cells are uncovered throughout. */
async function faultsLasted(
  durationMs: number,
  untilCovered: boolean,
  uncovered: number,
): Promise<number> {
  const spy = vi.spyOn(Coverage.prototype, 'uncovered', 'get').mockReturnValue(uncovered);
  try {
    const drawn = { script: null, durationMs, untilCovered };
    const { lines } = await ran([], null, drawn);
    const phases = lines.filter(({ type }) => type === 'phase');
    const at = (name: string) => Number(phases.find(({ phase }) => phase === name)?.at);
    return at('liveness') - at('safety');
  } finally {
    spy.mockRestore();
  }
}

test('with --until-covered faults end when everything was met, without it not before', async () => {
  expect(await faultsLasted(60_000, true, 0)).toBeLessThan(20_000);
  expect(await faultsLasted(300, true, 1)).toBeGreaterThanOrEqual(300);
  expect(await faultsLasted(300, false, 0)).toBeGreaterThanOrEqual(300);
});
