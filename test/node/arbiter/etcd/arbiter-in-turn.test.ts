import { getEventListeners } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { nodeId } from '../../../../src/core/ids.ts';
import {
  ArbiterInTurn,
  type TurnEvent,
} from '../../../../src/node/arbiter/etcd/arbiter-in-turn.ts';
import type { Seat } from '../../../../src/node/arbiter/etcd/seat.ts';
import { type RunningArbiter, serveArbiter } from '../../../../src/node/arbiter/serve-arbiter.ts';
import { realClock } from '../../../../src/node/runtime/event-queue.ts';
import { Deferred } from '../../../../src/persistence/log/deferred.ts';
import { type ServedEtcd, serveEtcd } from './fake-etcd.ts';

async function etcdHere(): Promise<ServedEtcd> {
  const etcd = await serveEtcd();
  onTestFinished(etcd.stop);
  return etcd;
}

interface Told {
  readonly arbiter: RunningArbiter;
  readonly events: TurnEvent[];
}

async function arbiterAt(
  etcd: ServedEtcd,
  prefix = 'replog/',
  size: number | null = 3,
): Promise<Told> {
  const events: TurnEvent[] = [];
  const onTurn = (event: TurnEvent): void => void events.push(event);
  const arbiter = await serveArbiter({
    ...{ host: '127.0.0.1', port: 0, tokens: null, size, dataDir: null, logLevel: 'silent' },
    etcd: { endpoints: [etcd.url], prefix, onTurn },
  });
  onTestFinished(() => arbiter.stop());
  return { arbiter, events };
}

async function asked(arbiter: RunningArbiter, path: string, body?: object) {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const answer = await fetch(
    `${arbiter.url}${path}`,
    body === undefined ? {} : { ...init, body: JSON.stringify(body) },
  );
  return { status: answer.status, body: await answer.json() };
}

const join = (node: string): object => {
  return { node, url: `http://${node}`, incarnation: `${node}#1`, epoch: 0, lastIndex: 0 };
};

const inCharge = ({ events }: Told) =>
  expect.poll(() => events.at(-1)).toMatchObject({ event: 'in-charge' });

test('one of two is in charge; the other says so, and follows when it is stopped', async () => {
  const etcd = await etcdHere();
  const first = await arbiterAt(etcd);
  await inCharge(first);
  const second = await arbiterAt(etcd);
  await expect
    .poll(() => second.events)
    .toEqual([{ event: 'standby', inCharge: first.arbiter.url, reason: null }]);

  const { body } = await asked(first.arbiter, '/arbiter/join', join('n1'));
  expect(body).toMatchObject({ result: 'JoinedMaster', epoch: 1 });
  expect(await asked(second.arbiter, '/arbiter/join', join('n2'))).toMatchObject({
    status: 503,
    body: { code: 'standby' },
  });
  expect(await asked(second.arbiter, '/arbiter/leave', { node: 'n1' })).toMatchObject({
    status: 503,
    body: { code: 'standby' },
  });
  const waits = { role: 'arbiter', master: null, members: [], standby: true };
  const inChargeNow = { ...waits, inCharge: first.arbiter.url };
  expect((await asked(second.arbiter, '/health')).body).toEqual(inChargeNow);
  expect(await asked(second.arbiter, '/readyz')).toMatchObject({ status: 503 });

  await first.arbiter.stop();
  await inCharge(second);
  expect(second.events.at(-1)).toEqual({ event: 'in-charge', master: 'n1', members: ['n1'] });
  const next = await asked(second.arbiter, '/arbiter/join', join('n2'));
  expect(next.body).toMatchObject({ result: 'JoinedSecondary', epoch: 1, master: { node: 'n1' } });
  expect(await asked(second.arbiter, '/readyz')).toMatchObject({ status: 200 });
});

test('one that is stopped is followed at once, though a caller is still sending', async () => {
  const etcd = await etcdHere();
  const first = await arbiterAt(etcd);
  await inCharge(first);
  const second = await arbiterAt(etcd);
  const caller = connect(Number(new URL(first.arbiter.url).port), '127.0.0.1');
  onTestFinished(() => void caller.destroy());
  caller.on('error', () => {});
  const headers = 'host: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 9';
  caller.write(`POST /arbiter/join HTTP/1.1\r\n${headers}\r\n\r\n{`);
  // What is asked behind it is answered when it has been read as well.
  await asked(first.arbiter, '/health');
  const stopped = first.arbiter.stop();
  await expect
    .poll(() => second.events.at(-1), { timeout: 3_000 })
    .toMatchObject({ event: 'in-charge' });
  caller.destroy();
  await stopped;
});

test('G24: who waits at one that has been followed is given no role by it', async () => {
  const etcd = await etcdHere();
  const first = await arbiterAt(etcd);
  await inCharge(first);
  const release = etcd.hold();
  const waiting = asked(first.arbiter, '/arbiter/join', join('n1'));
  etcd.etcd.handle('/v3/lease/revoke', { ID: '1' });
  release();
  expect(await waiting).toMatchObject({ status: 503, body: { code: 'standby' } });
  expect(first.events.at(-1)).toMatchObject({ event: 'standby', reason: 'its lease has ended' });
  // The next term is its own again, and nobody has joined.
  await inCharge(first);
  expect(first.events.at(-1)).toMatchObject({ members: [] });
});

