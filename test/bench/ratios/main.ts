// `npm run bench`: the ratios of docs/performance.md. Arguments: --rounds N, --seconds N,
// --warm-up SECONDS, --only TEXT (what has it in its name).
//
// Bare times say little on a machine that others share; ratios within one run say more. Every case
// runs once per round, and the medians over the rounds are compared.

import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BLOCKED } from './blocked.ts';
import { clientLoad } from './client-load.ts';
import { type Goal, GROUPS, type Group } from './groups.ts';
import { IDLE } from './idle.ts';
import { replog } from './replog.ts';
import { rounds, type Sample } from './round.ts';
import { median, type Row, rowOf } from './row.ts';
import type { Situation } from './situation.ts';
import { installed } from './subject.ts';
import { syncedWrite } from './synced-write.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '10' },
    only: { type: 'string', default: '' },
  },
});
const SITUATIONS: readonly Situation[] = [...BLOCKED, IDLE];

const settings = {
  count: Number(values.rounds),
  warmUp: Number(values['warm-up']),
  seconds: Number(values.seconds),
};
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const note = (line: string): void => void process.stderr.write(`  ${line}\n`);

const rows: Row[] = [];

function judge(group: string, goal: Goal, samples: ReadonlyMap<string, Sample>): Row {
  const ratio = goal.measure(samples.get(goal.of)!, samples.get(goal.to)!);
  return rowOf({ ...goal, work: `${group}: ${goal.what}` }, ratio);
}

async function compare(group: Group): Promise<void> {
  const missing = group.needs.filter((program) => !installed(program));
  if (missing.length > 0) {
    print(`skipped: ${group.name} (${missing.join(', ')} is not installed)`);
    return;
  }
  note(group.name);
  const samples = await rounds(group.cases, settings, note);
  for (const [name, { failed }] of samples) {
    if (failed > 0) note(`${name}: ${failed} requests failed`);
  }
  rows.push(...group.goals.map((goal) => judge(group.name, goal, samples)));
}

/** One append at a time, against the disk's own limit in the same minute. */
async function oneAtATime(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'replog-ratios-'));
  try {
    const ratios: number[] = [];
    for (let round = 0; round < settings.count; round += 1) {
      const disk = await syncedWrite(folder, 200);
      const subject = await replog({ secondaries: 2, dataDir: join(folder, String(round)) });
      const load = { connections: 1, batch: 1, warmUp: settings.warmUp, seconds: settings.seconds };
      const { p50 } = await clientLoad('replog', subject.url, load);
      await subject.stop();
      note(`one at a time: p50 ${p50.toFixed(2)} ms; a synced write ${disk.toFixed(2)} ms`);
      ratios.push(p50 / disk);
    }
    const work = 'one append at a time, durable, w=3: p50 ÷ a synced write';
    rows.push(rowOf({ work, goal: 4, better: 'less' }, median(ratios)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const group of GROUPS.filter(({ name }) => name.includes(values.only))) await compare(group);
if ('one at a time'.includes(values.only)) await oneAtATime();
for (const { name, measure } of SITUATIONS.filter((one) => one.name.includes(values.only))) {
  note(name);
  rows.push(...(await measure(settings, note)));
}

const [processor] = cpus();
print(`${cpus().length} × ${processor?.model}, Node ${process.version}`);
print(
  `medians of ${settings.count} rounds of ${settings.seconds} s, after ${settings.warmUp} s that do not count\n`,
);
print('| work | measured | goal | |\n| --- | --- | --- | --- |');
for (const { work, value, goal, met } of rows) {
  print(`| ${work} | ${value} | ${goal} | ${met ? 'met' : 'missed'} |`);
}
