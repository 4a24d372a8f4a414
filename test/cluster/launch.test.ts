// A cluster from the outside, with an arbiter and a master of its own.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type Launch, launch } from '../../src/cluster/launch.ts';
import { freeBlock } from '../../src/cluster/ports.ts';
import { type RunningCluster, runningClusters } from '../../src/cluster/registry.ts';
import { serveArbiter } from '../../src/node/serve-arbiter.ts';

let launched: Launch | null = null;
let folder = '';

afterEach(async () => {
  await launched?.kill();
  launched = null;
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

test('a cluster is announced when it says that it is ready, until it has stopped', async () => {
  folder = mkdtempSync(join(tmpdir(), 'replog-launch-'));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const port = await freeBlock(2);
  let found: Promise<readonly RunningCluster[]> | null = null;
  launched = await launch({
    ...{ name: 'one', port, secondaries: 0, dataDir: null, fresh: false, w: null },
    ...{ token: null, requireClientToken: false, logLevel: 'error' },
    onEvent: ({ event }) => {
      // Whoever reads the line may look at once: the folder is read before this returns.
      if (event === 'ready') found ??= runningClusters();
    },
    onLine: () => undefined,
    startArbiter: serveArbiter,
  });
  const { control, nodes } = await launched.ready;
  const [{ node, url, pid }] = nodes as [(typeof nodes)[number]];
  expect(await found).toMatchObject([
    { name: 'one', pid: process.pid, control, master: url, nodes: [{ node, url, pid }] },
  ]);
  await launched.stop();
  expect(await runningClusters()).toEqual([]);
});
