// Rule: a replica that joins again ends with exactly the master's state, removed keys included,
// whether its memory survived or not. One message in ten is lost on the way to each secondary, and
// every other Persist anywhere.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../process/program.ts';
import type { RealNode } from './real-node.ts';
import { type ScriptedCluster, Stage } from './stage.ts';
import { randomFrom, Traffic } from './traffic.ts';

const LOSS = { dropRequest: 0.05, dropReply: 0.05, persist: { swallow: 1 } };
const CLIENTS = 40;

/** In the usual second there are five copies of a Snapshot. All of them are lost once in 100,000
 * times, and there are thousands: a write that is to succeed for certain must have more. */
const PATIENT = { timeoutMs: 5_000 };

const stage = new Stage();
let cluster: ScriptedCluster;
let n2: RealNode;
let n3: RealNode;
let round = 0;

beforeAll(async () => {
  cluster = await stage.cluster();
  const { arbiter, master } = cluster;
  arbiter.role = ({ node }) =>
    node === 'n1' ? arbiter.joinedMaster() : arbiter.joinedSecondary(master);
  await master.break({ persist: LOSS.persist });
  n3 = await lossy('n3');
});
afterAll(() => stage.release());

async function lossy(id: string, ...args: string[]): Promise<RealNode> {
  const node = await stage.node('node', id, '--join', cluster.arbiter.peer.url, ...args);
  await node.break(LOSS);
  return node;
}

const written = async (traffic: Traffic, count: number): Promise<void> => {
  const target = traffic.written.length + count;
  await expect
    .poll(() => traffic.written.length, { interval: 10, timeout: 10_000 })
    .toBeGreaterThan(target);
};

/** The members have everything, and show the same as the master and as the clients expect. */
async function expectEqual(traffic: Traffic): Promise<void> {
  const { master } = cluster;
  await master.healthy(
    ({ members }) => members.every((one: { lagEntries: number }) => one.lagEntries === 0),
    'all have everything',
  );
  const state = await master.state();
  expect(state).toMatchObject(traffic.expected);
  for (const node of [n2, n3]) {
    expect(await node.state()).toEqual(state);
    const messages = await Promise.all(
      [master, node].map(({ url }) => call('GET', `${url}/messages`)),
    );
    expect(messages[1]!.body).toEqual(messages[0]!.body);
  }
}

interface Absence {
  readonly leave: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  /** What the clients ask for. */
  readonly more?: { readonly w?: number };
}

/** Everyone writes; n2 goes, and comes back, while everyone goes on writing. */
async function expectRejoin({ leave, comeBack, ...asked }: Absence): Promise<void> {
  const more = { ...PATIENT, ...asked.more };
  const { master, announce } = cluster;
  round += 1;
  await announce(n2, n3);
  const traffic = new Traffic(master, `round-${round}`, randomFrom(round), more);
  await master.put(`doomed-${round}`, 'there when n2 leaves');
  traffic.start(CLIENTS);
  await written(traffic, 40);
  await leave();
  await master.remove(`doomed-${round}`, more);
  await call('POST', `${master.url}/messages`, { message: `meanwhile ${round}`, w: 2 });
  await written(traffic, 40);
  await comeBack();
  await written(traffic, 80);
  await traffic.stop();
  expect(traffic.written.filter(({ acknowledged }) => !acknowledged)).toEqual([]);
  await expectEqual(traffic);
  expect((await n2.get(`doomed-${round}`)).status).toBe(404);
}

const portOf = (node: RealNode): string => new URL(node.url).port;

describe('G11: a replica that joins again', () => {
  test('as the same process, which went on serving what it had', async () => {
    n2 = await lossy('n2');
    await expectRejoin({
      leave: async () => {
        await cluster.announce(n3);
        expect(Object.keys(await n2.state()).length).toBeGreaterThan(0);
      },
      comeBack: () => cluster.announce(n2, n3),
    });
  });

  test('as the same process, which stood still meanwhile', async () => {
    await expectRejoin({
      leave: async () => {
        n2.program.child.kill('SIGSTOP');
        await cluster.announce(n3);
      },
      comeBack: async () => {
        n2.program.child.kill('SIGCONT');
        await cluster.announce(n2, n3);
      },
    });
  });

  test('restarted empty', async () => {
    await expectRejoin({
      leave: async () => {
        await cluster.announce(n3);
        await n2.program.kill('SIGKILL');
      },
      comeBack: async () => {
        n2 = await lossy('n2');
        await cluster.announce(n2, n3);
      },
    });
  });

  test('restarted empty at the same place, before anybody had noticed', async () => {
    await expectRejoin({
      more: { w: 2 },
      leave: async () => {
        await n2.program.kill('SIGKILL');
      },
      comeBack: async () => {
        n2 = await lossy('n2', '--port', portOf(n2));
      },
    });
  });

  test('restarted with its disk', async () => {
    const folder = await stage.folder();
    await n2.program.stop();
    n2 = await lossy('n2', '--data-dir', folder);
    await expectRejoin({
      leave: async () => {
        await cluster.announce(n3);
        await n2.program.kill('SIGKILL');
      },
      comeBack: async () => {
        n2 = await lossy('n2', '--data-dir', folder);
        expect(Object.keys(await n2.state()).length).toBeGreaterThan(0);
        await cluster.announce(n2, n3);
      },
    });
  });
});
