import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { Endpoints } from '../../../../src/node/arbiter/etcd/endpoints.ts';
import {
  EtcdGateway,
  EtcdRefused,
  EtcdUnreachable,
} from '../../../../src/node/arbiter/etcd/gateway.ts';
import { urlOf } from '../../../../src/node/own-url.ts';
import { describeEtcd } from '../../../contracts/etcd.suite.ts';
import { serveEtcd } from './fake-etcd.ts';

describeEtcd('the stand-in for etcd', () => serveEtcd());

/** A server that answers as it is told; its URL. */
async function served(listener: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return urlOf(host, (server.address() as AddressInfo).port);
}

/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:1';

function gatewayTo(...urls: string[]): EtcdGateway {
  const endpoints = new Endpoints(urls, null, { connectMs: 300, answerMs: 300 });
  onTestFinished(() => endpoints.close());
  return new EtcdGateway(endpoints.ask);
}

test('asks one endpoint after the other, and stays with the one that answers', async () => {
  let asked = 0;
  const ill = await served((_, response) => {
    asked += 1;
    response.writeHead(503).end('{"message":"etcdserver: no leader"}');
  });
  const { url, stop } = await serveEtcd();
  onTestFinished(stop);
  const gateway = gatewayTo(NOWHERE, ill, url);
  expect(await gateway.read(['a'])).toEqual([null]);
  expect(await gateway.read(['a'])).toEqual([null]);
  expect(asked).toBe(1);
});

test('says of each endpoint why there was no answer', async () => {
  const silent = await served(() => {});
  const ill = await served((_, response) => {
    response.writeHead(503).end('{"message":"etcdserver: no leader"}');
  });
  const failure = gatewayTo(NOWHERE, silent, ill).read(['a']);
  await expect(failure).rejects.toThrow(EtcdUnreachable);
  await expect(failure).rejects.toThrow(
    `${NOWHERE} refuses connections; ${silent} did not answer in time; ` +
      `${ill} answered 503: etcdserver: no leader`,
  );
});

test.each([
  [404, '404 page not found', /answered 404$/],
  [200, '<html></html>', /does not answer as etcd's JSON gateway does$/],
  [200, '{"succeeded":true}', /does not answer as etcd's JSON gateway does$/],
])('of what is no etcd (%i %s) it says so, and asks no other', async (status, text, said) => {
  const stranger = await served((_, response) => {
    response.writeHead(status).end(text);
  });
  const failure = gatewayTo(stranger, NOWHERE).read(['a']);
  await expect(failure).rejects.toThrow(EtcdRefused);
  await expect(failure).rejects.toThrow(said);
});

test('uses what stands behind host and port of an endpoint', async () => {
  const paths: (string | undefined)[] = [];
  const url = await served(({ url: path }, response) => {
    paths.push(path);
    response.writeHead(404).end();
  });
  await expect(gatewayTo(`${url}/etcd/`).read(['a'])).rejects.toThrow();
  expect(paths).toEqual(['/etcd/v3/kv/txn']);
});

const addresses = Object.values(networkInterfaces()).flat();

test.skipIf(!addresses.some((each) => each?.address === '::1'))(
  'asks where the address is one of IPv6',
  async () => {
    const ill = await served((_, response) => {
      response.writeHead(503).end('{"message":"etcdserver: no leader"}');
    }, '::1');
    const failure = gatewayTo(ill).read(['a']);
    await expect(failure).rejects.toThrow(`${ill} answered 503: etcdserver: no leader`);
  },
);

test('when it is closed, what is under way is rejected', async () => {
  const silent = await served(() => {});
  const endpoints = new Endpoints([silent]);
  const failure = expect(new EtcdGateway(endpoints.ask).read(['a'])).rejects.toThrow(
    EtcdUnreachable,
  );
  await endpoints.close();
  await failure;
});

test('what is asked at the same time finds the one that answers, each by itself', async () => {
  const silent = await served(() => {});
  const { url, stop } = await serveEtcd();
  onTestFinished(stop);
  const gateway = gatewayTo(silent, url);
  const both = await Promise.all([gateway.read(['a']), gateway.read(['b'])]);
  expect(both).toEqual([[null], [null]]);
});
