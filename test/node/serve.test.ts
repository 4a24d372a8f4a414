// A whole node in this process.

import { expect, onTestFinished, test } from 'vitest';
import { ReplogClient } from '../../src/client/client.ts';
import { serveNode } from '../../src/node/serve.ts';

async function start() {
  const node = await serveNode({
    ...{ id: 'n1', role: null, join: null, size: null, dataDir: null, w: 1, faults: true },
    ...{ host: '127.0.0.1', port: 0, advertise: null, allowHosts: [] },
    ...{ token: null, requireClientToken: false, logLevel: 'silent' },
  });
  onTestFinished(() => node.stop());
  const hits = async () => {
    const answer = await fetch(`${node.url}/faults`);
    return ((await answer.json()) as { hits: { persist: number } }).hits;
  };
  return { client: new ReplogClient({ url: node.url }), hits };
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
