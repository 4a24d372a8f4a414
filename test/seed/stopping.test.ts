// Rule: faults are no reason to stop late. A node with requests that it was told to hold up, to
// lose or to persist late ends as soon as any other, and what was to have no answer has none.

import { afterAll, describe, expect, test } from 'vitest';
import { AT } from '../core/bench.ts';
import { call, until } from '../process/program.ts';
import { Stage, settled } from './stage.ts';

const stage = new Stage();
afterAll(() => stage.release());

/** Half of what the contract gives to a stop: the grace for open requests is not used up. */
const SOON_MS = 2_500;

describe.concurrent('a secondary that is told to stop', () => {
  test.each([
    { faults: { delayMs: 60_000 }, answer: 200 },
    { faults: { hold: true }, answer: 200 },
    { faults: { persist: { delayMs: 60_000 } }, answer: 200 },
    { faults: { dropRequest: 1 }, answer: 'none' },
    { faults: { dropReply: 1 }, answer: 'none' },
  ])('with $faults: ends soon, answer: $answer', async ({ faults, answer }) => {
    const { secondary } = await stage.feed();
    await secondary.break(faults);
    const sent = call('POST', `${secondary.url}/replica/snapshot`, {
      epoch: 1,
      session: 1,
      seq: 0,
      updates: [{ index: 1, epoch: 1, at: AT, op: 'append', message: 'm' }],
      commitIndex: 0,
    }).then(
      ({ status }) => status,
      () => 'none',
    );
    const struck = async (): Promise<number[]> =>
      Object.values((await call('GET', `${secondary.url}/faults`)).body.hits);
    await until(struck, (hits) => hits.some((hit) => hit > 0), 'the fault has struck');
    expect(await settled(sent)).toBeNull();
    const asked = performance.now();
    await secondary.program.kill('SIGTERM');
    expect(performance.now() - asked).toBeLessThan(SOON_MS);
    expect(await sent).toBe(answer);
  });
});
