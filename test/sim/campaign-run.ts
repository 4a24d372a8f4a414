// A campaign in a process of its own (campaigns.test.ts bundles it): `node campaign-run.mjs 1 1000`
// runs seeds 1 to 1000, ends with the first that fails, and prints the sums as JSON.

import { addTotals, noTotals, runSeed } from '../../src/sim/campaign.ts';

const [first = 1, last = 1] = process.argv.slice(2).map(Number);
const totals = noTotals();
for (let seed = first; seed <= last && totals.failed.length === 0; seed += 1) {
  addTotals(totals, await runSeed(seed));
}
process.stdout.write(`${JSON.stringify(totals)}\n`);
