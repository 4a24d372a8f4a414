// What a master thinks of its members, and what it does when too few of them are left. The three
// clusters wait for the contract's times side by side.

import { afterAll, describe, expect, test } from 'vitest';
import { Group, type MemberHealth } from './group.ts';
import { LEAPING_CLOCK } from './leaping-clock.ts';
import { Belongings, messages, until } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** Contract, 5, in milliseconds. */
const HEARTBEAT = 500;
const SUSPECTED = 1_500;
const UNHEALTHY = 4_000;
/** From a change to the answer that shows it, on a machine that does other things as well. */
const SLACK = 1_000;

/** The member as soon as the master has said that it takes this status. */
async function turned(group: Group, place: number, to: MemberHealth['status']) {
  await group.status(place, to);
  const member = await group.member(place);
  return member!;
}

describe.concurrent('health', () => {
  test('B53, G6, G7, G9: follows silence, and without a quorum nothing is written', async () => {
    // What the wall clock says must not matter to any of this.
    const group = await Group.start(belongings, { env: LEAPING_CLOCK });
    expect((await group.append('before', 3, { key: 'known' })).body.index).toBe(1);
    const fates = [2, 3].map(async (place) => {
      const suspected = await turned(group, place, 'Suspected');
      return [suspected, await turned(group, place, 'Unhealthy')] as const;
    });
    group.pause(2);
    await group.end(3, 'SIGKILL');
    const late = await group.append('late', 3, { timeoutMs: 300 });
    expect([late.status, late.body.index]).toEqual([504, 2]);
    expect(late.ms).toBeGreaterThanOrEqual(300);
    expect(late.ms).toBeLessThan(300 + SLACK);
    for (const [suspected, unhealthy] of await Promise.all(fates)) {
      expect(suspected.status).toBe('Suspected');
      expect(suspected.lastHeartbeatMs).toBeGreaterThanOrEqual(SUSPECTED);
      expect(suspected.lastHeartbeatMs).toBeLessThan(SUSPECTED + SLACK);
      expect(unhealthy.status).toBe('Unhealthy');
      expect(unhealthy.lastHeartbeatMs).toBeGreaterThanOrEqual(UNHEALTHY);
      expect(unhealthy.lastHeartbeatMs).toBeLessThan(UNHEALTHY + SLACK);
    }

    await until(
      () => group.health(),
      ({ mode }) => mode === 'read-only',
      'n1 is read-only',
    );
    const refused = await group.append('refused', 1);
    expect([refused.status, refused.body.code]).toEqual([503, 'no-quorum']);
    expect(refused.body).toMatchObject({ alive: 1, needed: 2 });
    expect(refused.body.missing.toSorted()).toEqual(['n2', 'n3']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(await messages(group.master)).toEqual(['before', 'late']);
    const known = await group.append('before', 3, { key: 'known' });
    expect([known.status, known.body.index, known.body.duplicate]).toEqual([200, 1, true]);
    expect(await group.health()).toMatchObject({ lastIndex: 2, quorum: { size: 3, alive: 1 } });

    // One is enough for a majority, and nobody has to restart the master.
    const second = turned(group, 2, 'Healthy');
    group.resume(2);
    expect((await second).lastHeartbeatMs).toBeLessThan(HEARTBEAT + SLACK);
    const after = await group.append('after', 2);
    expect([after.status, after.body.index]).toEqual([201, 3]);
    expect(await group.health()).toMatchObject({ mode: 'read-write', reason: null });

    const third = turned(group, 3, 'Healthy');
    await group.start(3);
    await third;
    expect(await group.caughtUp()).toBe(3);
    for (const url of group.urls) {
      expect(await messages(url)).toEqual(['before', 'late', 'after']);
    }
  });

  test('B54, G9: a master that was paused judges nobody before it has asked', async () => {
    const group = await Group.start(belongings);
    const { lines } = group.program(1);
    const before = lines.length;
    const third = group.status(3, 'Suspected');
    group.pause(1);
    await group.end(3, 'SIGKILL');
    const pausedAt = performance.now();
    await until(
      async () => performance.now() - pausedAt,
      (ms) => ms > UNHEALTHY + HEARTBEAT,
      'the pause was long enough to make everyone look dead',
    );
    const resumedAt = performance.now();
    group.resume(1);
    // The dead one is noticed, but only after it has been silent to a master that was awake.
    await third;
    expect(performance.now() - resumedAt).toBeGreaterThan(HEARTBEAT);
    const statuses = lines.slice(before).filter(({ event }) => event === 'status');
    expect(statuses).toEqual([expect.objectContaining({ node: 'n3', to: 'Suspected' })]);
    expect((await group.append('still the master', 2)).status).toBe(201);
  });

  test('B56: a member that answers heartbeats but refuses Snapshots is Suspected', async () => {
    const group = await Group.start(belongings);
    await group.breaks(2, { errorBefore: 1 });
    const suspected = turned(group, 2, 'Suspected');
    const startedAt = performance.now();
    expect((await group.append('refused by n2', 2)).body.acks).toEqual(['n1', 'n3']);
    const member = await suspected;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(UNHEALTHY);
    expect(performance.now() - startedAt).toBeLessThan(UNHEALTHY + SLACK);
    expect(member.lastHeartbeatMs).toBeLessThan(SUSPECTED);
    expect(member).toMatchObject({ status: 'Suspected', lagEntries: 1, ackedIndex: 0 });
    expect(member.lastError).toContain('500');

    const healthy = turned(group, 2, 'Healthy');
    await group.heals(2);
    expect(await healthy).toMatchObject({ lagEntries: 0, ackedIndex: 1 });
    expect((await group.member(2))?.lastError).toBeNull();
  });
});
