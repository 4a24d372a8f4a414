// Rule: persistence may fail, lose requests or answer late. A Persist is repeated every 100 ms
// until it is confirmed; that is why a few that are lost cost no operation its second.

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../process/program.ts';
import type { RealNode } from './real-node.ts';
import { put } from './scripted-replicator.ts';
import { Stage } from './stage.ts';

const stage = new Stage();
let master: RealNode;
let secondary: RealNode;
beforeAll(async () => {
  master = await stage.master();
  secondary = await stage.join(master, 'n2');
});
afterEach(async () => {
  await Promise.all([master.mend(), secondary.mend()]);
});
afterAll(() => stage.release());

const ALL = ['n1', 'n2'];

describe.each([
  ['on the master', () => [master]],
  ['on a secondary', () => [secondary]],
  ['on both', () => [master, secondary]],
] as const)('%s', (_where, nodes) => {
  const breakAll = (persist: object): Promise<unknown> =>
    Promise.all(nodes().map((node) => node.break({ persist })));

  test.each([1, 3])('%i lost requests are made good within the second', async (swallow) => {
    await breakAll({ swallow });
    const { body, ms } = await master.put('k', 'v');
    expect(body).toMatchObject({ result: 'OperationAck', acks: ALL });
    expect(ms).toBeGreaterThanOrEqual(swallow * 100);
    expect(ms).toBeLessThan(1_000);
  });

  test('a request that fails now and then is repeated until it does not', async () => {
    await breakAll({ fail: 0.3 });
    for (let round = 0; round < 3; round += 1) {
      expect((await master.put('k', `${round}`)).body).toMatchObject({ result: 'OperationAck' });
    }
  });

  test('one that is late is waited for', async () => {
    await breakAll({ delayMs: 250 });
    const { body, ms } = await master.put('k', 'v');
    expect(body).toMatchObject({ result: 'OperationAck', acks: ALL });
    expect(ms).toBeGreaterThanOrEqual(250);
  });

  test('one that is stuck goes through when that is lifted', async () => {
    await breakAll({ stuck: true });
    const answer = master.put('lifted', 'v', { timeoutMs: 5_000 });
    await expect.poll(() => master.value('lifted'), { interval: 5 }).toBe('v');
    await expect.poll(() => nodes()[0]!.persistHits(), { interval: 20 }).toBeGreaterThanOrEqual(3);
    await Promise.all(nodes().map((node) => node.mend()));
    expect((await answer).body).toMatchObject({ result: 'OperationAck', acks: ALL });
  });
});

describe('a Persist', () => {
  test('on the master is asked for every 100 ms', async () => {
    await master.break({ persist: { fail: 1 } });
    const { body } = await master.put('k', 'v', { w: 1 });
    expect(body.result).toBe('OperationFailed');
    const hits = await master.persistHits();
    expect(hits).toBeGreaterThanOrEqual(9);
    expect(hits).toBeLessThanOrEqual(12);
  });

  test('on a secondary is asked for every 100 ms, for as long as it takes', async () => {
    const { secondary: n2, replicator } = await stage.feed();
    await n2.break({ persist: { fail: 1 } });
    const startedAt = performance.now();
    const answer = replicator.snapshot(0, put(1, 'k', 'v'));
    // Longer than any client waits.
    await expect
      .poll(() => n2.persistHits(), { interval: 20, timeout: 5_000 })
      .toBeGreaterThanOrEqual(15);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_400);
    await n2.mend();
    expect((await answer).body).toMatchObject({ result: 'SnapshotAck', seq: 0, lastIndex: 1 });
  });

  test('that fails on the master leaves the operation in the log, to count later', async () => {
    await master.break({ persist: { fail: 1 } });
    const failed = await master.put('later', 'v', { timeoutMs: 200 });
    expect(failed.body).toMatchObject({ result: 'OperationFailed', acks: ['n2'] });
    expect(await master.value('later')).toBe('v');
    await master.mend();
    const { body } = await call('POST', `${master.url}/messages`, { message: 'm', w: 'all' });
    expect(body).toMatchObject({ index: failed.body.index + 1, acks: ALL });
  });
});
