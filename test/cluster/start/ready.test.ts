import { describe, expect, it } from 'vitest';
import { CatchUp, lackingOf, missingIn, waitUntil } from '../../../src/cluster/start/ready.ts';
import { health, member } from '../master-health.ts';
import { virtualPace } from '../virtual-pace.ts';

const BOTH = ['n1', 'n2'];

describe('missingIn', () => {
  it('is null only when every node has acknowledged everything', () => {
    expect(missingIn(health([member('n1'), member('n2')]), BOTH)).toBeNull();
  });

  it.each([
    ['no master answers', null],
    ['n2 has not joined', health([member('n1')])],
    ['n2 is Suspected', health([member('n1'), member('n2', { status: 'Suspected' })])],
    ['n2 has acknowledged nothing', health([member('n1'), member('n2', { ackedIndex: null })])],
    ['n2 has acknowledged 4 of 5', health([member('n1'), member('n2', { ackedIndex: 4 })])],
    ['n3 is a member', health([member('n1'), member('n2'), member('n3')])],
    [
      'counts a cluster of 3',
      health([member('n1'), member('n2')], { quorum: { size: 3, needed: 2, alive: 2 } }),
    ],
    [
      'only 1 of 2',
      health([member('n1'), member('n2')], { quorum: { size: 2, needed: 2, alive: 1 } }),
    ],
    [
      'read-only (disk full)',
      health([member('n1'), member('n2')], { mode: 'read-only', reason: 'disk full' }),
    ],
  ])('says "%s"', (what, seen) => {
    expect(missingIn(seen, BOTH)).toContain(what);
  });

  it('says why the others lack something, if it is the master', () => {
    const reason = 'damaged: entries 4 to 4 are missing here';
    const members = [member('n1'), member('n2', { ackedIndex: null })];
    const seen = health(members, { mode: 'read-only', reason });
    const why = `the master is read-only (${reason})`;
    expect(missingIn(seen, BOTH)).toBe(`n2 has acknowledged nothing; ${why}`);
  });

  it('does not take a secondary for a master', () => {
    const follower = {
      node: 'n2',
      role: 'secondary',
      epoch: 1,
      master: null,
      lastIndex: 0,
      commitIndex: 0,
      status: 'ok',
    } as const;
    expect(missingIn(follower, BOTH)).toBe('no node is master yet');
    expect(lackingOf(follower, 'n2', 2)).toBe('no node is master yet');
  });
});

describe('waitUntil', () => {
  it('looks every 20 ms until nothing is missing', async () => {
    const { pace, time } = virtualPace();
    const answers = ['a', 'b', null];
    expect(await waitUntil(async () => answers.shift() ?? null, 1_000, pace)).toBeNull();
    expect(time()).toBe(40);
  });

  it('gives up with what was missing last', async () => {
    const { pace, time } = virtualPace();
    expect(await waitUntil(async () => 'n2', 1_000, pace)).toBe('n2');
    expect(time()).toBe(1_000);
  });

  it('does not give up a cluster that catches up, but one that has stopped doing so', async () => {
    const { pace, time } = virtualPace();
    const catchUp = new CatchUp();
    const look = async () => {
      // Three operations a second, up to the tenth of twelve.
      const ackedIndex = Math.min(10, Math.floor(time() / 333));
      const members = [member('n1', { ackedIndex: 12 }), member('n2', { ackedIndex })];
      const seen = health(members, { lastIndex: 12 });
      catchUp.look(seen);
      return missingIn(seen, BOTH);
    };
    const missing = await waitUntil(look, 1_000, pace, () => catchUp.advanced);
    expect(missing).toBe('n2 has acknowledged 10 of 12 operations');
    expect(time()).toBe(3_340 + 1_000);
  });

  it('takes no standstill, no way back and no silence for progress', () => {
    const catchUp = new CatchUp();
    const looks = [7, 9, 9, null, 8, 9, 10].map((ackedIndex) => {
      catchUp.look(ackedIndex === null ? null : health([member('n1', { ackedIndex })]));
      return catchUp.advanced;
    });
    expect(looks).toEqual([true, true, false, false, false, false, true]);
  });

  it('ends when nobody waits any more', async () => {
    const { pace, abort, time } = virtualPace();
    abort.abort();
    expect(await waitUntil(async () => 'n2', 1_000, pace)).toBe('n2');
    expect(time()).toBe(0);
  });
});
