// What is compared with what, and how far replog is to be ahead.

import { ReplogClient } from '../../../src/client/client.ts';
import { bareHono } from './bare.ts';
import { clientLoad } from './client-load.ts';
import { etcd } from './etcd.ts';
import { nats } from './nats.ts';
import { redis } from './redis.ts';
import { replog } from './replog.ts';
import type { Case, Sample, Stretch } from './round.ts';
import type { Subject } from './subject.ts';
import { wrk } from './wrk.ts';

/** A ratio of two cases of a group. */
export interface Goal {
  readonly what: string;
  readonly of: string;
  readonly to: string;
  readonly measure: (of: Sample, to: Sample) => number;
  readonly goal: number;
  readonly better: 'more' | 'less';
}

export interface Group {
  readonly name: string;
  /** Programs that must be on the machine. */
  readonly needs: readonly string[];
  readonly cases: readonly Case[];
  readonly goals: readonly Goal[];
}

const MESSAGE = 'x'.repeat(100);
const APPEND = [JSON.stringify({ message: MESSAGE, w: 3 })];
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const PUTS = Array.from({ length: 1_000 }, (_, i) =>
  JSON.stringify({ key: base64(`key${i}`), value: base64(MESSAGE) }),
);

const throughput = (of: Sample, to: Sample): number => of.perSecond / to.perSecond;
const tail = (of: Sample, to: Sample): number => of.p99 / to.p99;
const processor = (of: Sample, to: Sample): number => of.cpuUs / to.cpuUs;

const durable = (secondaries: number) => (folder: string) =>
  replog({ secondaries, dataDir: folder });
const inMemory = () => replog({ secondaries: 2, dataDir: null });

/** A first stretch that does not count, then the one that does. */
const appends =
  (connections: number, bodies: readonly string[] = APPEND) =>
  async ({ url }: Subject, { warmUp, seconds }: Stretch) => {
    await wrk({ url, path: '/messages', bodies }, connections, warmUp);
    return wrk({ url, path: '/messages', bodies }, connections, seconds);
  };

const puts =
  (connections: number) =>
  async ({ url }: Subject, { warmUp, seconds }: Stretch) => {
    await wrk({ url, path: '/v3/kv/put', bodies: PUTS }, connections, warmUp);
    return wrk({ url, path: '/v3/kv/put', bodies: PUTS }, connections, seconds);
  };

const own =
  (kind: 'replog' | 'redis' | 'nats', connections: number, batch = 1) =>
  ({ url }: Subject, stretch: Stretch) =>
    clientLoad(kind, url, { connections, batch, ...stretch });

function etcdGroup(connections: number, more: number, lessCpu: number): Group {
  const of = `replog durable, ${connections}`;
  const to = `etcd, ${connections}`;
  const pair = { of, to };
  const goals: Goal[] = [
    { what: 'throughput', ...pair, measure: throughput, goal: more, better: 'more' },
    {
      what: 'processor time per append',
      ...pair,
      measure: processor,
      goal: lessCpu,
      better: 'less',
    },
  ];
  if (connections > 1) {
    goals.push({ what: 'p99', ...pair, measure: tail, goal: 0.7, better: 'less' });
  }
  return {
    name: `HTTP appends, w=3, durable, ${connections} connections ÷ three-node etcd`,
    needs: ['wrk', 'etcd'],
    cases: [
      { name: of, start: durable(2), load: appends(connections) },
      { name: to, start: etcd, load: puts(connections) },
    ],
    goals,
  };
}

function bareGroup(connections: number, goal: number): Group {
  const of = `replog in memory, ${connections}`;
  const to = `bare Hono, ${connections}`;
  return {
    name: `HTTP appends, w=3, in memory, ${connections} connections ÷ a bare Hono POST`,
    needs: ['wrk'],
    cases: [
      { name: of, start: inMemory, load: appends(connections) },
      { name: to, start: bareHono, load: appends(connections) },
    ],
    goals: [{ what: 'throughput', of, to, measure: throughput, goal, better: 'more' }],
  };
}

function clientGroup(connections: number, batch: number, goals: { redis: number; nats: number }) {
  const load = batch === 1 ? `${connections} at a time` : `batches of ${batch}, ${connections}`;
  const of = `replog client, ${load}`;
  const goal = (to: string, ratio: number): Goal => ({
    what: `throughput ÷ ${to}`,
    of,
    to: `${to}, ${load}`,
    measure: throughput,
    goal: ratio,
    better: 'more',
  });
  return {
    name: `own clients, durable, w=3, ${load}`,
    needs: ['redis-server', 'nats-server'],
    cases: [
      { name: of, start: durable(2), load: own('replog', connections, batch) },
      { name: `Redis, ${load}`, start: redis, load: own('redis', connections, batch) },
      { name: `NATS, ${load}`, start: nats, load: own('nats', connections, batch) },
    ],
    goals: [goal('Redis', goals.redis), goal('NATS', goals.nats)],
  } satisfies Group;
}

function lengthGroup(): Group {
  const fill =
    (count: number) =>
    async ({ url }: Subject) => {
      const client = new ReplogClient({ url });
      const batch = Array.from({ length: 1_000 }, () => MESSAGE);
      for (let i = 0; i < count / 1_000; i += 1) await client.appendBatch(batch, { w: 3 });
    };
  const of = 'log of 1,000,000';
  const to = 'log of 1,000';
  const load = appends(32);
  return {
    name: 'append rate and the length of the log',
    needs: ['wrk'],
    cases: [
      { name: of, start: durable(2), prepare: fill(1_000_000), load },
      { name: to, start: durable(2), prepare: fill(1_000), load },
    ],
    goals: [
      { what: 'throughput', of, to, measure: throughput, goal: 0.95, better: 'more' },
      { what: 'p99', of, to, measure: tail, goal: 1.3, better: 'less' },
    ],
  };
}

function secondariesGroup(): Group {
  const body = [JSON.stringify({ message: MESSAGE, w: 'all' })];
  const name = (count: number): string => (count === 1 ? '1 secondary' : `${count} secondaries`);
  const goals = [
    [2, 0.85],
    [4, 0.65],
    [8, 0.4],
  ] as const;
  return {
    name: 'secondaries, w=all, 32 connections ÷ one secondary',
    needs: ['wrk'],
    cases: [1, 2, 4, 8].map((count) => ({
      name: name(count),
      start: durable(count),
      load: appends(32, body),
    })),
    goals: goals.map(([count, goal]) => ({
      what: `throughput with ${count}`,
      of: name(count),
      to: name(1),
      measure: throughput,
      goal,
      better: 'more',
    })),
  };
}

export const GROUPS: readonly Group[] = [
  etcdGroup(1, 1.5, 0.5),
  etcdGroup(32, 2.5, 0.3),
  etcdGroup(128, 3.2, 0.25),
  bareGroup(1, 0.3),
  bareGroup(32, 0.6),
  bareGroup(128, 0.75),
  clientGroup(32, 1, { redis: 1.5, nats: 1.5 }),
  clientGroup(128, 1, { redis: 2, nats: 2 }),
  clientGroup(8, 1_000, { redis: 1.5, nats: 8 }),
  lengthGroup(),
  secondariesGroup(),
];
