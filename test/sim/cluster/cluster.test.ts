import { expect, test } from 'vitest';
import { Chance } from '../../../src/sim/chance.ts';
import { Cluster } from '../../../src/sim/cluster/cluster.ts';
import { ROT_FAULTS } from '../../../src/sim/faults/rot.ts';
import { grown, planOfThree, rot } from '../grown.ts';

const ROT = ROT_FAULTS[0]!;

test('one disk only has bits that turn over where nodes do not mend it', () => {
  const plan = planOfThree();
  const flipped = (salvages: boolean): boolean[] => {
    const shape = { ...plan.shape, salvages };
    const cluster = new Cluster({ plan: { ...plan, shape }, traced: false });
    const end = cluster.flipBits('n1', 'flip', () => null);
    const meanwhile = cluster.flipBits('n2', 'flip', () => null) !== undefined;
    end?.();
    cluster.site('n1').flipped = true;
    const after = cluster.flipBits('n2', 'flip', () => null) !== undefined;
    return [end !== undefined, meanwhile, after];
  };
  expect(flipped(false)).toEqual([true, false, false]);
  expect(flipped(true)).toEqual([true, true, true]);
});

test('what rots may be that of a node that goes on', async () => {
  for (const amount of [0.5, 1]) {
    const cluster = await grown();
    ROT.begin(cluster, { ...rot, amount }, new Chance(7));
    const { flipped, host } = cluster.site('n2');
    expect([flipped, host.up]).toEqual([true, amount === 1]);
    expect(cluster.hits.get('rot')).toBe(1);
    if (host.up) cluster.crash('n2', { power: false, severity: 0 });
    await cluster.timeline.run(cluster.timeline.now + 500);
    // Who starts again is told by the fault that ended it.
    expect(host.up).toBe(amount !== 1);
  }
});

test('who is told to leave may be a member still, until it has left', async () => {
  const cluster = await grown();
  cluster.crash('arbiter', { power: false, severity: 0 });
  cluster.roster.leave('n2', () => {});
  const told = cluster.history.at(-1);
  expect(told).toMatchObject({ type: 'node', node: 'n2', event: 'leave', pending: true });
});

test('more than one disk rots', async () => {
  const cluster = await grown();
  for (const node of ['n2', 'n1']) ROT.begin(cluster, { ...rot, node }, new Chance(7));
  expect(cluster.hits.get('rot')).toBe(2);
  expect(['n1', 'n2', 'n3'].map((id) => cluster.site(id).flipped)).toEqual([true, true, false]);
});

test('damage that nothing has done is a breach, though the node mends it', async () => {
  const cluster = await grown();
  ROT.begin(cluster, rot, new Chance(7));
  await cluster.timeline.run(3_000);
  expect(cluster.hits.get('salvage')).toBe(1);
  expect(cluster.watch.breaches.map(({ judge }) => judge)).toEqual(['no damage by itself']);
});

test.each([[true], [false]])(
  'no arbiter is lost while nodes that it never let in count (nameless: %s)',
  async (nameless) => {
    const cluster = await grown({ nameless, size: 3 });
    expect(cluster.roster.mostRemember()).toBe(true);
    cluster.crash('arbiter', { power: false, severity: 0 });
    for (const size of [4, 5]) {
      cluster.roster.add();
      await cluster.timeline.run(cluster.timeline.now + 200);
      expect(cluster.nodes).toHaveLength(size);
    }
    // Three of five know which cluster it is, and one of those may be lost as well.
    expect(cluster.roster.mostRemember()).toBe(false);
  },
);

test.each([
  ['in memory', false, 'master'],
  ['with an empty disk', true, null],
] as const)(
  'a single node comes to an arbiter in place of a lost one, %s',
  async (_, nameless, role) => {
    const cluster = await grown({ nameless, size: 3 });
    const all = ['arbiter', 'n1', 'n2', 'n3'];
    for (const id of all) cluster.crash(id, { power: false, severity: 0 });
    cluster.wipe('arbiter', 'forget');
    for (const id of ['arbiter', 'n1']) cluster.start(id);
    await cluster.timeline.run(cluster.timeline.now + 1_000);
    expect(cluster.site('n1').node!.status?.role ?? null).toBe(role);
  },
);

test('what a failed write has left is known beyond the end of its process', async () => {
  const cluster = await grown();
  const site = cluster.site('n2');
  const mend = cluster.troubleDisk('n2', 'sync-fails', ({ kind }) =>
    kind === 'write' ? { kind: 'fail', code: 'EIO', leftover: 'half' } : null,
  );
  const master = cluster.nodes.find(({ node }) => node?.status?.role === 'master')!;
  const operations = [{ op: 'append' as const, message: 'm' }];
  const order = { operations, batch: false, at: '2026-01-01T00:00:00.000Z', w: 1 as const };
  master.node!.write(order, () => {});
  await cluster.timeline.run(cluster.timeline.now + 200, () => site.disk!.untidy.size > 0);
  mend();
  const left = [...site.disk!.untidy];
  cluster.crash('n2', { power: false, severity: 0 });
  expect(left.map(([file]) => file)).toEqual([expect.stringMatching(/^log-\d+\.seg$/)]);
  expect([[...site.untidy], site.torn]).toEqual([left, false]);
  cluster.startAfter('n2', 1);
  await cluster.timeline.run(cluster.timeline.now + 200);
  expect([site.host.up, site.untidy.size]).toEqual([true, 0]);
});

test('a node that ends when all is healed may find what a failed write has left', async () => {
  const cluster = await grown();
  const site = cluster.site('n2');
  site.flipped = true;
  cluster.troubleDisk('n2', 'eio', () => null);
  cluster.heal();
  expect([site.torn, site.suffers('eio')]).toEqual([true, false]);
  await cluster.timeline.run(cluster.timeline.now + 1_000);
  expect([site.torn, site.host.up]).toEqual([false, true]);
});

test('who is removed while it is dead is no member until it comes back', async () => {
  const cluster = await grown({ size: 3 });
  const members = (): number | undefined => {
    const [status] = cluster.nodes.flatMap(({ node }) => node?.status ?? []);
    return status?.role === 'master' ? status.members.length : undefined;
  };
  expect([cluster.roster.expel('n3'), cluster.roster.configuredSize]).toEqual([true, 3]);
  await cluster.timeline.run(cluster.timeline.now + 500);
  expect([members(), cluster.roster.configuredSize, cluster.site('n3').left]).toEqual([2, 2, true]);
  // Two are as few as there may be.
  expect(cluster.roster.expel('n2')).toBe(false);
  cluster.start('n3');
  await cluster.timeline.run(cluster.timeline.now + 500);
  expect([members(), cluster.roster.configuredSize]).toEqual([3, 3]);
  const told = cluster.history.flatMap((one) =>
    one.type === 'node' && one.node === 'n3' && one.event !== 'role' ? [one.event] : [],
  );
  expect(told.filter((event) => event !== 'leave')).toEqual(['start', 'crash', 'start', 'join']);
  expect(told.slice(2, 4)).toEqual(['leave', 'leave']);
  const left = cluster.history.filter((one) => one.type === 'node' && one.event === 'leave');
  expect(left[0]).toMatchObject({ node: 'n3', pending: true });
  expect(cluster.watch.breaches).toEqual([]);
});
