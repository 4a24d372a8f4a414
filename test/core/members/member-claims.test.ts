import { describe, expect, test } from 'vitest';
import { epoch, logIndex } from '../../../src/core/ids.ts';
import { SESSIONS_PER_EPOCH } from '../../../src/core/members/session-numbers.ts';
import type { HeartbeatAck } from '../../../src/core/messages.ts';
import { ForeignSecondary } from '../foreign-secondary.ts';
import { Members } from '../members.ts';
import { masterOf } from '../three.ts';

describe('Member: what a secondary claims to have', () => {
  const MOST = Number.MAX_SAFE_INTEGER;
  const claims = (lastIndex: number, more: Partial<HeartbeatAck> = {}): Members => {
    const cluster = new Members('n3');
    for (const message of ['a', 'b', 'c']) cluster.write('n1', message);
    cluster.run(50);
    const broken = new ForeignSecondary('n2');
    broken.says = { lastIndex: logIndex(lastIndex), ...more };
    cluster.nodes.set('n2', cluster.foreign('n2', broken));
    cluster.announce('n2', 'n3');
    return cluster;
  };
  const sane = (cluster: Members): void => {
    for (const { ackedIndex, lagEntries } of masterOf(cluster).members) {
      expect(lagEntries).toBeGreaterThanOrEqual(0);
      expect(ackedIndex ?? 0).toBeLessThanOrEqual(cluster.status('n1').lastIndex);
    }
  };

  test.each([4, 1_000, MOST])(
    'more than there is (%i): nothing counts but what it acknowledges, from the first operation on',
    (lastIndex) => {
      const cluster = claims(lastIndex);
      cluster.node('n2').manner = 'silent';
      cluster.run(2_000);
      sane(cluster);
      expect(cluster.report('n2')).toMatchObject({ ackedIndex: null, lagEntries: 3 });
      const ticket = cluster.write('n1', 'd', { w: 'all' });
      cluster.run(2_000);
      expect(cluster.outcome(ticket)).toBeUndefined();
      cluster.node('n2').manner = 'takes';
      cluster.run(3_000);
      sane(cluster);
      expect(cluster.outcome(ticket)).toMatchObject({ type: 'Stored' });
      const seen = cluster.node('n2').snapshots.flatMap(({ updates }) => updates);
      expect(new Set(seen.map(({ index }) => index))).toEqual(new Set([1, 2, 3, 4]));
    },
  );

  test.each([4, MOST])(
    'one that says it is replog, and has more than there is (%i), is Suspected: it takes nothing',
    (lastIndex) => {
      const cluster = claims(lastIndex, { hash: 1, acceptedEpoch: epoch(1) });
      cluster.run(3_000);
      expect(cluster.report('n2')).toMatchObject({ status: 'Healthy', ackedIndex: null });
      cluster.run(2_000);
      sane(cluster);
      expect(cluster.report('n2')).toMatchObject({ status: 'Suspected', lagEntries: 3 });
      expect(cluster.report('n2').lastError).toContain(`${lastIndex}`);
      cluster.node('n2').says = {};
      cluster.run(2_000);
      expect(cluster.report('n2')).toMatchObject({ status: 'Healthy', lagEntries: 0 });
    },
  );

  test('behind the newest session that it knows, the next one begins', () => {
    const cluster = claims(0);
    cluster.node('n2').manner = 'stale-session';
    const newest = 2 ** 40;
    cluster.node('n2').refuses = newest;
    cluster.run(100);
    cluster.node('n2').manner = 'takes';
    cluster.run(2_000);
    expect(cluster.node('n2').snapshots.at(-1)).toMatchObject({ session: newest + 1 });
    expect(cluster.report('n2')).toMatchObject({ ackedIndex: 3, lagEntries: 0 });
  });

  test('a newest session beyond all numbers is not believed: others can still join', () => {
    const cluster = claims(0);
    cluster.node('n2').manner = 'stale-session';
    cluster.node('n2').refuses = MOST;
    cluster.run(2_000);
    for (let index = 4; index < 7; index += 1) {
      cluster.node('n3').restart();
      cluster.write('n1', 'd');
      cluster.run(2_000);
      expect(cluster.report('n3')).toMatchObject({ ackedIndex: index });
    }
    const sessions = cluster.node('n3').snapshots.map(({ session }) => session);
    expect(new Set(sessions).size).toBeGreaterThan(2);
    expect(Math.max(...sessions)).toBeLessThan(2 * SESSIONS_PER_EPOCH);
  });
});
