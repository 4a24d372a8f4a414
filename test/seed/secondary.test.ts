// Rule: a secondary takes what its replicator sends in the order of the sequence numbers. What it
// knows already it acknowledges and ignores; what comes too early it refuses and forgets. It shows
// a value at once, and acknowledges it when it is persisted, however long that takes.

import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Answer } from '../process/program.ts';
import type { RealNode } from './real-node.ts';
import { put, remove, type ScriptedReplicator } from './scripted-replicator.ts';
import { quiet, type ScriptedFeed, Stage, settled } from './stage.ts';

const stage = new Stage();
let feed: ScriptedFeed | null = null;
let replicator: ScriptedReplicator;
let secondary: RealNode;

/** One process for all tests: each has an epoch of its own, and a log of its own in that epoch. */
beforeEach(async () => {
  feed ??= await stage.feed();
  ({ replicator, secondary } = feed);
  replicator.epoch += 10;
  replicator.session = 100;
});
afterAll(() => stage.release());

/** An operation at a place (from 1) in the log of this test. */
const at = (index: number, key: string, value: string) => put(index, key, value, replicator.epoch);

const acknowledged = (seq: number, lastIndex: number) => ({
  result: 'SnapshotAck',
  session: replicator.session,
  seq,
  lastIndex,
});

function expectAck({ status, body }: Answer, seq: number, lastIndex: number): void {
  expect([status, body]).toEqual([200, acknowledged(seq, lastIndex)]);
}

function expectRefusal({ status, body, headers }: Answer, problem: object): void {
  expect(status).toBe(409);
  expect(headers['content-type']).toContain('application/problem+json');
  expect(body).toMatchObject(problem);
}

describe('the expected seq', () => {
  test('is shown and acknowledged', async () => {
    expectAck(await replicator.snapshot(0, at(1, 'a', '1')), 0, 1);
    expectAck(await replicator.snapshot(1, at(2, 'b', '2')), 1, 2);
    expect(await secondary.state()).toEqual({ a: '1', b: '2' });
  });

  test('may bring several operations, all of which are acknowledged', async () => {
    const operations = [at(1, 'a', '1'), at(2, 'b', '2'), remove(3, 'a', replicator.epoch)];
    expectAck(await replicator.snapshot(0, ...operations), 2, 3);
    expectAck(await replicator.snapshot(3, at(4, 'c', '3')), 3, 4);
    expect(await secondary.state()).toEqual({ b: '2', c: '3' });
  });
});

describe('a lower seq', () => {
  test('is acknowledged with the highest one, and changes nothing', async () => {
    await replicator.snapshot(0, at(1, 'a', 'old'));
    await replicator.snapshot(1, at(2, 'a', 'new'));
    expectAck(await replicator.snapshot(0, at(1, 'a', 'old')), 1, 2);
    expect(await secondary.value('a')).toBe('new');
  });

  test('with another payload is acknowledged, and ignored', async () => {
    await replicator.snapshot(0, at(1, 'a', 'first'));
    expectAck(await replicator.snapshot(0, at(1, 'b', 'other')), 0, 1);
    expectAck(await replicator.snapshot(0, at(2, 'c', 'other')), 0, 1);
    expect(await secondary.state()).toEqual({ a: 'first' });
  });

  test('that reaches beyond what is known counts for the part that is new', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'), at(2, 'b', '2'));
    const partly = [at(2, 'b', 'another'), at(3, 'c', '3'), at(4, 'd', '4')];
    expectAck(await replicator.snapshot(1, ...partly), 3, 4);
    expect(await secondary.state()).toEqual({ a: '1', b: '2', c: '3', d: '4' });
  });
});

describe('a higher seq', () => {
  test('is refused with the one that is expected, and leaves no trace', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    const early = await replicator.snapshot(2, at(3, 'c', '3'));
    expectRefusal(early, { code: 'out-of-order', expected: 1 });
    expect(await secondary.state()).toEqual({ a: '1' });
  });

  test('is forgotten: it has to come again when its turn has come', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    await replicator.snapshot(2, at(3, 'c', '3'));
    expectAck(await replicator.snapshot(1, at(2, 'b', '2')), 1, 2);
    expect(await secondary.state()).toEqual({ a: '1', b: '2' });
    expectAck(await replicator.snapshot(2, at(3, 'c', '3')), 2, 3);
    expect(await secondary.value('c')).toBe('3');
  });

  test('is refused at the start of a session too', async () => {
    const early = await replicator.snapshot(1, at(1, 'a', '1'));
    expectRefusal(early, { code: 'out-of-order', expected: 0 });
    expectAck(await replicator.snapshot(0, at(1, 'a', '1')), 0, 1);
  });

  test('does not begin its session: the one before goes on', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    replicator.session += 1;
    expectRefusal(await replicator.snapshot(1, at(2, 'b', '2')), { code: 'out-of-order' });
    replicator.session -= 1;
    expectAck(await replicator.snapshot(1, at(2, 'b', '2')), 1, 2);
  });
});

