// Load by a system's own client, in a process of its own. Arguments: kind, url, connections, batch,
// seconds of warm-up, seconds. Prints one line of JSON.

import { Redis } from 'ioredis';
import { connect } from 'nats';
import { ReplogClient } from '../../../dist/client/client.js';

const [kind, url, connections, batch, warmUp, seconds] = process.argv.slice(2);
const message = 'x'.repeat(100);
const many = Array.from({ length: Number(batch) }, () => message);
const single = Number(batch) === 1;

async function replog() {
  const client = new ReplogClient({ url });
  const work = single
    ? () => client.append(message, { w: 3 })
    : () => client.appendBatch(many, { w: 3 });
  return { work, close: () => undefined };
}

async function redis() {
  // WAIT holds up its connection and speaks of what that one wrote: each caller has one of its own.
  const clients = Array.from({ length: Number(connections) }, () => new Redis(url));
  const work = async (i) => {
    const client = clients[i];
    const adds = many.map(() => client.xadd('bench', '*', 'm', message));
    const copies = await client.wait(2, 0);
    await Promise.all(adds);
    if (copies < 2) throw new Error('not enough copies');
  };
  const close = () => {
    for (const client of clients) client.disconnect();
  };
  return { work, close };
}

async function nats() {
  const connection = await connect({ servers: url });
  const stream = connection.jetstream({ timeout: 20_000 });
  const bytes = new TextEncoder().encode(message);
  const work = () => Promise.all(many.map(() => stream.publish('bench', bytes)));
  return { work, close: () => connection.close() };
}

const { work, close } = await { replog, redis, nats }[kind]();
const times = [];
let measuring = false;
let stopped = false;
const worker = async (_, i) => {
  while (!stopped) {
    const begun = performance.now();
    await work(i);
    if (measuring) times.push(performance.now() - begun);
  }
};
const workers = Array.from({ length: Number(connections) }, worker);
await new Promise((resolve) => setTimeout(resolve, Number(warmUp) * 1_000));
measuring = true;
const startedAt = performance.now();
await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1_000));
while (times.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
const elapsed = (performance.now() - startedAt) / 1_000;
measuring = false;
const count = times.length;
stopped = true;
await Promise.all(workers);
await close();
times.sort((a, b) => a - b);
const at = (share) => times[Math.min(count - 1, Math.floor(count * share))];
const perSecond = (count * Number(batch)) / elapsed;
process.stdout.write(`${JSON.stringify({ perSecond, p50: at(0.5), p99: at(0.99), failed: 0 })}\n`);
