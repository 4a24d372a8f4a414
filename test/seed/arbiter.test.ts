// Rule: a node that starts asks the arbiter to join, and nothing else. The first to join becomes
// master, those after it secondaries; after each change the master is told the whole set.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call, freePorts } from '../process/program.ts';
import type { RealNode } from './real-node.ts';
import type { Arrived, ScriptedPeer } from './scripted-peer.ts';
import type { ScriptedSecondary } from './scripted-secondary.ts';
import { Stage } from './stage.ts';

const stage = new Stage();
afterAll(() => stage.release());

const join = (arbiter: string, node: string, url: string, more: object = {}): Promise<Answer> =>
  call('POST', `${arbiter}/arbiter/join`, {
    node,
    url,
    incarnation: `${node}-1`,
    epoch: 0,
    lastIndex: 0,
    ...more,
  });

describe('replog arbiter', () => {
  let arbiter: string;
  let n1: ScriptedPeer;
  const nowhere = 'http://127.0.0.1:9';
  beforeAll(async () => {
    const folder = await stage.folder();
    const program = stage.program(['arbiter', '--json', '--port', '0', '--data-dir', folder]);
    arbiter = (await program.event('listening')).url!;
    n1 = await stage.peer(({ answer }) => answer(200, {}));
  });

  /** The latest set that the master was told, once it is of this size. */
  async function told(size: number): Promise<Arrived['body']> {
    const fits = (body: Arrived['body']): boolean => body.replicas.length === size;
    return (await n1.next('/replica/replicas', fits)).body;
  }

  test('makes the first node the master, and tells it that it is alone', async () => {
    const { status, body } = await join(arbiter, 'n1', n1.url);
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: 'JoinedMaster', epoch: expect.any(Number) });
    expect(body.epoch).toBeGreaterThanOrEqual(1);
    expect(await told(1)).toMatchObject({
      epoch: body.epoch,
      replicas: [{ node: 'n1', url: n1.url }],
    });
  });

  test('gives the same answer to the same Join', async () => {
    const again = await join(arbiter, 'n1', n1.url);
    expect(again.body).toMatchObject({ result: 'JoinedMaster', epoch: (await told(1)).epoch });
  });

  test('makes the next ones secondaries, and tells the master the whole set', async () => {
    const { epoch } = await told(1);
    const secondary = { result: 'JoinedSecondary', epoch, master: { node: 'n1', url: n1.url } };
    expect((await join(arbiter, 'n2', nowhere)).body).toMatchObject(secondary);
    expect((await told(2)).replicas.map(({ node }: { node: string }) => node)).toEqual([
      'n1',
      'n2',
    ]);
    expect((await join(arbiter, 'n3', nowhere)).body).toMatchObject(secondary);
    expect((await told(3)).replicas).toEqual([
      { node: 'n1', url: n1.url },
      { node: 'n2', url: nowhere },
      { node: 'n3', url: nowhere },
    ]);
    expect((await join(arbiter, 'n2', nowhere)).body).toMatchObject(secondary);
  });

  test('tells the master the set without a node that leaves', async () => {
    const before = n1.at('/replica/replicas').length;
    const { status } = await call('POST', `${arbiter}/arbiter/leave`, { node: 'n2' });
    expect(status).toBe(200);
    const without = (body: Arrived['body']): boolean =>
      body.replicas.map(({ node }: { node: string }) => node).join() === 'n1,n3';
    await n1.next('/replica/replicas', without);
    expect(n1.at('/replica/replicas').length).toBeGreaterThan(before);
  });

  test('repeats the announcement until the master has taken note', async () => {
    n1.arrived.length = 0;
    n1.script = ({ answer }) => answer(500, {});
    await join(arbiter, 'n4', nowhere);
    await n1.next('/replica/replicas', () => true, 3);
    n1.script = ({ answer }) => answer(200, {});
    expect((await told(3)).replicas).toHaveLength(3);
  });

  test('refuses what is no Join', async () => {
    expect((await join(arbiter, 'N 5', nowhere)).status).toBe(400);
    expect((await join(arbiter, 'n5', nowhere, { epoch: '0' })).status).toBe(400);
  });
});

describe('an arbiter with a data folder', () => {
  test('remembers its members, and opens a new epoch for a master that restarts', async () => {
    const args = ['arbiter', '--json', '--port', '0', '--data-dir', await stage.folder()];
    const n1 = await stage.peer(({ answer }) => answer(200, {}));
    const first = stage.program(args);
    const { url } = await first.event('listening');
    const { body } = await join(url!, 'n1', n1.url);
    await join(url!, 'n2', 'http://127.0.0.1:9');
    await first.kill('SIGKILL');
    const second = stage.program(args);
    const again = (await second.event('listening')).url!;
    n1.arrived.length = 0;
    const appointed = await join(again, 'n1', n1.url, { incarnation: 'n1-2', epoch: body.epoch });
    expect(appointed.body.result).toBe('JoinedMaster');
    expect(appointed.body.epoch).toBeGreaterThan(body.epoch);
    const { body: told } = await n1.next('/replica/replicas');
    expect(told.replicas.map(({ node }: { node: string }) => node)).toEqual(['n1', 'n2']);
  });
});

