// What nodes use, of those that answer.

import { expect, test } from 'vitest';
import { usageOf } from '../../src/bench/usage.ts';
import { ReplogClient } from '../../src/client/client.ts';
import { startStub } from '../client/stub-server.ts';

test('a node that stands still has no line, and is not waited for', async () => {
  const working = await startStub((_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end('process_cpu_seconds_total 1.5\nprocess_resident_memory_bytes 7\n');
  });
  const still = await startStub(() => {});
  const nodes = [working, still].map(({ url }, place) => ({
    node: `n${place + 1}`,
    client: new ReplogClient({ url }),
  }));
  expect(await usageOf(nodes, 500)).toEqual([{ node: 'n1', cpuSeconds: 1.5, residentBytes: 7 }]);
});
