// Rule: OperationAck is the answer as soon as the master's persistence and all replicas have
// confirmed, in whatever order they do. A replica that leaves is waited for no longer.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Answer } from '../process/program.ts';
import type { ScriptedSecondary } from './scripted-secondary.ts';
import { quiet, type ScriptedCluster, Stage } from './stage.ts';

/** An answer that has become possible leaves at once: this is for the way to the client. */
const AT_ONCE_MS = 150;

const stage = new Stage();
let cluster: ScriptedCluster;
beforeAll(async () => {
  cluster = await stage.cluster();
});
afterAll(() => stage.release());

/** Insert, and when its answer came. */
function insert(key: string): { answer: Promise<Answer>; answeredAt: Promise<number> } {
  const answer = cluster.master.put(key, 'v');
  return { answer, answeredAt: answer.then(() => performance.now()) };
}

describe('OperationAck', () => {
  test('comes when the last replica has acknowledged, and not before', async () => {
    const [a, b] = (await cluster.members('beating', 'a1', 'b1')) as [
      ScriptedSecondary,
      ScriptedSecondary,
    ];
    const { answer, answeredAt } = insert('k');
    a.acknowledge(await a.snapshot(0));
    const held = await b.snapshot(0);
    await quiet(200);
    const acknowledgedAt = performance.now();
    b.acknowledge(held);
    expect((await answer).status).toBe(200);
    expect((await answer).body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'a1', 'b1'] });
    expect(await answeredAt).toBeGreaterThanOrEqual(acknowledgedAt);
    expect(await answeredAt).toBeLessThan(acknowledgedAt + AT_ONCE_MS);
  });

  test("comes when the master's persistence is the last to confirm", async () => {
    await cluster.member('obedient', 'a2');
    await cluster.master.break({ persist: { delayMs: 300 } });
    try {
      const { body, ms } = await cluster.master.put('k', 'v');
      expect(body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'a2'] });
      expect(ms).toBeGreaterThanOrEqual(300);
      expect(ms).toBeLessThan(300 + AT_ONCE_MS);
    } finally {
      await cluster.master.mend();
    }
  });

  test('needs nobody but the master where it is alone', async () => {
    await cluster.announce();
    const { body, ms } = await cluster.master.put('k', 'v');
    expect(body).toMatchObject({ result: 'OperationAck', acks: ['n1'] });
    expect(ms).toBeLessThan(AT_ONCE_MS);
  });

  test('does not wait for a replica that joined after the operation', async () => {
    const a = await cluster.member('beating', 'a3');
    const { answer } = insert('k');
    const held = await a.snapshot(0);
    const late = await stage.scripted('late', 'silent');
    await cluster.announce(a, late);
    a.acknowledge(held);
    const { body, ms } = await answer;
    expect(body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'a3'] });
    expect(ms).toBeLessThan(1_000);
  });

  test('hands out a value before anyone has persisted it', async () => {
    const a = await cluster.member('beating', 'a4');
    await cluster.master.break({ persist: { stuck: true } });
    const { answer } = insert('early');
    const held = await a.snapshot(0);
    expect(await cluster.master.value('early')).toBe('v');
    await cluster.master.mend();
    a.acknowledge(held);
    expect((await answer).body.result).toBe('OperationAck');
  });
});

describe('a replica that leaves', () => {
  test('waives its acknowledgement: the operation is complete at once', async () => {
    const gone = await cluster.member('beating', 'gone');
    const { answer, answeredAt } = insert('k');
    await gone.snapshot(0);
    const leftAt = performance.now();
    await cluster.announce();
    expect((await answer).body).toMatchObject({ result: 'OperationAck', acks: ['n1'] });
    expect(await answeredAt).toBeLessThan(leftAt + AT_ONCE_MS);
  });

  test('waives it for all operations that wait, and only its own', async () => {
    const both = await cluster.members('beating', 'a5', 'b5');
    const [a, b] = both as [ScriptedSecondary, ScriptedSecondary];
    const first = insert('first');
    const one = await b.snapshot(0);
    const second = insert('second');
    const two = await b.snapshot(1);
    await cluster.announce(b);
    const acknowledgedAt = performance.now();
    b.acknowledge(one);
    b.acknowledge(two);
    for (const { answer, answeredAt } of [first, second]) {
      expect((await answer).body).toMatchObject({ result: 'OperationAck', acks: ['n1', 'b5'] });
      expect(await answeredAt).toBeGreaterThanOrEqual(acknowledgedAt);
    }
    expect(a.lastIndex).toBeLessThan((await first.answer).body.index);
  });

  test('by its own word, when it is told to stop for good, completes it as well', async () => {
    const master = await stage.master();
    const n2 = await stage.join(master, 'n2', '--leave');
    await n2.break({ persist: { stuck: true } });
    const answer = master.put('k', 'v', { timeoutMs: 20_000 });
    await expect.poll(() => n2.value('k'), { interval: 5 }).toBe('v');
    expect((await n2.program.kill('SIGTERM')).code).toBe(0);
    expect((await answer).body).toMatchObject({ result: 'OperationAck', acks: ['n1'] });
  });
});
