// Rule: a replicator lives as long as its secondary is in the set, and as long as that is the same
// process. Each life is a session, above all those before it. One that is over sends nothing more.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call } from '../process/program.ts';
import type { Arrived } from './scripted-peer.ts';
import { fold, sequence } from './sequence.ts';
import { quiet, type ScriptedCluster, Stage } from './stage.ts';

const stage = new Stage();
let cluster: ScriptedCluster;
beforeAll(async () => {
  cluster = await stage.cluster();
});
afterAll(() => stage.release());

const put = (key = 'k', more: object = {}): Promise<Answer> =>
  cluster.master.put(key, `value of ${key}`, more);

describe('the set', () => {
  test('announced again unchanged changes nothing', async () => {
    const n2 = await cluster.member('obedient', 'same-set');
    await put();
    await cluster.announce(n2);
    await put();
    const [first, second] = sequence(n2.snapshots).map(([seq]) => seq);
    expect(second).toBe(first! + 1);
    expect(new Set(n2.snapshots.map(({ body }) => body.session)).size).toBe(1);
  });

  test('without a node means that it is sent nothing more', async () => {
    const n2 = await cluster.member('beating', 'removed');
    void put('k', { w: 1 });
    await n2.snapshot(0, 2);
    await cluster.announce();
    const before = n2.peer.arrived.length;
    await put('later');
    // A copy would have been due after 200 ms, a heartbeat after 500.
    await quiet(700);
    expect(n2.peer.arrived).toHaveLength(before);
  });

  test('with a node that had left is a new session for it, above the one before', async () => {
    const n2 = await cluster.member('obedient', 'back');
    await put('a');
    await cluster.announce();
    const { body } = await put('b');
    await cluster.announce(n2);
    const caughtUp = await n2.operation(body.index);
    expect(caughtUp.body.session).toBeGreaterThan(n2.snapshots[0]!.body.session);
    expect(caughtUp.body.seq).toBe(0);
  });
});

describe('another incarnation in the answer to a heartbeat', () => {
  test('is a rejoin, though the set is the same: the whole state, in a new session', async () => {
    await cluster.announce();
    await put('old');
    const n2 = await cluster.member('obedient', 'reborn');
    await put('kept');
    await cluster.master.remove('old');
    const [before] = n2.snapshots;
    n2.incarnation = 'reborn-2';
    n2.lastIndex = 0;
    const { body } = await n2.peer.next(
      '/replica/snapshot',
      ({ session }) => session > before!.body.session,
    );
    expect([body.seq, body.updates[0].index]).toEqual([0, 1]);
    const { index } = (await put('after')).body;
    const latest = n2.snapshots.filter((snapshot) => snapshot.body.session === body.session);
    const all = Array.from({ length: index }, (_, i): [number, number] => [i, i + 1]);
    expect(sequence(latest)).toEqual(all);
    const state = fold(latest);
    expect(state).toEqual(await cluster.master.state());
    expect(state).toHaveProperty('kept');
    expect(state).not.toHaveProperty('old');
  });
});

describe('a master that restarts', () => {
  test('begins above all its earlier sessions, with the members it had', async () => {
    const args = ['--data-dir', await stage.folder()];
    const before = await stage.master(...args);
    const n2 = await stage.scripted('n2', 'obedient');
    const join = { node: 'n2', url: n2.url, incarnation: 'n2-1', epoch: 0, lastIndex: 0 };
    await call('POST', `${before.url}/arbiter/join`, join);
    const first = await n2.operation((await before.put('a', '1')).body.index);
    await before.program.kill('SIGKILL');
    n2.begin('obedient');
    const after = await stage.master(...args);
    const { body } = await after.put('b', '2');
    expect(body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'n2'] });
    const [again] = n2.snapshots as [Arrived];
    expect(again.body.seq).toBe(0);
    expect(again.body.epoch).toBeGreaterThan(first.body.epoch);
    expect(again.body.session).toBeGreaterThan(first.body.session);
    expect(await after.state()).toEqual({ a: '1', b: '2' });
  });

  test('begins above them also where it remembers nothing, the epoch included', async () => {
    const n2 = await stage.scripted('n2', 'obedient');
    const join = { node: 'n2', url: n2.url, incarnation: 'n2-1', epoch: 0, lastIndex: 0 };
    const sessions: number[] = [];
    for (const value of ['1', '2']) {
      n2.begin('obedient');
      n2.lastIndex = 0;
      const master = await stage.master();
      await call('POST', `${master.url}/arbiter/join`, join);
      const { body } = await n2.operation((await master.put('a', value)).body.index);
      expect([body.epoch, body.seq]).toEqual([1, 0]);
      sessions.push(body.session);
      await master.program.kill('SIGKILL');
    }
    expect(sessions[1]).toBeGreaterThan(sessions[0]!);
  });
});
