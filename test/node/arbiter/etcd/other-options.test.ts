import { expect, test } from 'vitest';
import { Arbiter } from '../../../../src/core/arbiter/arbiter.ts';
import { BLANK_MEMORY } from '../../../../src/core/effects.ts';
import type { Stored } from '../../../../src/node/arbiter/etcd/gateway.ts';
import { OtherOptions, type OwnOptions } from '../../../../src/node/arbiter/etcd/other-options.ts';

const SEAT: Stored = { value: 'http://a', created: '9', written: '9', lease: '1' };

/** What an arbiter with these options writes. */
function writtenBy({ failover, size }: OwnOptions, revision = '10'): Stored {
  const options = { size, cluster: null, newCluster: null, prefer: null };
  const arbiter = new Arbiter(failover ? { ...options, failoverMs: 1 } : options, null);
  const memory = { ...BLANK_MEMORY, arbiter: arbiter.memory };
  const value = JSON.stringify({ format: 1, memory });
  return { value, created: '3', written: revision, lease: '0' };
}

function looking(own: OwnOptions): { others: OtherOptions; said: string[] } {
  const said: string[] = [];
  return {
    others: new OtherOptions(
      () => own,
      (difference) => said.push(difference),
    ),
    said,
  };
}

const here = (size: number | null, failover = false): OwnOptions => ({ size, failover });

test.each([
  [here(3), here(3), []],
  [here(3, true), here(3, true), []],
  // It goes on with the size that is remembered.
  [here(null), here(3), []],
  [here(5), here(3), ['--secondaries: 4 here, 2 there']],
  [here(3), here(null), ['--secondaries: 2 here, none there']],
  [here(3), here(3, true), ['--failover: only there']],
  [here(1, true), here(3), ['--secondaries: 0 here, 2 there; --failover: only here']],
])('of %j beside %j in charge it says %j, once', (own, there, expected) => {
  const { others, said } = looking(own);
  for (let look = 0; look < 3; look += 1) others.look(SEAT, writtenBy(there));
  expect(said).toEqual(expected);
});

test('what was written before the one in charge was tells nothing of that one', () => {
  const { others, said } = looking(here(5));
  others.look(SEAT, null);
  others.look(SEAT, writtenBy(here(3), '8'));
  expect(said).toEqual([]);
  others.look(SEAT, writtenBy(here(3), '10'));
  expect(said).toHaveLength(1);
});

test('another difference is said as well, and one that comes back', () => {
  const { others, said } = looking(here(5));
  for (const size of [3, 4, 5, 3]) others.look(SEAT, writtenBy(here(size)));
  expect(said.map((text) => text.slice(-7))).toEqual(['2 there', '3 there', '2 there']);
});

test('what this program does not know is not compared', () => {
  const { others, said } = looking(here(5));
  others.look(SEAT, { ...writtenBy(here(3)), value: '{"format":2,"memory":{}}' });
  others.look(SEAT, { ...writtenBy(here(3)), value: 'hello' });
  expect(said).toEqual([]);
});
