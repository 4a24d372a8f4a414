import { describe, expect, test } from 'vitest';
import { Arbiter, type ArbiterOptions } from '../../../src/core/arbiter/arbiter.ts';
import type { ArbiterMemory } from '../../../src/core/effects.ts';
import { epoch, incarnation, logIndex, nodeId } from '../../../src/core/ids.ts';
import type { Join } from '../../../src/core/messages.ts';

type Wishes = { life?: string; epoch?: number } & Pick<Partial<Join>, 'url' | 'wants' | 'cluster'>;

function join(id: string, how: Wishes = {}): Join {
  const { life = `${id}#1`, epoch: seen = 0, ...rest } = how;
  return {
    type: 'Join',
    node: nodeId(id),
    url: `http://${id}`,
    incarnation: incarnation(life),
    epoch: epoch(seen),
    lastIndex: logIndex(0),
    ...rest,
  };
}

function arbiter(how: Partial<ArbiterOptions> = {}, memory: ArbiterMemory | null = null): Arbiter {
  return new Arbiter({ size: null, cluster: null, newCluster: null, prefer: null, ...how }, memory);
}

/** An arbiter that has appointed n1 and admitted n2. */
function pair(): Arbiter {
  const of = arbiter();
  of.join(join('n1'));
  of.join(join('n2'));
  return of;
}

describe('Arbiter: roles', () => {
  test('the first to join becomes master of epoch 1, the others follow it', () => {
    const of = arbiter();
    expect(of.announcement).toBeNull();
    expect(of.join(join('n1'))).toMatchObject({
      type: 'JoinedMaster',
      epoch: 1,
      replicas: [{ node: 'n1', url: 'http://n1' }],
    });
    expect(of.join(join('n2'))).toEqual({
      type: 'JoinedSecondary',
      epoch: 1,
      master: { node: 'n1', url: 'http://n1' },
    });
    expect(of.announcement).toMatchObject({
      epoch: 1,
      master: { node: 'n1' },
      replicas: [{ node: 'n1' }, { node: 'n2' }],
    });
  });

  test('C19: the same process that asks again gets the same answer', () => {
    const of = arbiter();
    for (const id of ['n1', 'n2']) {
      const first = of.join(join(id));
      const before = of.memory;
      expect(of.join(join(id, { epoch: 1 }))).toEqual(first);
      expect(of.memory).toEqual(before);
    }
  });

  test('C2: a new life of the master is a new epoch; one of a secondary is not', () => {
    const of = pair();
    expect(of.join(join('n2', { life: 'n2#2', epoch: 1 }))).toMatchObject({ epoch: 1 });
    expect(of.join(join('n1', { life: 'n1#2', epoch: 1 }))).toMatchObject({
      type: 'JoinedMaster',
      epoch: 2,
      replicas: [{ node: 'n1' }, { node: 'n2' }],
    });
  });

  test('the version rises with each change of who is where or of the size, and else never', () => {
    const of = pair();
    const version = (): number => of.announcement!.version;
    const before = version();
    of.join(join('n2', { life: 'n2#2', epoch: 1 }));
    of.join(join('n1', { life: 'n1#2', epoch: 1 }));
    of.resize(null);
    of.leave(nodeId('n9'));
    expect(version()).toBe(before);
    of.join(join('n3'));
    expect(version()).toBe(before + 1);
    of.leave(nodeId('n3'));
    expect(version()).toBe(before + 2);
    of.resize(2);
    expect(version()).toBe(before + 3);
    expect(arbiter({}, of.memory).announcement).toMatchObject({ version: before + 3 });
    const { version: _, ...old } = of.memory;
    expect(arbiter({}, old).announcement).toMatchObject({ version: 0 });
  });

  test('who wants to be a secondary is not made master; who asks later is', () => {
    const of = arbiter();
    const refused = { type: 'Refused', code: 'no-master' };
    expect(of.join(join('n2', { wants: 'secondary' }))).toEqual(refused);
    expect(of.memory.members).toEqual([]);
    expect(of.join(join('n1', { wants: 'master' }))).toMatchObject({ type: 'JoinedMaster' });
    expect(of.join(join('n2', { wants: 'secondary' }))).toMatchObject({ type: 'JoinedSecondary' });
  });

  test('only the preferred node becomes the first master', () => {
    const of = arbiter({ prefer: nodeId('n7') });
    expect(of.join(join('n1'))).toMatchObject({ code: 'no-master' });
    expect(of.join(join('n7'))).toMatchObject({ type: 'JoinedMaster' });
  });

  test('size and cluster go out with the appointment', () => {
    const of = arbiter({ size: 5, cluster: 'c-1' });
    expect(of.join(join('n1'))).toMatchObject({ size: 5, cluster: 'c-1' });
    of.resize(6);
    expect(of.announcement).toMatchObject({ size: 6 });
  });

  test('a restart knows the size still, unless it is given another one', () => {
    const of = arbiter({ size: 5 });
    of.join(join('n1'));
    expect(arbiter({}, of.memory).announcement).toMatchObject({ size: 5 });
    expect(arbiter({ size: 7 }, of.memory).announcement).toMatchObject({ size: 7 });
  });
});

