// What a master that recovers says of those whom it waits for: its reason is all that an operator
// sees of it.

import { expect, test } from 'vitest';
import { masterOf, three } from '../three.ts';
import type { VirtualCluster } from '../virtual-cluster.ts';

const HEARING = 'recovering: hearing the members before the first write';

/** Why it takes no writes when this time has passed; null: it does. */
function reasonAfter(cluster: VirtualCluster, ms: number): string | null {
  cluster.run(ms);
  return masterOf(cluster).reason;
}

test('members are named as soon as their silence is news', () => {
  const cluster = three();
  cluster.weather = (from, to) => (from === 'n1' || to === 'n1' ? 'lost' : 1);
  cluster.start('n1', { arbiter: null, size: 3 });
  expect(reasonAfter(cluster, 1_000)).toBe(HEARING);
  expect(reasonAfter(cluster, 1_000)).toBe(`${HEARING} (no answer from n2 and n3)`);
  cluster.weather = () => 1;
  expect(reasonAfter(cluster, 1_000)).toBeNull();
});

test('one that has lost its memory counts the nodes that have not joined again', () => {
  const cluster = three();
  cluster.write('n1', 'a', { w: 3 });
  cluster.run(100);
  cluster.kill('n3');
  cluster.kill('n1');
  cluster.start('n1', { arbiter: null, size: 3, wipe: true });
  expect(reasonAfter(cluster, 7_000)).toBe(`${HEARING} (1 node has not joined)`);
  expect(reasonAfter(cluster, 6_000)).toBeNull();
});
