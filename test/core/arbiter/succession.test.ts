import { describe, expect, test } from 'vitest';
import { Arbiter } from '../../../src/core/arbiter/arbiter.ts';
import { epoch, incarnation, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Join } from '../../../src/core/messages.ts';

const FRESH_MS = 2_000;

type Wishes = Partial<Omit<Join, 'epoch' | 'lastIndex' | 'acceptedEpoch'>> & {
  readonly life?: string;
  readonly epoch?: number;
  readonly accepted?: number;
  readonly last?: number;
};

function join(id: string, how: Wishes = {}): Join {
  const { accepted = 1, epoch: seen = 1, last = 0, life = `${id}#1`, ...rest } = how;
  return {
    type: 'Join',
    node: nodeId(id),
    url: `http://${id}`,
    incarnation: incarnation(life),
    epoch: epoch(seen),
    lastIndex: logIndex(last),
    acceptedEpoch: epoch(accepted),
    ...rest,
  };
}

/** An arbiter whose master is n1; the others have joined. Each report has the next number. */
class Cluster {
  readonly arbiter: Arbiter;
  private asked = 0;

  constructor(others: readonly string[], size: number | null = null) {
    const known = { size, cluster: null, newCluster: null, prefer: null };
    this.arbiter = new Arbiter({ ...known, failoverMs: FRESH_MS }, null);
    for (const id of ['n1', ...others]) this.arbiter.join(join(id, { epoch: 0 }), 0);
    this.takesNote();
  }

  /** The master knows who the members are, and names those who are established. */
  takesNote(...established: readonly string[]): void {
    this.arbiter.noted(this.arbiter.announcement!, { established: established.map(nodeId) });
  }

  /** A member says that the master is silent; returns what it is told. */
  silent(id: string, now: number, how: Wishes = {}) {
    this.asked += 1;
    return this.arbiter.join(join(id, { masterSilent: true, asked: this.asked, ...how }), now);
  }
}