describe('Arbiter: what it may have forgotten', () => {
  test('C2: a stranger that has seen our epoch: we have forgotten it, so a new one begins', () => {
    const of = arbiter();
    of.join(join('n1'));
    expect(of.join(join('n2', { epoch: 1 }))).toMatchObject({ type: 'JoinedSecondary', epoch: 2 });
    expect(of.announcement).toMatchObject({ epoch: 2, master: { node: 'n1' } });
  });

  test('C2: anyone who has seen a higher epoch: ours begins above it', () => {
    const of = pair();
    expect(of.join(join('n2', { epoch: 8 }))).toMatchObject({ epoch: 9 });
  });

  test('says since when its master alone was appointed: not before what it has forgotten', () => {
    const of = pair();
    of.join(join('n2', { epoch: 8 }));
    expect(of.announcement).toMatchObject({ epoch: 9, since: 1 });
    of.join(join('n3', { epoch: 9 }));
    expect(of.announcement).toMatchObject({ epoch: 10, since: 10 });
  });

  test('a stranger of an earlier epoch is simply a new member', () => {
    const of = pair();
    of.join(join('n1', { life: 'n1#2', epoch: 1 }));
    expect(of.join(join('n3', { epoch: 1 }))).toMatchObject({ epoch: 2 });
  });

  test('one who was appointed elsewhere gets an epoch above all it has seen', () => {
    expect(arbiter().join(join('n1', { epoch: 41 }))).toMatchObject({ epoch: 42 });
  });

  test('C19: with its memory it goes on where it was', () => {
    const before = pair();
    const after = arbiter({}, before.memory);
    expect(after.memory).toEqual(before.memory);
    expect(after.announcement).toEqual(before.announcement);
    expect(after.join(join('n1', { life: 'n1#2', epoch: 1 }))).toMatchObject({ epoch: 2 });
  });
});

