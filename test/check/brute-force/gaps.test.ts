// What a page may lack, against every pair of pages: tiny logs of two epochs, of which nobody was
// told anything, as nodes show them with and without what is superseded. One seed: REPLOG_SEED=7.

import { expect, test } from 'vitest';
import type { LogRecord, SeenEntry } from '../../../src/check/history/history.ts';
import { judge } from '../../../src/check/judge.ts';
import type { Operation } from '../../../src/core/operation.ts';
import { Chance } from '../../../src/sim/chance.ts';
import { judgesOf } from '../objections.ts';
import { message, put, Recording } from '../recording.ts';

const only = process.env.REPLOG_SEED;
const first = Number(only ?? 1);
const seeds = only === undefined ? 400 : 1;

const keyOf = ({ operation }: SeenEntry): string | null =>
  operation.op === 'append' ? null : operation.key;

/** What compaction may have left of a log: of what a later operation supersedes, nothing need be
 * there. */
function compacted(log: readonly SeenEntry[], chance: Chance): SeenEntry[] {
  return log.filter((entry) => {
    const key = keyOf(entry);
    const isLast = !log.some((later) => later.index > entry.index && keyOf(later) === key);
    return key === null || isLast || chance.happens(0.5);
  });
}

function drawnOperations(count: number, name: string, chance: Chance): Operation[] {
  return Array.from({ length: count }, (_, i) =>
    chance.happens(0.5) ? message(`${name}${i}`) : put(chance.pick(['j', 'k']), `${name}${i}`),
  );
}

/** The log of n1 in epoch 1, and that of n2 in epoch 2, which goes on from a part of it. */
function drawnLogs(run: Recording, chance: Chance): readonly (readonly SeenEntry[])[] {
  const old = drawnOperations(chance.whole(1, 3), 'a', chance);
  const young = drawnOperations(chance.whole(1, 3), 'b', chance);
  // Nobody knows where this one is.
  const open = { outcome: 'unknown', return: null, call: 0 } as const;
  for (const each of [put('k', 'unseen'), ...old, ...young]) run.write(each, open);
  run.log.length = 0;
  run.grow(...old);
  const before = [...run.log];
  run.log.length = chance.whole(0, old.length);
  run.lead('n2');
  run.grow(...young);
  return [before, [...run.log]];
}

/** Whether the page lacks a message that another one shows, all the way, before the same entry. */
function isRuledOut(page: LogRecord, others: readonly LogRecord[]): boolean {
  return others.some(({ entries }) =>
    entries.some((entry, at) => {
      if (keyOf(entry) !== null || page.entries.some(({ index }) => index === entry.index)) {
        return false;
      }
      const next = page.entries.find(({ index }) => index > entry.index);
      const run = entries.slice(at).filter(({ index }, i) => index === entry.index + i);
      return run.some(({ epoch, index }) => index === next?.index && epoch === next.epoch);
    }),
  );
}

test('a page lacks what compaction takes, and no message that a pair of pages rules out', () => {
  let ruledOut = 0;
  for (let seed = first; seed < first + seeds; seed += 1) {
    const chance = new Chance(seed);
    const run = new Recording();
    const logs = drawnLogs(run, chance);
    // Each node shows its log in one life of its own: what it showed before does not bind it.
    for (let i = 0; i < 4; i += 1) {
      const node = chance.pick(run.nodes);
      run.start(node);
      const log = chance.pick(logs);
      const lastIndex = log.at(-1)!.index;
      run.read(node, { lastIndex, commitIndex: 0 }, compacted(log, chance));
    }
    const shown = (): string =>
      [`REPLOG_SEED=${seed}`, ...run.records.map((record) => JSON.stringify(record))].join('\n');
    expect(judge(run.records).violations, shown()).toEqual([]);
    const at = run.records.length - chance.pick([1, 3, 5, 7]);
    const page = run.records[at] as LogRecord;
    const lost = chance.pick(page.entries);
    if (keyOf(lost) !== null) continue;
    const slipped = { ...page, entries: page.entries.filter((entry) => entry !== lost) };
    run.records[at] = slipped;
    const pages = run.records.filter((record) => record.type === 'log') as LogRecord[];
    if (!isRuledOut(slipped, pages)) continue;
    ruledOut += 1;
    const found = judgesOf(run.records);
    expect(found, shown()).toContain('never back');
  }
  expect(ruledOut).toBeGreaterThan(only === undefined ? seeds / 20 : -1);
});