describe('Succession', () => {
  test('the office passes when a majority of the cluster hears nothing of the master', () => {
    const cluster = new Cluster(['n2', 'n3']);
    const first = cluster.silent('n2', 100);
    expect(first).toMatchObject({ type: 'JoinedSecondary', epoch: 1, failover: true });
    expect(cluster.silent('n3', 200)).toMatchObject({ type: 'JoinedMaster', epoch: 2, since: 2 });
    expect(cluster.silent('n2', 300)).toMatchObject({ type: 'JoinedSecondary', epoch: 2 });
    expect(cluster.arbiter.announcement).toMatchObject({ epoch: 2, master: { node: 'n3' } });
    expect(cluster.arbiter.announcement?.replicas.map(({ node }) => node)).toContain('n1');
  });

  test('the size that counts is the configured one, the master and those never met with it', () => {
    const cluster = new Cluster(['n2', 'n3'], 5);
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200)).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
    expect(cluster.silent('n2', 300)).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
  });

  test('with one secondary there is no majority without the master', () => {
    const cluster = new Cluster(['n2']);
    expect(cluster.silent('n2', 100)).toMatchObject({ type: 'JoinedSecondary' });
    expect(cluster.silent('n2', 200)).toMatchObject({ type: 'JoinedSecondary' });
  });

  test.each<[string, Wishes, Wishes]>([
    ['is longer', { last: 7 }, { last: 8 }],
    ['is shorter, but was accepted later', { last: 9 }, { last: 3, accepted: 2 }],
    ['is no longer, where the other wants to be a secondary', { wants: 'secondary' }, {}],
    ['is shorter, where the other wants so', { wants: 'secondary', last: 7 }, { last: 3 }],
  ])('the one leads whose log %s', (_what, n2, n3) => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n3', 100, n3);
    // Though it is n2 that makes them a majority.
    expect(cluster.silent('n2', 200, n2)).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
    expect(cluster.silent('n3', 300, n3)).toMatchObject({ type: 'JoinedMaster', epoch: 2 });
  });

  test('a report counts for two seconds', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 2_101, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.silent('n2', 2_200);
    expect(cluster.silent('n3', 4_100, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('a report that was taken back counts no more, nor does a copy of it that comes late', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100, { asked: 4 });
    cluster.silent('n2', 150, { asked: 5, masterSilent: false });
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.silent('n2', 250, { asked: 4 });
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.silent('n2', 350, { asked: 6 });
    expect(cluster.silent('n3', 400, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test.each<[string, (cluster: Cluster) => void]>([
    ['has left', ({ arbiter }) => arbiter.leave(nodeId('n2'))],
    ['has begun anew', ({ arbiter }) => arbiter.join(join('n2', { life: 'n2#2' }), 150)],
    [
      'spoke of an earlier master',
      ({ arbiter }) => arbiter.join(join('n1', { life: 'n1#2' }), 150),
    ],
  ])('what a member said counts no more when it %s', (_what, happens) => {
    const cluster = new Cluster(['n2', 'n3', 'n4', 'n5'], 5);
    cluster.silent('n2', 100);
    cluster.silent('n4', 110);
    happens(cluster);
    const { epoch: current } = cluster.arbiter.memory;
    const answer = cluster.silent('n3', 200, { last: 1, epoch: current });
    expect(answer).toMatchObject({ type: 'JoinedSecondary', epoch: current });
  });

  test('a node that knows an earlier epoch, or is no member, says nothing of this master', () => {
    const cluster = new Cluster(['n2', 'n3'], 3);
    cluster.silent('n2', 100, { epoch: 0 });
    // One that had seen this epoch would begin another one.
    cluster.silent('n9', 110, { epoch: 0 });
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
  });

  test('a master that says that it is silent itself stays what it is', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100);
    expect(cluster.silent('n1', 150)).toMatchObject({ type: 'JoinedMaster', epoch: 1 });
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ epoch: 2 });
  });

  test('a member counts as soon as the master knows of it, whoever has restarted since', () => {
    const cluster = new Cluster(['n2']);
    cluster.arbiter.join(join('n3', { epoch: 0 }), 0);
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    const options = { size: null, cluster: null, newCluster: null, prefer: null };
    const restarted = () =>
      new Arbiter({ ...options, failoverMs: FRESH_MS }, cluster.arbiter.memory);
    const both = (arbiter: Arbiter) =>
      ['n2', 'n3'].map((id) =>
        arbiter.join(join(id, { masterSilent: true, asked: 9, last: id === 'n3' ? 1 : 0 }), 300),
      );
    expect(both(restarted())[1]).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
    cluster.takesNote();
    expect(both(restarted())[1]).toMatchObject({ type: 'JoinedMaster', epoch: 2 });
    expect(both(cluster.arbiter)[1]).toMatchObject({ type: 'JoinedMaster', epoch: 2 });
  });

  test('a master that is appointed knows of all members of that moment', () => {
    const cluster = new Cluster(['n2', 'n3']);
    for (const id of ['n4', 'n5']) cluster.arbiter.join(join(id, { epoch: 0 }), 0);
    cluster.arbiter.join(join('n1', { life: 'n1#2' }), 50);
    for (const id of ['n4', 'n5']) cluster.silent(id, 100, { epoch: 2 });
    const answer = cluster.silent('n2', 200, { epoch: 2, last: 1 });
    expect(answer).toMatchObject({ type: 'JoinedMaster', epoch: 3 });
  });

  test('fewer are no majority before the master knows that the cluster is smaller', () => {
    const cluster = new Cluster(['n2', 'n3', 'n4', 'n5'], 5);
    cluster.arbiter.resize(3);
    for (const id of ['n4', 'n5']) cluster.arbiter.leave(nodeId(id));
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.takesNote();
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('G24: who left while the master took note of it makes the cluster no smaller yet', () => {
    const cluster = new Cluster(['n2', 'n3', 'n4']);
    const before = cluster.arbiter.announcement!;
    cluster.arbiter.leave(nodeId('n4'));
    // To the master two of four are none that can replace it: n4 answers it still.
    cluster.arbiter.noted(before);
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.takesNote();
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test.each<[string, (cluster: Cluster) => Arbiter]>([
    ['to one that is appointed', ({ arbiter }) => arbiter],
    [
      'in what an earlier version remembers',
      ({ arbiter: { memory } }) => {
        const noted = { ...memory.noted!, size: 3 };
        const known = { size: 3, cluster: null, newCluster: null, prefer: null };
        return new Arbiter({ ...known, failoverMs: FRESH_MS }, { ...memory, noted });
      },
    ],
  ])('G24: who left makes a cluster of more than configured no smaller yet, %s', (_, later) => {
    const cluster = new Cluster(['n2', 'n3', 'n4', 'n5'], 3);
    cluster.arbiter.join(join('n1', { life: 'n1#2' }), 50);
    const arbiter = later(cluster);
    for (const id of ['n4', 'n5']) arbiter.leave(nodeId(id));
    const say = (id: string, asked: number) =>
      arbiter.join(join(id, { epoch: 2, masterSilent: true, asked, last: asked }), 100);
    say('n2', 1);
    expect(say('n3', 2)).toMatchObject({ type: 'JoinedSecondary' });
    arbiter.noted(arbiter.announcement!);
    expect(say('n3', 3)).toMatchObject({ type: 'JoinedMaster' });
  });

  test('one that left counts again when the master has heard of its return, not before', () => {
    const cluster = new Cluster(['n2', 'n3']);
    const before = cluster.arbiter.announcement!;
    cluster.arbiter.leave(nodeId('n3'));
    // What was announced before is heard of only now, and later the same again. That the master
    // has heard of the departure, and does not know of the return, this arbiter never hears.
    cluster.arbiter.noted(before);
    cluster.arbiter.join(join('n3'), 50);
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.arbiter.noted(before);
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.takesNote();
    expect(cluster.silent('n3', 400, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('one that left does not count because the arbiter has begun anew', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.arbiter.leave(nodeId('n3'));
    const { memory } = cluster.arbiter;
    // Of this the memory says nothing.
    cluster.takesNote();
    const options = { size: null, cluster: null, newCluster: null, prefer: null };
    const restarted = new Arbiter({ ...options, failoverMs: FRESH_MS }, memory);
    restarted.join(join('n3'), 50);
    const { epoch: seen } = restarted.memory;
    const answers = ['n2', 'n3'].map((id) =>
      restarted.join(join(id, { epoch: seen, masterSilent: true, asked: 9, last: 1 }), 100),
    );
    expect(answers[1]).toMatchObject({ type: 'JoinedSecondary', epoch: seen });
  });

  test('who was a member of a cluster that replaced nobody does not count at once', () => {
    const options = { size: 3, cluster: null, newCluster: null, prefer: null };
    const before = new Arbiter(options, null);
    for (const id of ['n1', 'n2', 'n3']) before.join(join(id, { epoch: 0 }));
    const arbiter = new Arbiter({ ...options, failoverMs: FRESH_MS }, before.memory);
    const both = () =>
      ['n2', 'n3'].map((id) =>
        arbiter.join(join(id, { masterSilent: true, asked: 9, last: id === 'n3' ? 1 : 0 }), 100),
      );
    expect(both()[1]).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
    arbiter.noted(arbiter.announcement!);
    const more = ['n2', 'n3'].map((id) =>
      arbiter.join(join(id, { masterSilent: true, asked: 10, last: id === 'n3' ? 1 : 0 }), 100),
    );
    expect(more[1]).toMatchObject({ type: 'JoinedMaster', epoch: 2 });
  });

  test('what the master takes note of is to be remembered if it is news', () => {
    const { arbiter } = new Cluster(['n2', 'n3'], 3);
    const notes = (...named: readonly string[]) =>
      arbiter.noted(arbiter.announcement!, { established: named.map(nodeId) });
    expect(arbiter.noted(arbiter.announcement!)).toBe(false);
    arbiter.resize(4);
    expect(arbiter.noted(arbiter.announcement!)).toBe(true);
    arbiter.join(join('n4', { epoch: 0 }));
    expect(arbiter.noted(arbiter.announcement!)).toBe(true);
    expect([notes('n1', 'n2'), notes('n2', 'n1'), notes('n1', 'n3')]).toEqual([true, false, true]);
  });

  test('G24: those who have just joined are no majority without who has had the log', () => {
    const cluster = new Cluster(['n2', 'n3']);
    for (const id of ['n4', 'n5']) cluster.arbiter.join(join(id, { epoch: 0 }), 0);
    cluster.takesNote('n1', 'n2', 'n3');
    expect(cluster.arbiter.awaitsNewcomers).toBe(true);
    for (const id of ['n4', 'n5']) cluster.silent(id, 100);
    expect(cluster.silent('n2', 200, { last: 3 })).toMatchObject({ type: 'JoinedSecondary' });
    const options = { size: null, cluster: null, newCluster: null, prefer: null };
    const restarted = new Arbiter({ ...options, failoverMs: FRESH_MS }, cluster.arbiter.memory);
    for (const id of ['n4', 'n5', 'n2']) {
      const report = join(id, { masterSilent: true, asked: 9, last: id === 'n2' ? 3 : 0 });
      expect(restarted.join(report, 250), id).toMatchObject({ type: 'JoinedSecondary' });
    }
    const answer = cluster.silent('n3', 300, { last: 4 });
    expect(answer).toMatchObject({ type: 'JoinedMaster', established: ['n1', 'n2', 'n3'] });
    expect(cluster.arbiter.announcement).toMatchObject({ established: ['n1', 'n2', 'n3'] });
  });

  test('who has the log since counts like all others', () => {
    const cluster = new Cluster(['n2', 'n3']);
    for (const id of ['n4', 'n5']) cluster.arbiter.join(join(id, { epoch: 0 }), 0);
    cluster.takesNote('n1', 'n2', 'n3', 'n4', 'n5');
    expect(cluster.arbiter.awaitsNewcomers).toBe(false);
    for (const id of ['n4', 'n5']) cluster.silent(id, 100);
    expect(cluster.silent('n2', 200, { last: 3 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test.each<[string, Wishes, boolean]>([
    ['it has what was there when it joined', { last: 4, durableIndex: logIndex(4) }, true],
    ['that is not all durable', { last: 4, durableIndex: logIndex(3) }, false],
    ['it does not say what is durable', { last: 4 }, false],
    ['its log is of an earlier epoch', { durableIndex: logIndex(9), accepted: 0 }, false],
  ])('who has caught up after the master was heard last says so itself: %s', (_, how, counts) => {
    const cluster = new Cluster(['n2']);
    cluster.arbiter.join(join('n3', { epoch: 0 }), 0);
    const named = { established: ['n1', 'n2'].map(nodeId), newcomersAt: logIndex(4) };
    expect(cluster.arbiter.noted(cluster.arbiter.announcement!, named)).toBe(true);
    const options = { size: null, cluster: null, newCluster: null, prefer: null };
    const { memory } = cluster.arbiter;
    const restarted = new Arbiter({ ...options, failoverMs: FRESH_MS }, memory);
    for (const arbiter of [cluster.arbiter, restarted]) {
      const says = { masterSilent: true, asked: 9 };
      arbiter.join(join('n2', { ...says, last: 5, wants: 'secondary' }), 100);
      const answer = arbiter.join(join('n3', { ...says, ...how }), 200);
      if (counts) expect(answer).toMatchObject({ established: ['n1', 'n2', 'n3'], epoch: 2 });
      else expect(answer).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
    }
  });

  test('how far a newcomer must have come is said for one epoch, and by a master', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.arbiter.join(join('n4', { epoch: 0 }), 0);
    const [, ...named] = ['n3', 'n1', 'n2'].map(nodeId);
    const at = { established: named, newcomersAt: logIndex(4) };
    const notes = (told: object) => cluster.arbiter.noted(cluster.arbiter.announcement!, told);
    expect([notes(at), notes(at)]).toEqual([true, false]);
    expect(cluster.arbiter.memory.noted).toMatchObject({ newcomersAt: 4 });
    expect(notes({ established: named })).toBe(true);
    expect(cluster.arbiter.memory.noted).not.toHaveProperty('newcomersAt');
    notes(at);
    cluster.arbiter.raise(epoch(1));
    const far = { epoch: 2, accepted: 2, durableIndex: logIndex(9) };
    cluster.silent('n3', 100, far);
    expect(cluster.arbiter.memory.noted).toMatchObject({ established: named });
  });

  test('one of which the master has not taken note says nothing of itself', () => {
    const cluster = new Cluster(['n2']);
    const at = { established: ['n1', 'n2'].map(nodeId), newcomersAt: logIndex(4) };
    cluster.arbiter.noted(cluster.arbiter.announcement!, at);
    cluster.arbiter.join(join('n3', { epoch: 0 }), 0);
    cluster.silent('n3', 100, { durableIndex: logIndex(9) });
    expect(cluster.arbiter.announcement).toMatchObject({ established: ['n1', 'n2'] });
  });

  test('who left has the log no more when it comes back, whatever is heard late', () => {
    const cluster = new Cluster(['n2', 'n3']);
    const before = cluster.arbiter.announcement!;
    const all = { established: ['n1', 'n2', 'n3'].map(nodeId) };
    cluster.arbiter.noted(before, all);
    cluster.arbiter.leave(nodeId('n3'));
    cluster.arbiter.join(join('n3'), 50);
    cluster.arbiter.noted(before, all);
    expect(cluster.arbiter.announcement).toMatchObject({ established: ['n1', 'n2'] });
    cluster.takesNote('n1', 'n2');
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.takesNote('n1', 'n2', 'n3');
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('who left is needed no more, though the master has not heard of it', () => {
    const cluster = new Cluster(['n2', 'n3', 'n4', 'n5']);
    cluster.takesNote('n1', 'n2', 'n3', 'n4');
    cluster.arbiter.leave(nodeId('n4'));
    for (const id of ['n3', 'n5']) cluster.silent(id, 100);
    expect(cluster.silent('n2', 200, { last: 3 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('what it said before it left counts no more when it is back', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100);
    cluster.arbiter.leave(nodeId('n2'));
    cluster.arbiter.join(join('n2'), 150);
    cluster.takesNote();
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
  });

  test('nor does a copy that comes late, of what it took back before it left', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100, { asked: 4 });
    cluster.silent('n2', 110, { asked: 5, masterSilent: false });
    cluster.arbiter.leave(nodeId('n2'));
    cluster.arbiter.join(join('n2'), 150);
    cluster.takesNote();
    cluster.silent('n2', 160, { asked: 4 });
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.silent('n2', 250, { asked: 6 });
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('of those that have left a thousand are remembered, and all who have not', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100, { asked: 4 });
    for (let i = 4; i < 2_000; i += 1) {
      cluster.arbiter.join(join(`n${i}`, { epoch: 0 }), 100);
      cluster.silent(`n${i}`, 100);
      cluster.arbiter.leave(nodeId(`n${i}`));
    }
    const { reports } = (cluster.arbiter as unknown as { succession: { reports: Map<string, 1> } })
      .succession;
    expect([reports.size, reports.has('n2'), reports.has('n1999')]).toEqual([1_000, true, true]);
  });

  test('where all who had the log have left, a master is told of none', () => {
    const cluster = new Cluster(['n2']);
    cluster.takesNote('n1');
    cluster.arbiter.leave(nodeId('n1'));
    const answer = cluster.arbiter.join(join('n2'), 100);
    expect(answer).toMatchObject({ type: 'JoinedMaster', epoch: 2 });
    expect(answer).not.toHaveProperty('established');
  });

  test('nor is one that falls silent before it has named anybody there for good', () => {
    const cluster = new Cluster(['n2', 'n3', 'n4']);
    cluster.takesNote('n1');
    cluster.arbiter.leave(nodeId('n1'));
    const { epoch: seen } = cluster.arbiter.join(join('n2'), 100) as { epoch: number };
    cluster.silent('n3', 6_000, { epoch: seen });
    const answer = cluster.silent('n4', 6_100, { epoch: seen, last: 1 });
    expect(answer).toMatchObject({ type: 'JoinedMaster', epoch: 3 });
  });

  test('G24: those who were named and two more who have joined since are not passed over', () => {
    const cluster = new Cluster(['n2', 'n3', 'n4', 'n5']);
    cluster.takesNote('n1', 'n2', 'n3');
    for (const id of ['n6', 'n7']) cluster.arbiter.join(join(id, { epoch: 0 }), 0);
    cluster.arbiter.noted(cluster.arbiter.announcement!);
    for (const id of ['n3', 'n6', 'n7']) cluster.silent(id, 100);
    expect(cluster.silent('n2', 200, { last: 3 })).toMatchObject({ type: 'JoinedSecondary' });
    cluster.silent('n5', 300);
    expect(cluster.silent('n2', 400, { last: 3 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('what an earlier life of a member said counts no more, however late it comes', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.arbiter.join(join('n2', { life: 'n2#2' }), 50);
    for (const now of [100, 110, 120]) cluster.silent('n2', now);
    expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    // The present one is heard as before.
    for (const now of [210, 220]) cluster.silent('n2', now, { life: 'n2#2' });
    expect(cluster.silent('n3', 300, { last: 1 })).toMatchObject({ type: 'JoinedMaster' });
  });

  test('a copy of a report that comes late makes it no fresher', () => {
    const cluster = new Cluster(['n2', 'n3']);
    for (const now of [100, 2_000]) cluster.silent('n2', now, { asked: 4 });
    expect(cluster.silent('n3', 2_200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
  });

  test.each<[string, (arbiter: Arbiter) => void]>([
    ['is to be', (arbiter) => arbiter.resize(5)],
    ['is', (arbiter) => ['n4', 'n5'].map((id) => arbiter.join(join(id, { epoch: 0 }), 50))],
  ])(
    'more are needed as soon as the cluster %s larger, though the master has not heard',
    (...[, grow]) => {
      const cluster = new Cluster(['n2', 'n3'], 3);
      grow(cluster.arbiter);
      cluster.silent('n2', 100);
      expect(cluster.silent('n3', 200, { last: 1 })).toMatchObject({ type: 'JoinedSecondary' });
    },
  );

  test('without it nobody replaces a master, whatever is said', () => {
    const options = { size: 3, cluster: null, newCluster: null, prefer: null };
    const arbiter = new Arbiter(options, null);
    for (const id of ['n1', 'n2', 'n3']) arbiter.join(join(id, { epoch: 0 }));
    const answers = ['n2', 'n3', 'n2', 'n3'].map((id, asked) =>
      arbiter.join(join(id, { masterSilent: true, asked: asked + 1 }), 100),
    );
    for (const answer of answers) {
      expect(answer).toEqual({
        type: 'JoinedSecondary',
        epoch: 1,
        master: { node: 'n1', url: 'http://n1' },
      });
    }
  });

  test('started again without it, on what it remembers, an arbiter says nothing of it', () => {
    const cluster = new Cluster(['n2', 'n3']);
    cluster.silent('n2', 100);
    expect(cluster.silent('n3', 200)).toMatchObject({ type: 'JoinedMaster', failover: true });
    const options = { size: null, cluster: null, newCluster: null, prefer: null };
    const arbiter = new Arbiter(options, cluster.arbiter.memory);
    for (const id of ['n1', 'n2', 'n1', 'n2']) {
      const answer = arbiter.join(join(id, { epoch: 2, masterSilent: true, asked: 9 }), 300);
      expect(answer).toEqual({
        type: 'JoinedSecondary',
        epoch: 2,
        master: { node: 'n3', url: 'http://n3' },
      });
    }
    expect(arbiter.announcement).not.toHaveProperty('failover');
  });
});
