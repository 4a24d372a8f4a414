// A process that bounds its heap as a server does and then has much under way for a while. Prints
// how large the young part was in the end, in bytes.

import { setImmediate as turn } from 'node:timers/promises';
import { boundHeap, youngBytes } from '../../src/cluster/process/heap.ts';

boundHeap();
let underWay: unknown[] = [];
for (let round = 0; round < 300; round += 1) {
  for (let i = 0; i < 2_500; i += 1) underWay.push({ i, text: `x${i}`, list: [i] });
  if (underWay.length > 100_000) underWay = underWay.slice(-20_000);
  await turn();
}
process.stdout.write(`${youngBytes()}`);