describe('Arbiter: leaving, and being refused', () => {
  test('who left is announced no more; leaving twice is leaving', () => {
    const of = pair();
    expect(of.leave(nodeId('n2'))).toEqual({ type: 'Left' });
    expect(of.leave(nodeId('n2'))).toEqual({ type: 'Left' });
    expect(of.announcement!.replicas).toEqual([{ node: 'n1', url: 'http://n1' }]);
  });

  test('who left is no stranger: when it joins again, the epoch goes on', () => {
    const of = pair();
    of.leave(nodeId('n2'));
    expect(of.join(join('n2', { epoch: 1 }))).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
    expect(of.join(join('n2', { epoch: 1 }))).toMatchObject({ type: 'JoinedSecondary', epoch: 1 });
  });

  test('the thousand who left last are no strangers, and who left before them is one', () => {
    const of = pair();
    const ids = Array.from({ length: 1_001 }, (_, i) => `s${i}`);
    for (const id of ids) {
      of.join(join(id));
      of.leave(nodeId(id));
    }
    expect(of.join(join('s1', { epoch: 1 }))).toMatchObject({ epoch: 1 });
    expect(of.join(join('s0', { epoch: 1 }))).toMatchObject({ epoch: 2 });
  });

  test('when the master leaves, the next to join is appointed, in a new epoch', () => {
    const of = pair();
    of.leave(nodeId('n1'));
    expect(of.announcement).toBeNull();
    expect(of.join(join('n2', { epoch: 1 }))).toMatchObject({ type: 'JoinedMaster', epoch: 2 });
  });

  test('B45: a node whose folder belongs to another cluster is refused', () => {
    const of = arbiter({ cluster: 'c-1' });
    of.join(join('n1', { cluster: 'c-1' }));
    const before = of.memory;
    const refusal = { type: 'Refused', code: 'wrong-cluster', cluster: 'c-1' };
    expect(of.join(join('n2', { cluster: 'c-2' }))).toEqual(refusal);
    expect(of.memory).toEqual(before);
    expect(of.join(join('n2'))).toMatchObject({ type: 'JoinedSecondary', cluster: 'c-1' });
  });

  test('an arbiter without an identity takes that of the first node that has one', () => {
    const of = arbiter();
    of.join(join('n1', { cluster: 'c-1' }));
    expect(of.clusterId).toBe('c-1');
    expect(of.join(join('n2', { cluster: 'c-2' }))).toMatchObject({ code: 'wrong-cluster' });
  });

  describe('in memory', () => {
    const forgetful = (size: number | null) =>
      arbiter({ size, newCluster: 'new', forgetful: true });

    test('it gives an identity when as many as are configured have come without', () => {
      const of = forgetful(2);
      expect(of.join(join('n1'))).not.toHaveProperty('cluster');
      // Who asks again is no second one.
      expect(of.join(join('n1'))).not.toHaveProperty('cluster');
      expect(of.join(join('n2'))).toMatchObject({ type: 'JoinedSecondary', cluster: 'new' });
      expect(of.announcement).toMatchObject({ cluster: 'new' });
      expect(of.join(join('n3', { cluster: 'c-2' }))).toMatchObject({ code: 'wrong-cluster' });
    });

    test('started again it takes the identity that any of its nodes brings', () => {
      const of = forgetful(3);
      for (const id of ['n1', 'n2']) expect(of.join(join(id))).not.toHaveProperty('cluster');
      expect(of.join(join('n3', { cluster: 'c-1' }))).toMatchObject({ cluster: 'c-1' });
      expect(of.announcement).toMatchObject({ cluster: 'c-1' });
    });

    test('without a configured size it gives none, but takes the first', () => {
      const of = forgetful(null);
      for (const id of ['n1', 'n2']) expect(of.join(join(id))).not.toHaveProperty('cluster');
      expect(of.join(join('n3', { cluster: 'c-1' }))).toMatchObject({ cluster: 'c-1' });
    });

    test('a node that is not let in does not decide which cluster it is', () => {
      const of = forgetful(2);
      const astray = join('n9', { cluster: 'c-2', wants: 'secondary' });
      expect(of.join(astray)).toEqual({ type: 'Refused', code: 'no-master' });
      expect(of.join(join('n1', { cluster: 'c-1' }))).toMatchObject({ cluster: 'c-1' });
      expect(of.join(astray)).toMatchObject({ code: 'wrong-cluster', cluster: 'c-1' });
      // Also while nobody leads: for a master of this cluster it would wait in vain.
      of.leave(nodeId('n1'));
      expect(of.join(astray)).toMatchObject({ code: 'wrong-cluster', cluster: 'c-1' });
    });

    test('a thousand that bring none are remembered, and no more', () => {
      const of = forgetful(1_001);
      for (let i = 0; i < 1_001; i += 1) of.join(join(`s${i}`));
      expect(of.clusterId).toBeNull();
    });
  });

  describe('with an empty folder', () => {
    const forgotten = (size: number | null) => arbiter({ size, newCluster: 'new' });
    const old = (id: string, cluster = 'c-1') => join(id, { cluster, epoch: 3 });
    const WAIT = { type: 'Refused', code: 'no-master' };
    const STRANGER = { type: 'Refused', code: 'wrong-cluster' };

    test('it takes the identity that a majority of the size brings along', () => {
      const of = forgotten(3);
      expect(of.join(old('n2'))).toEqual(WAIT);
      // Who asks again is no second one.
      expect(of.join(old('n2'))).toEqual(WAIT);
      expect(of.clusterId).toBeNull();
      expect(of.join(old('n3'))).toMatchObject({ type: 'JoinedMaster', epoch: 4, cluster: 'c-1' });
      expect(of.join(join('n1'))).toMatchObject({ type: 'JoinedSecondary', cluster: 'c-1' });
      expect(of.join(old('n4', 'c-2'))).toEqual({ ...STRANGER, cluster: 'c-1' });
    });

    test('it is that of a new cluster when a majority has none', () => {
      const of = forgotten(3);
      expect(of.join(join('n1'))).not.toHaveProperty('cluster');
      expect(of.announcement).not.toHaveProperty('cluster');
      expect(of.join(join('n2'))).toMatchObject({ type: 'JoinedSecondary', cluster: 'new' });
      // The master was appointed before: it hears it now.
      expect(of.announcement).toMatchObject({ cluster: 'new' });
    });

    test('B45: a node that an earlier cluster left behind decides nothing', () => {
      const of = forgotten(3);
      expect(of.join(old('n3'))).toEqual(WAIT);
      expect(of.join(join('n1'))).toMatchObject({ type: 'JoinedMaster' });
      expect(of.join(old('n3'))).toEqual(WAIT);
      expect(of.memory.members.map(({ node }) => node)).toEqual(['n1']);
      expect(of.join(join('n2'))).toMatchObject({ cluster: 'new' });
      expect(of.join(old('n3'))).toEqual({ ...STRANGER, cluster: 'new' });
    });

    test('half of the nodes are no majority', () => {
      const of = forgotten(4);
      for (const id of ['n1', 'n2']) expect(of.join(old(id))).toEqual(WAIT);
      for (const id of ['n3', 'n4']) of.join(join(id));
      expect(of.clusterId).toBeNull();
      // All have spoken: nobody will decide for them, and they are told so.
      const told = { ...STRANGER, cluster: 'new' };
      for (const id of ['n1', 'n2']) expect(of.join(old(id))).toEqual(told);
      expect(of.clusterId).toBeNull();
    });

    test('two identities are counted apart, and the word of each node is its last', () => {
      const of = forgotten(3);
      expect(of.join(old('n1', 'c-1'))).toEqual(WAIT);
      expect(of.join(old('n2', 'c-2'))).toEqual(WAIT);
      expect(of.join(old('n2', 'c-1'))).toMatchObject({ cluster: 'c-1' });
    });

    test('the last word counts of each of a thousand, too', () => {
      const of = forgotten(1_999);
      of.join(old('s0', 'c-2'));
      for (let i = 1; i < 1_000; i += 1) of.join(old(`s${i}`));
      expect(of.clusterId).toBeNull();
      of.join(old('s0'));
      expect(of.clusterId).toBe('c-1');
    });

    test('who may not lead has a say in which cluster it is', () => {
      const of = forgotten(3);
      for (const id of ['n2', 'n3']) {
        expect(of.join({ ...old(id), wants: 'secondary' })).toEqual(WAIT);
      }
      expect(of.clusterId).toBe('c-1');
    });

    test('without a configured size it is that of a new cluster', () => {
      const of = forgotten(null);
      expect(of.join(old('n1'))).toEqual({ ...STRANGER, cluster: 'new' });
      expect(of.join(join('n2'))).toMatchObject({ type: 'JoinedMaster', cluster: 'new' });
    });

    test('a thousand strangers are remembered, and no more', () => {
      const of = forgotten(2_001);
      for (let i = 0; i < 1_001; i += 1) of.join(old(`s${i}`));
      expect(of.clusterId).toBeNull();
    });
  });

  test.each([
    { what: 'the same life', url: 'http://other', life: 'n2#1', taken: false },
    { what: 'another life at the same address', url: 'http://n2', life: 'n2#2', taken: false },
    { what: 'another life elsewhere', url: 'http://other', life: 'n2#2', taken: true },
  ])('B44: an id is taken by $what: $taken', ({ url, life, taken }) => {
    const found = pair().takenBy(join('n2', { url, life }));
    expect(found).toEqual(taken ? { url: 'http://n2', incarnation: 'n2#1' } : null);
    expect(pair().takenBy(join('n9', { url, life }))).toBeNull();
  });

  test('B44: a node that comes from another address is still one member', () => {
    const of = pair();
    of.join(join('n2', { url: 'http://moved' }));
    expect(of.announcement!.replicas).toEqual([
      { node: 'n1', url: 'http://n1' },
      { node: 'n2', url: 'http://moved' },
    ]);
  });
});
