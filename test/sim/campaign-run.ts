// A campaign in a process of its own, which campaigns.test.ts bundles: with arguments `1 999 2` it
// runs every second one of seeds 1 to 999, ends with the first that fails, and prints the sums as
// JSON.

import { addTotals, noTotals, runSeed } from '../../src/sim/campaign.ts';

const [first = 1, last = 1, step = 1] = process.argv.slice(2).map(Number);
const totals = noTotals();
for (let seed = first; seed <= last && totals.failed.length === 0; seed += step) {
  addTotals(totals, await runSeed(seed));
}
process.stdout.write(`${JSON.stringify(totals)}\n`);
