// Whoever reads a cluster whose office moves from node to node sees one log: what was on a majority
// under one master is there under the next, and one that is none any more proves nothing.
// One seed: REPLOG_SEED=7; more of them: REPLOG_SEEDS=10, with
// `npx vitest run --project process test/process/readers/moving-office.test.ts`.

import { afterAll, expect, test } from 'vitest';
import { Chance } from '../../../src/chaos/chance.ts';
import { Belongings, until } from '../program.ts';
import { Follower } from './follower.ts';
import { MovingOffice } from './moving-office.ts';
import { PageReader } from './page-reader.ts';
import { compare, wholeLog } from './settled.ts';
import { StreamReader } from './stream-reader.ts';
import { Witness } from './witness.ts';
import { Writer } from './writer.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** In this one a master is overruled while it stands still. */
const DEFAULT_SEED = 3;

const { REPLOG_SEED: only, REPLOG_SEEDS: many } = process.env;
const first = Number(only ?? (many === undefined ? DEFAULT_SEED : 1));
const last = only === undefined ? Number(many ?? first) : first;

const MOVES = 2;

/** A run in which nothing is written, or nothing is proved, would show nothing. */
const NEEDED = ['acknowledged', 'local log', 'majority log', 'linearizable log'];

async function play(office: MovingOffice, witness: Witness, seed: number): Promise<void> {
  const chance = (name: string): Chance => Chance.of(seed, name);
  const ends = { writing: new AbortController(), reading: new AbortController() };
  // One at each node: the one at the master is answered.
  const working = office.places.flatMap((place) => [
    new Writer(office.url(place), `${place}`, chance(`writes ${place}`), witness),
    new PageReader(office, place, chance(`pages ${place}`), witness),
  ]);
  const followers = office.places.flatMap((place) => [
    new Follower(office.url(place), witness),
    new StreamReader(office.url(place), 'majority', chance(`majority ${place}`), witness),
  ]);
  const work = working.map((one) => one.run(ends.writing.signal));
  const follow = followers.map((one) => one.run(ends.reading.signal));
  try {
    for (let i = 0; i < MOVES && witness.wrong.length === 0; i += 1) await office.move();
    await until(
      async () => NEEDED.filter((kind) => !witness.seen.has(kind)),
      (missing) => missing.length === 0,
      'everything was answered at least once',
    );
    ends.writing.abort();
    await Promise.all(work);
    const lastIndex = await office.caughtUp();
    const final = await wholeLog(office.url(1), 100);
    expect(final).toHaveLength(lastIndex);
    witness.judge(final);
    await until(
      async () => followers.filter((one) => one.last < lastIndex).map(({ what }) => what),
      (behind) => behind.length === 0,
      'all who follow have come to the end',
    );
    for (const one of followers) one.judge(final);
    for (const place of office.places) {
      const url = office.url(place);
      await compare(url, final, chance(url), witness);
    }
  } finally {
    ends.writing.abort();
    ends.reading.abort();
    await Promise.all([...work, ...follow]);
    await belongings.release();
  }
}

test(
  `G3, G10: readers see one log while the office moves: seeds ${first} to ${last}`,
  async () => {
    for (let seed = first; seed <= last; seed += 1) {
      const witness = new Witness();
      const office = await MovingOffice.start(belongings, Chance.of(seed, 'moves'), witness);
      await play(office, witness, seed);
      const what = `seed ${seed} (REPLOG_SEED=${seed}): ${office.done.join(', ')}`;
      expect(witness.wrong, what).toEqual([]);
    }
  },
  60_000 * (1 + last - first),
);