test('G24: one that has been followed says of nobody that it is of another cluster', async () => {
  const etcd = await etcdHere();
  const told = await arbiterAt(etcd, 'replog/', null);
  const { arbiter } = told;
  await inCharge(told);
  const release = etcd.hold();
  // With this one, if it were remembered, the cluster would have an identity.
  const first = asked(arbiter, '/arbiter/join', join('n1'));
  const other = asked(arbiter, '/arbiter/join', { ...join('n2'), cluster: 'c-1' });
  const refused = expect(other).resolves.toMatchObject({ status: 503, body: { code: 'standby' } });
  await asked(arbiter, '/health');
  etcd.etcd.handle('/v3/lease/revoke', { ID: '1' });
  release();
  await refused;
  expect(await first).toMatchObject({ status: 503, body: { code: 'standby' } });
});

test('one that stands by names nobody while etcd gives no answer', async () => {
  const etcd = await etcdHere();
  const first = await arbiterAt(etcd);
  await inCharge(first);
  const second = await arbiterAt(etcd);
  const said = async () => (await asked(second.arbiter, '/health')).body;
  await expect.poll(said).toMatchObject({ inCharge: first.arbiter.url });
  await etcd.stop();
  await expect.poll(said, { timeout: 5_000 }).toMatchObject({ standby: true, inCharge: null });
});

test('clusters with other prefixes have nothing to do with each other', async () => {
  const etcd = await etcdHere();
  const [one, other] = [await arbiterAt(etcd, 'one/'), await arbiterAt(etcd, 'other/')];
  await inCharge(one);
  await inCharge(other);
  await asked(one.arbiter, '/arbiter/join', join('n1'));
  expect([one, other].map(({ arbiter }) => arbiter.members().length)).toEqual([1, 0]);
  expect(new Set(etcd.etcd.history.map(({ key }) => key))).toEqual(
    new Set(['one/seat', 'other/seat', 'one/memory']),
  );
});

test('with one prefix for two clusters, who has data of the second is not let in', async () => {
  const etcd = await etcdHere();
  const one = await arbiterAt(etcd, 'replog/', null);
  await inCharge(one);
  await asked(one.arbiter, '/arbiter/join', join('n1'));
  const other = await arbiterAt(etcd, 'replog/', null);
  const stranger = { ...join('m1'), cluster: 'c-2' };
  expect(await asked(other.arbiter, '/arbiter/join', stranger)).toMatchObject({ status: 503 });
  expect(await asked(one.arbiter, '/arbiter/join', stranger)).toMatchObject({ status: 409 });
  await one.arbiter.stop();
  await inCharge(other);
  expect(await asked(other.arbiter, '/arbiter/join', stranger)).toMatchObject({
    status: 409,
    body: { code: 'wrong-cluster' },
  });
  expect(other.arbiter.members().map(({ node }) => node)).toEqual(['n1']);
});

test('another configured size holds for later terms as well', async () => {
  const etcd = await etcdHere();
  const { arbiter, events } = await arbiterAt(etcd);
  await inCharge({ arbiter, events });
  await asked(arbiter, '/arbiter/join', join('n1'));
  arbiter.setSize(5);
  etcd.etcd.handle('/v3/lease/revoke', { ID: '1' });
  await asked(arbiter, '/arbiter/join', join('n2'));
  await expect.poll(() => events.length).toBe(3);
  expect((await asked(arbiter, '/arbiter/join', join('n1'))).body).toMatchObject({ size: 5 });
});

test('a term that is over leaves nothing behind that waits for the end', async () => {
  const waiting: number[] = [];
  const term = {
    ...{ memory: null, over: Promise.resolve('its lease has ended') },
    ...{ remember: () => Promise.resolve(), resign: () => Promise.resolve() },
  };
  const take = async (stopping: AbortSignal) => {
    waiting.push(getEventListeners(stopping, 'abort').length);
    return waiting.length > 4 ? null : term;
  };
  await alone().run({ take } as unknown as Seat);
  expect(waiting).toEqual([0, 0, 0, 0, 0]);
});

/** One whose seat is in the hands of the test. */
function alone(begun: () => void = () => {}): ArbiterInTurn {
  const quiet = { unwritten: () => {}, begun, ended: () => {}, unheard: () => {} };
  const outgoing = { send: () => new Promise<never>(() => {}) };
  const settings = { size: 3, newCluster: 'c', prefer: null };
  return new ArbiterInTurn({ settings, outgoing, clock: realClock, ...quiet });
}

test('one that has lost its machine ends; who waits is refused, and the seat is free', async () => {
  const lost = new Error('a bug');
  let resigned = 0;
  const term = {
    ...{ memory: null, over: new Promise<string>(() => {}) },
    remember: () => Promise.reject(lost),
    resign: async () => {
      resigned += 1;
    },
  };
  const begun = new Deferred<void>();
  const arbiter = alone(() => begun.resolve());
  const ended = expect(arbiter.run({ take: async () => term } as unknown as Seat)).rejects;
  await begun.promise;
  const answer = arbiter.receive({ type: 'Leave', node: nodeId('n1') });
  await ended.toBe(lost);
  expect(await answer).toEqual({ type: 'Refused', code: 'standby' });
  expect(resigned).toBe(1);
  expect(arbiter.standby).toEqual({ inCharge: null });
});
