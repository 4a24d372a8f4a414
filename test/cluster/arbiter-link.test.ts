// What a launcher makes of the answers of its arbiter and nodes.

import { expect, test } from 'vitest';
import { ArbiterLink } from '../../src/cluster/arbiter-link.ts';
import { Tokens } from '../../src/node/http/tokens.ts';
import { sendJson, startStub } from '../client/stub-server.ts';
import { FakeArbiter } from './fake-arbiter.ts';

/** The link of a launcher whose arbiter, and whose master n1, answer at `url`. */
function linkTo(url: string, token: string | null = null): ArbiterLink {
  const arbiter = new FakeArbiter(1);
  arbiter.joined = ['n1'];
  arbiter.url = url;
  return new ArbiterLink(arbiter, token === null ? null : new Tokens([token]));
}

test('a node is ready if it says so, and only then', async () => {
  const stub = await startStub((_, response) => sendJson(response, 503, {}));
  expect(await linkTo(stub.url).isReady(stub.url)).toBe(false);
  stub.respond((_, response) => sendJson(response, 200, {}));
  expect(await linkTo(stub.url).isReady(stub.url)).toBe(true);
  expect(stub.hits.map(({ path }) => path)).toEqual(['/readyz', '/readyz']);
  expect(stub.hits[0]!.headers.authorization).toBeUndefined();
});

test('the health of a master that has none to tell is null', async () => {
  const stub = await startStub((_, response) => sendJson(response, 503, {}));
  expect(await linkTo(stub.url).health()).toBeNull();
  stub.respond((_, response) => sendJson(response, 200, { node: 'n1' }));
  expect(await linkTo(stub.url, 'secret').health()).toEqual({ node: 'n1' });
  const { path, headers } = stub.hits.at(-1)!;
  expect([path, headers.authorization]).toEqual(['/health', 'Bearer secret']);
});

test('an answer that is not JSON tells no health', async () => {
  const stub = await startStub((_, response) => response.end('<html>'));
  expect(await linkTo(stub.url).health()).toBeNull();
});

test('whoever breaks off, or does not answer, is not there now', async () => {
  const stub = await startStub((_, response) => response.socket?.destroy());
  expect(await linkTo(stub.url).health()).toBeNull();
  stub.respond((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
    setImmediate(() => response.socket?.destroy());
  });
  expect(await linkTo(stub.url).health()).toBeNull();
  stub.respond(() => {});
  const started = performance.now();
  expect(await linkTo(stub.url).isReady(stub.url)).toBe(false);
  expect(performance.now() - started).toBeGreaterThan(900);
});

test('a node has no role until the arbiter has given it one', () => {
  const arbiter = new FakeArbiter(3);
  const link = new ArbiterLink(arbiter, null);
  expect(link.roleOf('n1')).toBeNull();
  arbiter.joined = ['n1', 'n2'];
  expect(['n1', 'n2', 'n3'].map((node) => link.roleOf(node))).toEqual([
    'master',
    'secondary',
    null,
  ]);
});

test('a leave that the arbiter refuses has failed', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, {}));
  await linkTo(stub.url, 'secret').leave('n2');
  const { method, path, json, headers } = stub.hits[0]!;
  expect([method, path, json]).toEqual(['POST', '/arbiter/leave', { node: 'n2' }]);
  expect(headers.authorization).toBe('Bearer secret');
  expect(headers['content-type']).toBe('application/json');
  stub.respond((_, response) => sendJson(response, 409, {}));
  await expect(linkTo(stub.url).leave('n2')).rejects.toThrow('did not let n2 leave (409)');
});