describe('the arbiter in a master', () => {
  let master: RealNode;
  let n2: ScriptedSecondary;
  beforeAll(async () => {
    master = await stage.master();
    n2 = await stage.scripted('n2', 'obedient');
  });

  test('makes every node that joins a secondary of this master', async () => {
    const { epoch } = (await master.health()).body;
    const { status, body } = await join(master.url, 'n2', n2.url);
    expect(status).toBe(200);
    const role = { result: 'JoinedSecondary', epoch, master: { node: 'n1', url: master.url } };
    expect(body).toMatchObject(role);
    expect((await join(master.url, 'n2', n2.url)).body).toMatchObject(role);
  });

  test('has the node replicated to, and waited for', async () => {
    const { body } = await master.put('k', 'v');
    expect(body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'n2'] });
    expect((await n2.operation(body.index)).body.updates.at(-1)).toMatchObject({ key: 'k' });
    expect(new Set(n2.snapshots.map((snapshot) => snapshot.body.session)).size).toBe(1);
  });

  test('lets the node go when it leaves', async () => {
    await stage.leave(master.url, 'n2');
    expect((await master.put('k', 'w')).body).toMatchObject({ acks: ['n1'] });
    expect((await master.health()).body.members).toHaveLength(1);
  });

  test('takes it in again without disturbing anybody: the epoch goes on', async () => {
    const { epoch } = (await master.health()).body;
    await stage.leave(master.url, 'n2');
    const patient = call('POST', `${master.url}/messages`, { message: 'm', w: 2 });
    const again = await join(master.url, 'n2', n2.url, { epoch });
    expect(again.body).toMatchObject({ result: 'JoinedSecondary', epoch });
    expect((await patient).body.acks).toEqual(['n1', 'n2']);
  });
});

describe.concurrent('a node that starts', () => {
  test('sends Join, and only that, until it is answered', async () => {
    const port = await freePorts(1);
    const node = await stage.node('node', 'n7', '--join', `http://127.0.0.1:${port}`);
    // Nobody listens at first; then somebody who only makes excuses.
    expect((await call('GET', `${node.url}/readyz`)).status).toBe(503);
    const arbiter = await stage.peer(({ answer }) => answer(500, {}), port);
    await arbiter.next('/arbiter/join', () => true, 3);
    expect((await node.health()).body.role).toBeNull();
    arbiter.script = ({ answer }) => answer(200, { result: 'JoinedMaster', epoch: 5 });
    await node.healthy(({ role, mode }) => role === 'master' && mode === 'read-write', 'is master');
    expect(new Set(arbiter.arrived.map(({ path }) => path))).toEqual(new Set(['/arbiter/join']));
    const [{ body: first }] = arbiter.arrived as [Arrived];
    expect(first).toMatchObject({ node: 'n7', url: node.url, epoch: 0, lastIndex: 0 });
    expect(first.incarnation).toMatch(/^.{1,64}$/);
    for (const { body } of arbiter.arrived) expect(body).toEqual(first);
    expect((await node.health()).body.epoch).toBe(5);
  });

  test('serves as a cluster of one when it is master and is never told the set', async () => {
    const { master } = await stage.cluster();
    const { status, body } = await master.put('k', 'v');
    expect(status).toBe(200);
    expect(body).toMatchObject({ result: 'OperationAck', acks: ['n1'] });
    const append = await call('POST', `${master.url}/messages`, { message: 'm', w: 'majority' });
    expect(append.body).toMatchObject({ index: 2, acks: ['n1'] });
    const patient = await call('POST', `${master.url}/messages`, {
      message: 'm',
      w: 2,
      timeoutMs: 50,
    });
    expect(patient.body).toMatchObject({ code: 'write-concern-timeout', acks: ['n1'] });
  });

  test('is what it is told to be: a secondary serves reads and points to its master', async () => {
    const { secondary, arbiter, replicator } = await stage.feed();
    const { role, master } = (await secondary.health()).body;
    expect([role, master]).toEqual(['secondary', { node: 'n1', url: 'http://127.0.0.1:9' }]);
    expect((await secondary.put('k', 'v')).status).toBe(307);
    expect(arbiter.peer.arrived.map(({ path }) => path)).toEqual(['/arbiter/join']);

    // 5 s without a master, counted from the last time it was heard, and it asks again.
    await replicator.heartbeat();
    const heardAt = performance.now();
    const again = await arbiter.peer.next('/arbiter/join', () => true, 2);
    expect(again.at - heardAt).toBeGreaterThanOrEqual(5_000 - 50);
    expect(again.at - heardAt).toBeLessThan(5_500);
    expect(again.body.incarnation).toBe(arbiter.joins[0]!.body.incarnation);
    expect((await secondary.health()).body.role).toBe('secondary');
  });
});
