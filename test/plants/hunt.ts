// Runs the simulator on seeds until its judges find something. This file is bundled together with a
// copy of the sources (planted-copy.ts) and run as a process of its own: `node hunt.mjs 1 200`, or
// a list of seeds, `node hunt.mjs 17,3,5`. Prints one JSON line per seed, and ends with the first
// find.

import { runSeed } from './seed-run.ts';

function seedsFrom([list = '1', last]: readonly string[]): number[] {
  if (last === undefined) return list.split(',').map(Number);
  const first = Number(list);
  return Array.from({ length: Number(last) - first + 1 }, (_, i) => first + i);
}

for (const seed of seedsFrom(process.argv.slice(2))) {
  const find = await runSeed(seed);
  process.stdout.write(`${JSON.stringify(find)}\n`);
  if (find.judge !== null && process.env.HUNT_ON === undefined) break;
}
