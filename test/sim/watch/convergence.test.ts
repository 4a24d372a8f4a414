// The proof that a cluster has come back: what it asks for, and what it shows of the end.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../../src/core/options.ts';
import type { MasterStatus, NodeStatus } from '../../../src/core/status.ts';
import { DamagedLog } from '../../../src/persistence/persistence.ts';
import type { Cluster } from '../../../src/sim/cluster/cluster.ts';
import { Convergence, convergenceMs } from '../../../src/sim/watch/convergence.ts';
import { grown } from '../grown.ts';

const breachesOf = (cluster: Cluster): string[] =>
  cluster.watch.breaches.map(({ sentence }) => sentence.replace(/not within \d+ ms: /, ''));

const statusOf = (cluster: Cluster, id: string): NodeStatus => cluster.site(id).node!.status!;

/** The node says this of itself, whatever it is. */
function says(cluster: Cluster, id: string, change: (status: MasterStatus) => object): void {
  const status = statusOf(cluster, id);
  const value = { ...status, ...change(status as MasterStatus) };
  Object.defineProperty(cluster.site(id).node, 'status', { value });
}

/** Waits for it for two tenths of a second. */
const come = async (cluster: Cluster): Promise<string[]> => {
  await new Convergence(cluster).run(cluster.timeline.now + 200, () => true);
  return breachesOf(cluster);
};

const member = (at: number, more: object) => (status: MasterStatus) => ({
  members: status.members.map((one, i) => (i === at ? { ...one, ...more } : one)),
});

describe('a cluster has come back', () => {
  test('when nothing is missing', async () => {
    expect(await come(await grown())).toEqual([]);
  });

  test.each([
    ['2 masters', 'n2', (status: MasterStatus) => ({ ...status, role: 'master' })],
    ['read-only, it says so', 'n1', () => ({ mode: 'read-only', reason: 'it says so' })],
    ['2 members', 'n1', ({ members }: MasterStatus) => ({ members: members.slice(1) })],
    ['n2 is Suspected', 'n1', member(1, { status: 'Suspected' })],
    ['n2 is behind', 'n1', member(1, { ackedIndex: 0 })],
    ['n2 is in epoch 7', 'n2', () => ({ epoch: 7 })],
    ['n2 has 0', 'n2', () => ({ lastIndex: 0 })],
  ])('unless there are or it says: %s', async (what, id, change) => {
    const cluster = await grown();
    expect(cluster.nodes).toHaveLength(3);
    says(cluster, id, change);
    expect(await come(cluster)).toEqual([what]);
  });

  test('unless one has met damage, and is to be restarted', async () => {
    const cluster = await grown();
    const site = cluster.site('n2');
    site.toldLife = site.host.life;
    expect(await come(cluster)).toEqual(['n2 has met damage']);
  });

  test('unless a member does not get what is written, whatever all say', async () => {
    const cluster = await grown();
    for (const { id } of cluster.nodes) says(cluster, id, (status) => status);
    cluster.network.weather.begin('cut', { kind: 'cut', from: 'n1', to: 'n3' });
    await new Convergence(cluster).run(cluster.timeline.now + 3_000, () => true);
    // What they all say is judged as well.
    expect(new Set(cluster.watch.breaches.map(({ judge }) => judge))).toEqual(
      new Set(['health is honest', 'comes back']),
    );
    expect(breachesOf(cluster).at(-1)).toBe('null');
    const proofs = cluster.history.filter((one) => one.type === 'write');
    expect(proofs.map(({ outcome }) => outcome)).toContain('unknown');
    expect(proofs.map(({ outcome }) => outcome)).not.toContain('ok');
  });
});

