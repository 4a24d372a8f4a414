// Rule: the master has one replicator for each secondary. It numbers what it sends, from 0 in each
// session and without holes, and sends it again, at growing gaps, until it is acknowledged.

import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../process/program.ts';
import type { ScriptedSecondary } from './scripted-secondary.ts';
import { sequence } from './sequence.ts';
import { quiet, type ScriptedCluster, Stage } from './stage.ts';

const stage = new Stage();
let cluster: ScriptedCluster;
beforeAll(async () => {
  cluster = await stage.cluster();
});
afterAll(() => stage.release());

const put = (key = 'k', more: object = {}): Promise<Answer> =>
  cluster.master.put(key, `value of ${key}`, more);

describe('the sequence', () => {
  test('begins at 0 and has no hole, catch-up and live operations together', async () => {
    await cluster.announce();
    await Promise.all(Array.from({ length: 20 }, (_, i) => put(`early-${i}`)));
    const n2 = await stage.scripted('joining', 'obedient');
    await cluster.announce(n2);
    await Promise.all(Array.from({ length: 20 }, (_, i) => put(`live-${i}`)));
    const { body } = await put('last');
    const all = Array.from({ length: body.index }, (_, i): [number, number] => [i, i + 1]);
    expect(sequence(n2.snapshots)).toEqual(all);
    expect(new Set(n2.snapshots.map((snapshot) => snapshot.body.session)).size).toBe(1);
  });

  test('is one of its own for each secondary', async () => {
    const [a, b] = (await cluster.members('obedient', 'a', 'b')) as [
      ScriptedSecondary,
      ScriptedSecondary,
    ];
    const answers = [await put(), await put()];
    const indexes = answers.map(({ body }) => body.index);
    for (const { snapshots } of [a, b]) {
      const sent = sequence(snapshots);
      expect(sent.map(([, index]) => index)).toEqual(indexes);
      expect(sent[1]![0]).toBe(sent[0]![0] + 1);
    }
  });
});

describe('an operation', () => {
  test('is sent within 50 ms', async () => {
    const n2 = await cluster.member('obedient', 'prompt');
    await put();
    for (let round = 0; round < 10; round += 1) {
      const asked = performance.now();
      const { body } = await put();
      expect((await n2.operation(body.index)).at - asked).toBeLessThan(50);
    }
  });

  test('is sent within 50 ms, also while an earlier one is unacknowledged', async () => {
    const n2 = await cluster.member('beating', 'prompt-behind');
    for (let round = 0; round < 10; round += 1) {
      const asked = performance.now();
      const { body } = await put('k', { w: 1 });
      expect((await n2.operation(body.index)).at - asked).toBeLessThan(50);
    }
  });
});

describe('without an acknowledgement', () => {
  const GAPS_MS = [100, 100, 200, 400, 800, 1_600];
  const JITTER = 0.1;
  /** For two processes to be scheduled: a copy may be late, and so a gap longer or shorter. */
  const SLACK_MS = 25;

  /** How late this process is itself, in nanoseconds: while the machine stands still for it, it
   * does so for the master, too. */
  const delays = monitorEventLoopDelay({ resolution: 5 });
  const LATE_MS_MAX = 75;

  let members: ScriptedSecondary[];
  beforeAll(async () => {
    members = await cluster.members('beating', 'pending', 'refused', 'absent');
    delays.enable();
    const [, refused, absent] = members as [unknown, ScriptedSecondary, ScriptedSecondary];
    const beat = refused.peer.script;
    refused.peer.script = (request) =>
      request.path === '/replica/snapshot' ? request.answer(500, {}) : beat(request);
    absent.manner = 'silent';
    await put('k', { w: 1 });
  });

  test('one copy for each gap, and the same copy, whatever became of the one before', async () => {
    await Promise.all(members.map((n2) => n2.snapshot(0, GAPS_MS.length + 1)));
    delays.disable();
    const slack = SLACK_MS + Math.min(delays.max / 1e6, LATE_MS_MAX);
    for (const n2 of members) {
      const first = await n2.snapshot(0);
      const copies = n2.snapshots;
      expect(copies.filter(({ at }) => at < first.at + 80)).toHaveLength(1);
      const gaps = copies.slice(1).map(({ at }, i) => at - copies[i]!.at);
      for (const [i, gap] of gaps.entries()) {
        expect(gap).toBeGreaterThanOrEqual(GAPS_MS[i]! * (1 - JITTER) - slack);
        expect(gap).toBeLessThanOrEqual(GAPS_MS[i]! * (1 + JITTER) + slack);
      }
      for (const { body } of copies) {
        const { session, seq, updates } = first.body;
        expect(body).toMatchObject({ session, seq, updates });
      }
    }
  });

  test('B48: nothing but heartbeats after 4 s of silence; the first answer wakes it', async () => {
    const absent = members[2]!;
    await cluster.master.healthy((body) => body.members[3].status === 'Unhealthy', 'has given up');
    const copies = absent.snapshots.length;
    const beats = absent.heartbeats.length;
    await put('later', { w: 1 });
    // The second heartbeat from now: half a second at least, in which the operation was due.
    await absent.peer.next('/replica/heartbeat', () => true, beats + 2);
    expect(absent.snapshots).toHaveLength(copies);
    absent.manner = 'obedient';
    const beat = await absent.peer.next('/replica/heartbeat', () => true, beats + 3);
    const woken = await absent.snapshot(0, copies + 1);
    expect(woken.at - beat.at).toBeLessThan(50);
    expect((await absent.snapshot(1)).at - beat.at).toBeLessThan(100);
    await cluster.master.healthy((body) => body.members[3].status === 'Healthy', 'is back');
  });

  test('the first copy is alone for 80 ms, even with operations behind it', async () => {
    const n2 = await cluster.member('beating', 'flooded');
    const alone = put('flood-0', { w: 1 });
    // Its arrival is what the 80 ms count from: this process has nothing else to do then.
    const first = await n2.snapshot(0);
    const behind = Array.from({ length: 29 }, (_, i) => put(`flood-${i + 1}`, { w: 1 }));
    await Promise.all([alone, ...behind]);
    await n2.snapshot(0, 2);
    const sent = n2.snapshots.filter(({ at }) => at < first.at + 80);
    const seqs = sent.flatMap(({ body }) =>
      body.updates.map((_: unknown, i: number) => body.seq + i),
    );
    expect(seqs).toEqual([...new Set(seqs)]);
  });
});

