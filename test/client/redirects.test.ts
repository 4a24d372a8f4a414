import { describe, expect, test } from 'vitest';
import { InvalidUrl, NotMaster, ReplogClient, Unreachable } from '../../src/client/client.ts';
import { quickPace } from './quick-pace.ts';
import { deadUrl, type Responder, sendJson, sendProblem, startStub } from './stub-server.ts';

const STORED = { index: 3, w: 'majority', acks: ['n1', 'n2'], durable: true, ms: 2 };

function clientOf(url: string) {
  return new ReplogClient({ url, pace: quickPace() });
}

test('follows not-master to the master, and remembers it', async () => {
  const master = await startStub((_, response) => sendJson(response, 201, STORED));
  const secondary = await startStub((_, response) =>
    sendProblem(response, 307, 'not-master', { master: { node: 'n1', url: master.url } }),
  );
  const client = clientOf(secondary.url);
  await client.append('a');
  await client.append('b');
  expect(secondary.hits).toHaveLength(1);
  expect(master.hits.map((hit) => (hit.json as { message: string }).message)).toEqual(['a', 'b']);
  expect(master.hits[0]?.headers['idempotency-key']).toBe(
    secondary.hits[0]?.headers['idempotency-key'],
  );
});

test('a Location alone is enough', async () => {
  const master = await startStub((_, response) => sendJson(response, 201, STORED));
  const secondary = await startStub((_, response) =>
    response.writeHead(307, { location: `${master.url}/messages` }).end(),
  );
  expect(await clientOf(secondary.url).append('a')).toEqual(STORED);
});

test('a master that has died since is forgotten', async () => {
  const old = await startStub((_, response) => sendJson(response, 201, STORED));
  const node = await startStub((_, response) =>
    sendProblem(response, 307, 'not-master', { master: { node: 'n1', url: old.url } }),
  );
  const client = clientOf(node.url);
  await client.append('a');
  await old.close();
  node.respond((_, response) => sendJson(response, 201, { ...STORED, index: 4 }));
  expect(await client.append('b')).toMatchObject({ index: 4 });
});

test.each<[string, Responder]>([
  ['is a stranger', (_, response) => response.writeHead(404).end('no such page')],
  ['takes no token', (_, response) => sendProblem(response, 401, 'unauthorized')],
])('so is one in whose place somebody %s', async (_, stranger) => {
  const old = await startStub(stranger);
  const node = await startStub((_, response, count) => {
    if (count > 1) return sendJson(response, 201, STORED);
    sendProblem(response, 307, 'not-master', { master: { node: 'n1', url: old.url } });
  });
  const client = clientOf(node.url);
  await expect(client.append('a')).rejects.toThrow();
  expect(await client.append('b')).toEqual(STORED);
});

test('redirects in a circle end', async () => {
  const a = await startStub(() => {});
  const b = await startStub((_, response) =>
    sendProblem(response, 307, 'not-master', { master: { node: 'a', url: a.url } }),
  );
  a.respond((_, response) =>
    sendProblem(response, 307, 'not-master', { master: { node: 'b', url: b.url } }),
  );
  await expect(clientOf(a.url).append('x')).rejects.toBeInstanceOf(NotMaster);
  expect(a.hits.length + b.hits.length).toBeLessThan(100);
});

/** Whoever is asked sends to the node at this URL. */
const sendTo =
  (url: string): Responder =>
  (_, response) =>
    sendProblem(response, 307, 'not-master', { master: { node: 'n1', url } });

test('after four redirects in a row, and a pause, there may be as many again', async () => {
  const a = await startStub(() => {});
  const b = await startStub(sendTo(a.url));
  a.respond(sendTo(b.url));
  const pace = quickPace();
  const client = new ReplogClient({ url: a.url, pace, retryForMs: 1_000 });
  await expect(client.append('x')).rejects.toBeInstanceOf(NotMaster);
  expect(pace.pauses).toHaveLength(1);
  expect(a.hits.length + b.hits.length).toBe(10);
});

test('a master that breaks off is looked for anew, however often', async () => {
  const master = await startStub((_, response, count) =>
    count < 6 ? response.destroy() : sendJson(response, 201, STORED),
  );
  const secondary = await startStub(sendTo(master.url));
  expect(await clientOf(secondary.url).append('a')).toEqual(STORED);
  expect([secondary.hits.length, master.hits.length]).toEqual([6, 6]);
});

test('whoever is no master any more is not asked again, but the configured node', async () => {
  const old = await startStub((_, response) => sendProblem(response, 503, 'no-master'));
  const master = await startStub((_, response) => sendJson(response, 201, STORED));
  const node = await startStub((hit, response, count) =>
    sendTo(count === 1 ? old.url : master.url)(hit, response, count),
  );
  expect(await clientOf(node.url).append('a')).toEqual(STORED);
  expect([node, old, master].map(({ hits }) => hits.length)).toEqual([2, 1, 1]);
});

test('a node that names itself is asked again only after a pause', async () => {
  const stub = await startStub(() => {});
  stub.respond(sendTo(stub.url));
  const pace = quickPace();
  const client = new ReplogClient({ url: stub.url, pace, retryForMs: 100 });
  await expect(client.append('x')).rejects.toBeInstanceOf(NotMaster);
  expect(stub.hits).toHaveLength(pace.pauses.length + 1);
});

describe('a client that was given further nodes', () => {
  const master = (): ReturnType<typeof startStub> =>
    startStub((_, response) => sendJson(response, 201, STORED));

  test('asks the next where nobody is, and each of them before it gives up', async () => {
    const [first, second, heir] = [await deadUrl(), await deadUrl(), await master()];
    const others = [second, heir.url];
    const client = new ReplogClient({ url: first, others, pace: quickPace() });
    expect((await client.append('a')).index).toBe(STORED.index);
    const nowhere = new ReplogClient({ url: first, others: [second], pace: quickPace() });
    await expect(nowhere.append('a')).rejects.toThrow(Unreachable);
  });

  test('finds who has taken over through a node that still names the old one', async () => {
    const [gone, heir] = [await deadUrl(), await master()];
    const follower = await startStub((_, response, count) => {
      const url = count < 3 ? gone : heir.url;
      response.setHeader('location', `${url}/messages`);
      sendProblem(response, 307, 'not-master', { master: { node: 'n', url } });
    });
    const client = new ReplogClient({ url: gone, others: [follower.url], pace: quickPace() });
    expect((await client.append('a')).index).toBe(STORED.index);
    expect(follower.hits).toHaveLength(3);
    expect(heir.hits).toHaveLength(1);
  });

  test('with many writes at once', async () => {
    const [gone, heir] = [await deadUrl(), await master()];
    const client = new ReplogClient({ url: gone, others: [heir.url], pace: quickPace() });
    const writes = Array.from({ length: 20 }, (_, i) => client.put(`k${i}`, 'v'));
    expect(await Promise.all(writes)).toHaveLength(20);
  });

  test.each(['', 'n1:4000', 'ftp://n1'])('refuses %j', (other) => {
    const options = { url: 'http://127.0.0.1:1', others: [other] };
    expect(() => new ReplogClient(options)).toThrow(InvalidUrl);
  });
});
