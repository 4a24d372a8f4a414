// The client against nodes to which anything happens between their log and the wire: whatever a
// write is said to have come to is true. The seed fixes what is drawn; what meets what on the
// sockets differs from run to run. Another seed: REPLOG_SEED=7; more of them: REPLOG_SEEDS=100 (and
// --test-timeout), with `npx vitest run --project unit test/client/unruly`.

import { expect, test } from 'vitest';
import { play } from './run.ts';

const only = process.env.REPLOG_SEED;
const first = Number(only ?? 1);
const last = only === undefined ? Number(process.env.REPLOG_SEEDS ?? 1) : first;

test(`what a client says is true, whatever its nodes do: seeds ${first} to ${last}`, async () => {
  for (let seed = first; seed <= last; seed += 1) {
    const { wrong, seen } = await play(seed, 14);
    expect(wrong, `seed ${seed} (REPLOG_SEED=${seed})`).toEqual([]);
    // A run in which nothing is stored, or nothing goes wrong, would show nothing.
    for (const kind of ['append: answer', 'append: OutcomeUnknown', 'put: answer']) {
      expect(seen.get(kind), kind).toBeGreaterThan(0);
    }
  }
});