describe('an acknowledgement', () => {
  test('ends the copies: nothing more is sent, and no timer is left', async () => {
    const n2 = await cluster.member('beating', 'acked');
    const answers = [put('same')];
    await n2.snapshot(0);
    answers.push(put('same'));
    const second = await n2.snapshot(1);
    n2.acknowledge(await n2.snapshot(0, 3));
    n2.acknowledge(second);
    for (const answer of answers) expect((await answer).body.result).toBe('OperationAck');
    const before = n2.snapshots.length;
    // The next copy would have come after 200 ms.
    await quiet(500);
    expect(n2.snapshots).toHaveLength(before);
  });

  test('counts, even if it is a late answer to an earlier copy', async () => {
    const n2 = await cluster.member('beating', 'late');
    const answer = put();
    const [first] = [await n2.snapshot(0), await n2.snapshot(0, 3)];
    n2.acknowledge(first!);
    expect((await answer).body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'late'] });
  });

  test('lets what was held up behind it go', async () => {
    const n2 = await cluster.member('beating', 'behind');
    const answers = [put('a')];
    const first = await n2.snapshot(0);
    answers.push(put('b'));
    const second = await n2.snapshot(1);
    n2.acknowledge(first);
    n2.acknowledge(second);
    for (const answer of answers) expect((await answer).body.result).toBe('OperationAck');
  });

  test('counts once for each secondary, however often it comes', async () => {
    const [twice] = (await cluster.members('beating', 'twice', 'never')) as [ScriptedSecondary];
    const answer = put('k', { timeoutMs: 400 });
    const copies = [await twice.snapshot(0), await twice.snapshot(0, 2)];
    for (const copy of copies) twice.acknowledge(copy);
    expect((await answer).body).toMatchObject({ result: 'OperationFailed', acks: ['n1', 'twice'] });
  });

  test('of what was never sent counts for nothing', async () => {
    const n2 = await cluster.member('beating', 'boaster');
    const answer = put('k', { timeoutMs: 400 });
    const { body, answer: say } = await n2.snapshot(0);
    say(200, { result: 'SnapshotAck', session: body.session, seq: 5, lastIndex: 99 });
    expect((await answer).body).toMatchObject({ result: 'OperationFailed', acks: ['n1'] });
  });

  test('from an earlier session counts for nothing', async () => {
    const n2 = await cluster.member('beating', 'elder');
    const answer = put('k', { timeoutMs: 400 });
    const { body, answer: say } = await n2.snapshot(0);
    say(200, { result: 'SnapshotAck', session: body.session - 1, seq: 0, lastIndex: 99 });
    expect((await answer).body).toMatchObject({ result: 'OperationFailed', acks: ['n1'] });
  });
});

describe('an out-of-order answer', () => {
  test('lets the expected one go at once', async () => {
    const n2 = await cluster.member('beating', 'gap');
    void put('a', { w: 1 });
    const first = await n2.snapshot(0);
    void put('b', { w: 1 });
    n2.refuse(await n2.snapshot(1), 0);
    const again = await n2.snapshot(0, 2);
    expect(again.at - first.at).toBeLessThan(85);
    expect(again.body.updates).toEqual(first.body.updates);
  });

  test('that crossed an acknowledgement changes nothing', async () => {
    const n2 = await cluster.member('beating', 'crossed');
    const answers = [put('a')];
    const first = await n2.snapshot(0);
    answers.push(put('b'));
    const second = await n2.snapshot(1);
    n2.acknowledge(first);
    expect((await answers[0]!).body.result).toBe('OperationAck');
    n2.refuse(second, 0);
    n2.acknowledge(await n2.snapshot(1, 2));
    expect((await answers[1]!).body.result).toBe('OperationAck');
    expect(new Set(n2.snapshots.map(({ body }) => body.session)).size).toBe(1);
  });
});
