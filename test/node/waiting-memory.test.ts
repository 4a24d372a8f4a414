// What clients that wait for their write concern cost: ten thousand may, each with a long message.

import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { serveNode } from '../../src/node/serve.ts';
import { LONE_NODE } from './lone-node.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const WAITING = 60;
const TEXT = 'x'.repeat(256 << 10);

/** A master that was told of no size: who wants two nodes waits until there are two. */
async function lonelyMaster() {
  const dataDir = await mkdtemp(join(tmpdir(), 'replog-waiting-'));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const node = await serveNode({ ...LONE_NODE, dataDir });
  onTestFinished(() => node.stop());
  await new ReplogClient({ url: node.url }).append('it takes writes');
  return node;
}

function memory(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

test.each([
  ['POST', '/messages', { message: TEXT, w: 2 }],
  ['POST', '/messages/batch', { messages: [TEXT], w: 2 }],
  ['POST', '/messages/gathered', { appends: [{ message: TEXT, w: 2 }] }],
  ['PUT', '/kv/a', { value: TEXT, w: 2, timeoutMs: 60_000 }],
])('what waits in %s %s keeps nothing of what it wrote', async (method, path, body) => {
  const { url } = await lonelyMaster();
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
  const lastIndex = async (): Promise<number> =>
    ((await (await fetch(`${url}/health`)).json()) as { lastIndex: number }).lastIndex;
  let answered = 0;
  let before = 0;
  for (let sent = 1; sent <= WAITING; sent += 1) {
    request(`${url}${path}`, { method, agent, headers })
      .on('response', () => {
        answered += 1;
      })
      .on('error', () => {})
      .end(bytes);
    await expect.poll(lastIndex, { interval: 2, timeout: 10_000 }).toBe(1 + sent);
    // What the first ones need has been loaded, and the end of the log is in memory.
    if (sent === WAITING / 3) before = memory();
  }
  const texts = (WAITING * TEXT.length * 2) / 3;
  expect(answered).toBe(0);
  expect(memory() - before).toBeLessThan(texts / 2);
});
