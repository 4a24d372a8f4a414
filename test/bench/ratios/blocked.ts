// Clients that wait for a node that is not there: what they cost others, and how soon they are
// answered when it is back.

import { Pool } from 'undici';
import type { MasterHealth } from '../../../src/client/answers.ts';
import type { Cluster } from './replog.ts';
import { median, rowOf } from './row.ts';
import { eachRound, type Situation } from './situation.ts';
import { eventually } from './subject.ts';

const CLIENTS = 1_000;
const MESSAGE = 'x'.repeat(100);

/** The first appends after a start are slow (docs/measurements.md); these do not count: so many of
 * each of the clients, and then the ones that are made one after the other. */
const WARM_UP_APPENDS = 5;
const WARM_UP_SECONDS = 2;

interface Seen {
  /** Milliseconds of a `w` = 1 append, all nodes being there. */
  readonly healthyP99: number;
  /** The same while the clients wait. */
  readonly blockedP99: number;
  /** From the return of the node to the last of the clients; below 0 if that one came first. */
  readonly answeredMs: number;
}

/** A way of not being there, and of coming back. */
interface Absence {
  readonly leave: 'pause' | 'stop';
  readonly back: 'resume' | 'start';
  /** Where the clock starts: a process that starts is back when it says that it is ready. */
  readonly since: string;
}

async function append(pool: Pool, w: number): Promise<void> {
  const answer = await pool.request({
    ...{ method: 'POST', path: '/messages' },
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: MESSAGE, w }),
    // They wait for as long as the node is away.
    headersTimeout: 0,
  });
  const text = await answer.body.text();
  if (answer.statusCode !== 201)
    throw new Error(`w=${w} was answered ${answer.statusCode}: ${text}`);
}

/** One `w` = 3 append of each client; resolves when all are answered. */
async function ofEach(clients: Pool): Promise<void> {
  await Promise.all(Array.from({ length: CLIENTS }, () => append(clients, 3)));
}

/** Times of `w` = 1 appends, one after the other, in milliseconds. */
async function oneByOne(pool: Pool, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1_000;
  for (let now = performance.now(); now < until; ) {
    await append(pool, 1);
    const then = performance.now();
    times.push(then - now);
    now = then;
  }
  return times;
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]!;
}

async function healthOf({ url }: Cluster): Promise<MasterHealth> {
  return (await (await fetch(`${url}/health`)).json()) as MasterHealth;
}

/** Resolves when the master says so of itself; fails when that takes more than ten seconds. */
async function reaches(
  cluster: Cluster,
  what: string,
  fits: (health: MasterHealth) => boolean,
): Promise<void> {
  await eventually(async () => {
    if (!fits(await healthOf(cluster))) throw new Error(`not seen in time: ${what}`);
  });
}

async function act({ control, secondary }: Cluster, verb: string): Promise<void> {
  const { ok, status } = await fetch(`${control}/cluster/nodes/${secondary.node}/${verb}`, {
    method: 'POST',
  });
  if (!ok) throw new Error(`${verb} was answered ${status}`);
}

async function ready({ secondary }: Cluster): Promise<void> {
  while (!(await fetch(`${secondary.url}/readyz`)).ok);
}

/** Healthy before and after, so that code that gets faster with time favours neither side. */
async function observe(cluster: Cluster, absence: Absence, seconds: number): Promise<Seen> {
  const many = new Pool(cluster.url, { connections: CLIENTS });
  const one = new Pool(cluster.url, { connections: 1 });
  const node = (health: MasterHealth) =>
    health.members.find((member) => member.node === cluster.secondary.node)!;
  try {
    for (let i = 0; i < WARM_UP_APPENDS; i += 1) await ofEach(many);
    await oneByOne(one, WARM_UP_SECONDS);
    const before = await oneByOne(one, seconds / 2);
    await act(cluster, absence.leave);
    const { lastIndex } = await healthOf(cluster);
    const answered = ofEach(many).then(() => performance.now());
    let early = false;
    // Until it is awaited: a client that is refused must not end the process.
    answered.then(
      () => (early = true),
      () => undefined,
    );
    await reaches(cluster, 'all wait', (health) => health.lastIndex >= lastIndex + CLIENTS);
    const blocked = await oneByOne(one, seconds);
    await reaches(cluster, 'Unhealthy', (health) => node(health).status === 'Unhealthy');
    if (early) throw new Error('the clients did not wait for the node');
    let since = performance.now();
    await act(cluster, absence.back);
    if (absence.back === 'start') {
      await ready(cluster);
      since = performance.now();
    }
    const answeredMs = (await answered) - since;
    await reaches(cluster, 'caught up', (health) => node(health).ackedIndex === health.lastIndex);
    const healthy = [...before, ...(await oneByOne(one, seconds / 2))];
    return { healthyP99: p99(healthy), blockedP99: p99(blocked), answeredMs };
  } finally {
    await Promise.all([many.destroy(), one.destroy()]);
  }
}

const situation = (absence: Absence): Situation => {
  const name = `1,000 clients blocked on a missing node (${absence.leave}, ${absence.back})`;
  return {
    name,
    measure: async ({ count, seconds }, told) => {
      const seen = await eachRound(count, async (cluster) => {
        const found = await observe(cluster, absence, seconds);
        const { healthyP99, blockedP99, answeredMs } = found;
        const tails = `${blockedP99.toFixed(2)} ms, healthy ${healthyP99.toFixed(2)} ms`;
        told(`w=1 p99 ${tails}; all answered after ${answeredMs.toFixed(0)} ms`);
        return found;
      });
      const ratio = median(seen.map(({ blockedP99, healthyP99 }) => blockedP99 / healthyP99));
      const answered = median(seen.map(({ answeredMs }) => answeredMs));
      const less = { better: 'less' } as const;
      return [
        rowOf({ work: `${name}: w=1 p99 ÷ healthy`, goal: 1, ...less }, ratio),
        rowOf(
          { work: `${name}: answered ${absence.since}`, goal: 150, unit: 'ms', ...less },
          answered,
        ),
      ];
    },
  };
};

export const BLOCKED: readonly Situation[] = [
  situation({ leave: 'pause', back: 'resume', since: 'after the resume' }),
  situation({ leave: 'stop', back: 'start', since: 'after /readyz' }),
];