describe('G12: while persistence is stuck', () => {
  /** Nothing has been acknowledged in a time in which it easily could have been. */
  async function expectSilence(...answers: Promise<Answer>[]): Promise<void> {
    await quiet(250);
    for (const answer of answers) expect(await settled(answer)).toBeNull();
  }

  test('a value is shown, but neither it nor its resend is acknowledged', async () => {
    await secondary.break({ persist: { stuck: true } });
    const first = replicator.snapshot(0, at(1, 'a', '1'));
    await expect.poll(() => secondary.value('a'), { interval: 5 }).toBe('1');
    const again = replicator.snapshot(0, at(1, 'a', '1'));
    await expectSilence(first, again);
    await secondary.mend();
    for (const answer of [first, again]) expectAck(await answer, 0, 1);
  });

  test('the new part of a Snapshot that is partly old is not acknowledged', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    await secondary.break({ persist: { stuck: true } });
    const partly = replicator.snapshot(0, at(1, 'a', '1'), at(2, 'b', '2'));
    await expect.poll(() => secondary.value('b'), { interval: 5 }).toBe('2');
    await expectSilence(partly);
    await secondary.mend();
    expectAck(await partly, 1, 2);
  });

  test('what was persisted before is acknowledged at once, and nothing beyond it', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    await secondary.break({ persist: { stuck: true } });
    const stuck = replicator.snapshot(1, at(2, 'b', '2'));
    await expect.poll(() => secondary.value('b'), { interval: 5 }).toBe('2');
    expectAck(await replicator.snapshot(0, at(1, 'a', '1')), 0, 1);
    await secondary.mend();
    expectAck(await stuck, 1, 2);
  });

  test('a newer session takes the place of the one that waits', async () => {
    await secondary.break({ persist: { stuck: true } });
    const waiting = replicator.snapshot(0, at(1, 'a', '1'));
    await expect.poll(() => secondary.value('a'), { interval: 5 }).toBe('1');
    replicator.session += 1;
    const next = replicator.snapshot(0, at(1, 'a', '1'));
    expectRefusal(await waiting, { code: 'stale-session', session: replicator.session });
    await expectSilence(next);
    await secondary.mend();
    expectAck(await next, 0, 1);
  });
});

describe('a session', () => {
  test('lower than the current one is refused as stale', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    replicator.session -= 1;
    const stale = await replicator.snapshot(0, at(1, 'a', 'stale'));
    expectRefusal(stale, { code: 'stale-session' });
    expectRefusal(await replicator.snapshot(1, at(2, 'b', '2')), { code: 'stale-session' });
    expect(await secondary.state()).toEqual({ a: '1' });
  });

  test('higher than the current one begins at 0, with what is there already', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'), at(2, 'b', '2'));
    replicator.session += 1;
    expectAck(await replicator.snapshot(0, at(3, 'c', '3')), 0, 3);
    expect(await secondary.state()).toEqual({ a: '1', b: '2', c: '3' });
  });

  test('may bring the whole state once more', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'), at(2, 'b', '2'));
    replicator.session += 1;
    const removal = remove(3, 'a', replicator.epoch);
    const all = [at(1, 'a', '1'), at(2, 'b', '2'), removal, at(4, 'd', '4')];
    expectAck(await replicator.snapshot(0, ...all), 3, 4);
    expect(await secondary.state()).toEqual({ b: '2', d: '4' });
  });

  test('of a higher epoch is newer, whatever its number', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    replicator.epoch += 1;
    replicator.session = 1;
    expectAck(await replicator.snapshot(0, at(2, 'b', '2')), 0, 2);
    expect(await secondary.state()).toEqual({ a: '1', b: '2' });
  });

  test('of a lower epoch is refused with the epoch that counts', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'));
    const { epoch } = replicator;
    replicator.epoch -= 1;
    replicator.session += 1;
    const stale = await replicator.snapshot(0, at(1, 'a', 'stale'));
    expectRefusal(stale, { code: 'stale-epoch', epoch });
    expectRefusal(await replicator.heartbeat(), { code: 'stale-epoch', epoch });
    expect(await secondary.value('a')).toBe('1');
  });
});

describe('a heartbeat', () => {
  test('is answered with node, incarnation, epoch and last index', async () => {
    await replicator.snapshot(0, at(1, 'a', '1'), at(2, 'b', '2'));
    const { status, body } = await replicator.heartbeat();
    expect(status).toBe(200);
    const { epoch } = replicator;
    const incarnation = feed!.arbiter.joins[0]!.body.incarnation;
    expect(body).toMatchObject({ node: 'n2', incarnation, epoch, lastIndex: 2 });
  });
});

describe('G14: reads of a key', () => {
  test('never go backwards, whatever arrives twice, late or too early', async () => {
    const rounds = 30;
    const seen: number[] = [];
    let reading = true;
    const reader = (async () => {
      while (reading) seen.push(Number((await secondary.value('k')) ?? 0));
    })();
    for (let i = 0; i < rounds; i += 1) {
      await Promise.all([
        replicator.snapshot(i, at(i + 1, 'k', `${i + 1}`)),
        replicator.snapshot(Math.max(0, i - 1), at(Math.max(1, i), 'k', `${Math.max(1, i)}`)),
        replicator.snapshot(i + 3, at(i + 4, 'k', `${i + 4}`)),
      ]);
    }
    reading = false;
    await reader;
    seen.push(Number(await secondary.value('k')));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(rounds);
    expect(new Set(seen).size).toBeGreaterThan(3);
  });
});
