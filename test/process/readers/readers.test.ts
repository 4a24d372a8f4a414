// Whoever reads a cluster to which anything happens sees one log, and never what cannot be: pages,
// streams, keys and outcomes, at every level, judged by a model that knows nothing of replication.
// One seed: REPLOG_SEED=7; more of them: REPLOG_SEEDS=10 (and --test-timeout), with
// `npx vitest run --project process test/process/readers`.

import { afterAll, expect, test } from 'vitest';
import { Chance } from '../../../src/chaos/chance.ts';
import { Belongings, until } from '../program.ts';
import { Follower } from './follower.ts';
import { PageReader } from './page-reader.ts';
import { compare, wholeLog } from './settled.ts';
import { ShakenGroup } from './shaken-group.ts';
import { StreamReader } from './stream-reader.ts';
import { Witness } from './witness.ts';
import { Writer } from './writer.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

const only = process.env.REPLOG_SEED;
const first = Number(only ?? 1);
const last = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 1) : first;

const STEPS = 4;

/** A run in which nothing is written, or something is never answered, would show nothing. */
const NEEDED = [
  'acknowledged',
  ...['log', 'messages', 'keys', 'key', 'outcome'].flatMap((what) =>
    ['local', 'majority', 'linearizable'].map((level) => `${level} ${what}`),
  ),
];

interface Run {
  readonly shaken: ShakenGroup;
  readonly witness: Witness;
  readonly chance: (name: string) => Chance;
}

/** All who read as things come; they end when everything is written and seen. */
function following({ shaken, witness, chance }: Run) {
  const { group } = shaken;
  return [
    ...group.places.map((place) => new Follower(group.url(place), witness)),
    ...group.places.map(
      (place) =>
        new StreamReader(group.url(place), 'majority', chance(`majority ${place}`), witness),
    ),
  ];
}

async function play(seed: number): Promise<ShakenGroup & { witness: Witness }> {
  const witness = new Witness();
  const chance = (name: string): Chance => Chance.of(seed, name);
  const shaken = await ShakenGroup.start(belongings, chance('hands'));
  const run = { shaken, witness, chance };
  return Object.assign(shaken, { witness: await readAll(run) });
}

async function readAll(run: Run): Promise<Witness> {
  const { shaken, witness, chance } = run;
  const { group } = shaken;
  const ends = { writing: new AbortController(), reading: new AbortController() };
  const writers = ['x', 'y'].map((name) =>
    new Writer(group.master, name, chance(name), witness).run(ends.writing.signal),
  );
  const pageReaders = group.places.map((place) =>
    new PageReader(shaken, place, chance(`pages ${place}`), witness).run(ends.writing.signal),
  );
  const followers = following(run);
  const follow = followers.map((one) => one.run(ends.reading.signal));
  const listed = belongings.program(['list', '--follow', '--json', '--url', group.url(2)]);
  try {
    // The first connection of a command has to succeed.
    await listed.line(({ op }) => op === 'append', 'replog list --follow has begun');
    for (let step = 0; step < STEPS && witness.wrong.length === 0; step += 1) await shaken.step();
    // Without something that was shown and is lost, no read could show too much.
    await shaken.cutBack();
    await shaken.heal();
    await until(
      async () => NEEDED.filter((kind) => !witness.seen.has(kind)),
      (missing) => missing.length === 0,
      'everything was answered at least once',
    );
    ends.writing.abort();
    await Promise.all([...writers, ...pageReaders]);
    const lastIndex = await group.caughtUp();
    const final = await wholeLog(group.master, 100);
    expect(final).toHaveLength(lastIndex);
    witness.judge(final);
    await until(
      async () => followers.filter((one) => one.last < lastIndex).map(({ what }) => what),
      (behind) => behind.length === 0,
      'all who follow have come to the end',
    );
    for (const one of followers) one.judge(final);
    for (const url of group.urls) await compare(url, final, chance(url), witness);
    const messages = final.filter(({ op }) => op === 'append');
    await until(
      async () => listed.lines.length,
      (count) => count >= messages.length,
      'replog list --follow has come to the end',
    );
    expect(listed.lines).toEqual(messages);
  } finally {
    ends.writing.abort();
    ends.reading.abort();
    await Promise.all([...writers, ...pageReaders, ...follow]);
    await belongings.release();
  }
  return witness;
}

test(`G2, G3, G14: whoever reads sees one log: seeds ${first} to ${last}`, async () => {
  for (let seed = first; seed <= last; seed += 1) {
    const { witness, done } = await play(seed);
    expect(witness.wrong, `seed ${seed} (REPLOG_SEED=${seed}): ${done.join(', ')}`).toEqual([]);
  }
}, 120_000);