describe('the end of a run', () => {
  test('shows every node’s whole log, and every key', async () => {
    const cluster = await grown();
    const convergence = new Convergence(cluster);
    for (let i = 0; i < 4; i += 1) await come(cluster);
    cluster.history.length = 0;
    await convergence.look();
    await convergence.lookUp(['a', 'b']);
    const ids = cluster.nodes.map(({ id }) => id);
    const { lastIndex } = statusOf(cluster, 'n1');
    expect(lastIndex).toBeGreaterThan(8);
    const pages = ids.map((node) => ({
      ...{ type: 'log', node, final: true, from: 1, to: lastIndex, lastIndex },
    }));
    const gets = ids.flatMap((node) => ['a', 'b'].map((key) => ({ type: 'get', node, key })));
    expect(cluster.history).toMatchObject([...pages, ...gets]);
  });

  test('waits for a node that meets damage when it is to show its log', async () => {
    const cluster = await grown();
    const { persistence } = cluster.site('n2').node!.engine!;
    const { read } = persistence;
    let damaged = 1;
    persistence.read = (from, to) => {
      damaged -= 1;
      if (damaged < 0) return read.call(persistence, from, to);
      return Promise.reject(new DamagedLog('log-1.seg', 9, 'a torn record'));
    };
    cluster.history.length = 0;
    await new Convergence(cluster).show(cluster.timeline.now + 5_000, () => true);
    expect(breachesOf(cluster)).toEqual([]);
    const events = cluster.history.flatMap((one) => (one.type === 'node' ? [one.event] : []));
    expect(events.filter((event) => event !== 'role')).toEqual(['stop', 'start']);
    const pages = cluster.history.filter((one) => one.type === 'log');
    expect(pages.map(({ node }) => node).sort()).toEqual(['n1', 'n2', 'n3']);
    expect(cluster.history.at(-1)).toMatchObject({ type: 'log', final: true });
  });

  test('is not shown where the cluster is not whole any more', async () => {
    const cluster = await grown();
    says(cluster, 'n1', () => ({ mode: 'read-only', reason: 'it says so' }));
    cluster.history.length = 0;
    expect(await new Convergence(cluster).look()).toBe(false);
    expect(cluster.history).toEqual([]);
  });

  test('is a breach where a log or a key cannot be read', async () => {
    const cluster = await grown();
    const { engine } = cluster.site('n2').node!;
    engine!.persistence.read = () => Promise.reject(new Error('no such block'));
    const convergence = new Convergence(cluster);
    await convergence.look();
    expect(breachesOf(cluster)).toEqual(['Error: no such block']);
    Object.assign(engine!.folds, { store: { find: () => 1 } });
    await convergence.lookUp(['a']);
    expect(breachesOf(cluster).slice(1)).toEqual(['n2, key a: Error: no such block']);
  });
});

test.each([
  'masterSilenceMs',
  'joinRetryMs',
  'announceRetryMaxMs',
  'suspectedAfterMs',
  'unhealthyAfterMs',
] as const)('a cluster may take the longer to come back, the longer %s is', (name) => {
  const longer = { ...DEFAULT_OPTIONS, [name]: DEFAULT_OPTIONS[name] + 1_000 };
  expect(convergenceMs(longer)).toBeGreaterThanOrEqual(convergenceMs(DEFAULT_OPTIONS) + 1_000);
});

test('docs/reliability.md names the bound', async () => {
  const page = await readFile(new URL('../../../docs/reliability.md', import.meta.url), 'utf8');
  const named = /([\d.]+) s \(`convergenceMs`/.exec(page)?.[1];
  expect(Number(named) * 1_000).toBe(convergenceMs(DEFAULT_OPTIONS));
});

test('the last copy of a Snapshot may just have been sent: the longest gap and its jitter', () => {
  const of = (resendGapsMs: readonly number[], resendJitter: number): number =>
    convergenceMs({ ...DEFAULT_OPTIONS, resendGapsMs, resendJitter });
  expect(of([9_000, 100], 0) - of([100], 0)).toBe(8_900);
  expect(of([9_000, 100], 1) - of([9_000, 100], 0)).toBe(9_000);
});
