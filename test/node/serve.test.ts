// A whole node in this process.

import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { serveArbiter } from '../../src/node/arbiter/serve-arbiter.ts';
import { Tokens } from '../../src/node/http/tokens.ts';
import { type ServeNodeOptions, serveNode } from '../../src/node/serve.ts';
import { LONE_NODE } from './lone-node.ts';

async function serve(own: Partial<ServeNodeOptions>) {
  const node = await serveNode({ ...LONE_NODE, faults: true, ...own });
  onTestFinished(() => node.stop());
  return node;
}

async function start() {
  const node = await serve({});
  const hits = async () => {
    const answer = await fetch(`${node.url}/faults`);
    return ((await answer.json()) as { hits: { persist: number } }).hits;
  };
  return { node, client: new ReplogClient({ url: node.url }), hits };
}

test('a Persist that meets a fault is counted, and told in the story of an operation', async () => {
  const { client, hits } = await start();
  const { index } = await client.append('before');
  await client.setFaults({ persist: { stuck: true } });
  const stuck = client.append('a');
  await expect.poll(async () => (await hits()).persist).toBeGreaterThan(0);
  const story = await client.story(index + 1);
  expect(story?.lines.map(({ event }) => event)).toContain('fault');
  await client.clearFaults();
  expect(await stuck).toMatchObject({ index: index + 1 });
});

test('a receipt tells which node has it in memory: that node has said so itself', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'replog-serve-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const master = await serve({ dataDir, size: 2 });
  await serve({ id: 'n2', role: 'secondary', join: [master.url] });
  const client = new ReplogClient({ url: master.url });
  const { acks, receipt } = await client.append('a', { w: 2, receipt: true });
  expect(acks).toEqual(['n1', 'n2']);
  expect(receipt).toContain('on disk on n1 alone, of 2, in memory on n2: ');
});

test('what a node had taken when it was told to end is on its disk', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'replog-serve-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const node = await serve({ dataDir });
  const client = new ReplogClient({ url: node.url });
  await client.append('before');
  await client.setFaults({ persist: { delayMs: 200 } });
  const taken = async (message: string, index: number) => {
    const answer = fetch(`${node.url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ message }),
    });
    const reached = async () => (await client.log()).lastIndex;
    await expect.poll(reached, { interval: 1 }).toBe(index);
    return { json: async () => (await answer).json() };
  };
  // Nobody has asked to persist the second when the node ends: the Persist of the first is not
  // answered yet.
  const [a, b] = [await taken('a', 2), await taken('b', 3)];
  await node.stop();
  expect(await a.json()).toMatchObject({ code: 'shutting-down', index: 2 });
  expect(await b.json()).toMatchObject({ code: 'shutting-down', index: 3 });
  const again = new ReplogClient({ url: (await serve({ dataDir })).url });
  expect((await again.list()).messages).toEqual(['before', 'a', 'b']);
});

const addresses = Object.values(networkInterfaces()).flat();
const outside = addresses.find((at) => at?.family === 'IPv4' && !at.internal)?.address;

// Where this machine has loopback alone, there is no address to be reached at.
test.skipIf(outside === undefined)('who listens at an address is reached at it', async () => {
  const at = { host: outside!, tokens: new Tokens(['secret']) };
  const arbiter = await serveArbiter({ ...at, port: 0, dataDir: null, size: null });
  onTestFinished(() => arbiter.stop());
  const master = await serve({ ...at, join: [arbiter.url] });
  await expect.poll(() => master.role()).toBe('master');
  await serve({ ...at, id: 'n2', join: [arbiter.url] });
  const client = new ReplogClient({ url: master.url });
  expect(await client.append('a', { w: 2 })).toMatchObject({ acks: ['n1', 'n2'] });
});

test('an arbiter in memory lets in the one node that kept its data, beside new ones', async () => {
  const at = { host: '127.0.0.1', port: 0, tokens: null };
  const arbiter = await serveArbiter({ ...at, dataDir: null, size: 3 });
  onTestFinished(() => arbiter.stop());
  const join = async (node: string, more: object = {}) => {
    const life = { incarnation: `${node}#1`, epoch: 0, lastIndex: 0, ...more };
    const answer = await fetch(`${arbiter.url}/arbiter/join`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      // Nobody is there: the arbiter tells its master in vain.
      body: JSON.stringify({ node, url: 'http://127.0.0.1:1', ...life }),
    });
    return [answer.status, await answer.json()];
  };
  expect(await join('n1')).toMatchObject([200, { result: 'JoinedMaster' }]);
  expect(await join('n2')).toMatchObject([200, { result: 'JoinedSecondary' }]);
  const kept = { cluster: 'c-1', epoch: 1, lastIndex: 5 };
  expect(await join('n3', kept)).toMatchObject([200, { cluster: 'c-1' }]);
});

test('who is answered because a node ends is told that the connection does so, too', async () => {
  const { node, client, hits } = await start();
  await client.setFaults({ persist: { stuck: true } });
  const url = `${node.url}/messages`;
  const headers = { 'content-type': 'application/json' };
  const waiting = fetch(url, { method: 'POST', headers, body: '{"message":"a"}' });
  await expect.poll(async () => (await hits()).persist).toBeGreaterThan(0);
  await node.stop();
  expect((await waiting).headers.get('connection')).toBe('close');
});
