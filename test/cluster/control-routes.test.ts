import { connect } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterReport } from '../../src/client/answers.ts';
import type { Control, NodeView } from '../../src/cluster/control.ts';
import { ACTIONS, Conflict, UnknownNode } from '../../src/cluster/control.ts';
import { controlRoutes } from '../../src/cluster/control-routes.ts';
import { ChildFailed } from '../../src/cluster/process/child.ts';
import { createArbiterApp } from '../../src/node/api/arbiter-app.ts';
import type { GuardOptions } from '../../src/node/http/guard.ts';
import type { App } from '../../src/node/http/mount.ts';
import { startServer } from '../../src/node/http/server.ts';
import { Tokens } from '../../src/node/http/tokens.ts';

const N2: NodeView = {
  node: 'n2',
  role: 'secondary',
  url: 'http://127.0.0.1:4001',
  pid: 7,
  state: 'running',
};

let calls: unknown[];
let failure: Error | null;

const told = async (...call: unknown[]): Promise<NodeView> => {
  calls.push(call);
  if (failure !== null) throw failure;
  return N2;
};

const control: Control = {
  view: () => ({
    name: 'c',
    pid: 1,
    size: 1,
    arbiter: 'http://127.0.0.1:4001',
    control: 'http://127.0.0.1:4001',
    dataDir: null,
    removed: [],
    nodes: [N2],
  }),
  output: (node, lines) => {
    calls.push(['output', node, lines]);
    return { first: 7, lines: ['seventh'] };
  },
  act: (node, action) => told(action, node),
  add: (node) => told('add', node),
  remove: (node) => told('remove', node),
};

const arbiter = { receive: () => Promise.reject(new Error()), members: [], master: null };

function appWith(guard: GuardOptions = {}): App {
  return createArbiterApp(arbiter, { ...guard, routes: controlRoutes(() => control) });
}

const JSON_TYPE = { 'content-type': 'application/json' };

beforeEach(() => {
  calls = [];
  failure = null;
});

/** What is answered to these bytes, sent to a server of its own. */
async function answerTo(text: string): Promise<string> {
  const server = await startServer({ app: appWith(), port: 0 });
  try {
    const socket = connect(server.port, '127.0.0.1');
    socket.end(text);
    return (await socket.setEncoding('utf8').toArray()).join('');
  } finally {
    await server.stop();
  }
}

/** What the client's type says of a cluster; the compiler asks for all of it here. */
const FIELDS: Readonly<Record<keyof ClusterReport, true>> = {
  ...{ name: true, pid: true, size: true, arbiter: true, control: true },
  ...{ dataDir: true, nodes: true, removed: true },
};

it("the client's type of a cluster has what is answered, and no more", async () => {
  const answer = await appWith().request('/cluster');
  expect(Object.keys((await answer.json()) as object).sort()).toEqual(Object.keys(FIELDS).sort());
});

describe('control routes', () => {
  const app = appWith();

  it('show the cluster', async () => {
    const response = await app.request('/cluster');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(control.view());
  });

  it.each(['stop', 'start', 'restart', 'kill', 'pause', 'resume'])('%s a node', async (verb) => {
    const response = await app.request(`/cluster/nodes/n2/${verb}`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(N2);
    expect(calls).toEqual([[verb, 'n2']]);
  });

  it("show a node's output", async () => {
    const path = '/cluster/nodes/n2/output';
    const response = await app.request(`${path}?lines=3`);
    expect(await response.json()).toEqual({ node: 'n2', first: 7, lines: ['seventh'] });
    expect((await app.request(path)).status).toBe(200);
    expect((await app.request(`${path}?lines=many`)).status).toBe(400);
    expect(calls).toEqual([
      ['output', 'n2', 3],
      ['output', 'n2', 500],
    ]);
  });

  it('add a node, with an id or without', async () => {
    const plain = await app.request('/cluster/nodes', { method: 'POST' });
    expect(plain.status).toBe(201);
    const body = JSON.stringify({ node: 'n7' });
    await app.request('/cluster/nodes', { method: 'POST', body, headers: JSON_TYPE });
    expect(calls).toEqual([
      ['add', undefined],
      ['add', 'n7'],
    ]);
  });

  it('remove a node', async () => {
    expect((await app.request('/cluster/nodes/n2', { method: 'DELETE' })).status).toBe(200);
    expect(calls).toEqual([['remove', 'n2']]);
  });

  it.each([
    ['{', 400],
    ['{"node":"N 2"}', 400],
    ['{"node":"arbiter"}', 400],
    ['{"node":"all"}', 400],
    ['{"node":"master"}', 400],
    ['{"node":"secondary"}', 400],
    ['{"nodes":"n2"}', 400],
    ['[]', 400],
    [`{"node":"${'x'.repeat(1 << 20)}"}`, 413],
  ])('refuse the body %.20s with %i', async (body, status) => {
    const response = await app.request('/cluster/nodes', {
      method: 'POST',
      body,
      headers: JSON_TYPE,
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(calls).toEqual([]);
  });

  it.each([
    ['POST /cluster/nodes', 'host: localhost\r\nhost: evil.example', 400],
    ['POST http://evil.example/cluster/nodes', 'host: localhost', 421],
  ])('refuse %s of "%s"', async (line, hosts, status) => {
    const said = await answerTo(`${line} HTTP/1.1\r\n${hosts}\r\nconnection: close\r\n\r\n`);
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(calls).toEqual([]);
  });

  it('refuse a body that is not JSON by its type', async () => {
    const response = await app.request('/cluster/nodes', { method: 'POST', body: '{}' });
    expect(response.status).toBe(415);
  });

  it.each([
    ...ACTIONS.map((action) => ['POST', `/cluster/nodes/n2/${action}`]),
    ['DELETE', '/cluster/nodes/n2'],
  ])('do nothing with a body that they do not take: %s %s', async (method, path) => {
    const send = (body: string, type: string) =>
      app.request(path!, { method: method!, body, headers: { 'content-type': type } });
    expect((await send('{"graceMs":1}', 'application/json')).status).toBe(400);
    expect((await send('now', 'text/plain')).status).toBe(415);
    expect((await send(' '.repeat((1 << 20) + 1), 'application/json')).status).toBe(413);
    expect(calls).toEqual([]);
  });

  it.each([
    [new UnknownNode('n9', ['n1']), 404, 'unknown-node'],
    [new Conflict('n1 is the master'), 409, 'conflict'],
    [new ChildFailed('n4 ended with code 1', []), 500, 'node-failed'],
    [new ChildFailed('n4 ended', ['n4 | a']), 500, 'node-failed', 'n4 ended: n4 | a'],
    [new ChildFailed('n4 ended', ['a', 'why', 'hint']), 500, 'node-failed', 'n4 ended: why; hint'],
  ])('say %o as a problem', async (error, status, code, detail = error.message) => {
    failure = error;
    const response = await app.request('/cluster/nodes/n1', { method: 'DELETE' });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: `/problems/${code}`,
      code,
      status,
      detail,
    });
  });

  it('stand in the API document of the launcher', async () => {
    const { paths } = (await (await app.request('/openapi.json')).json()) as { paths: object };
    const found = Object.entries(paths)
      .filter(([path]) => path.startsWith('/cluster'))
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
    const node = '/cluster/nodes/{id}';
    expect(found).toEqual([
      'get /cluster',
      'post /cluster/nodes',
      `delete ${node}`,
      `get ${node}/output`,
      ...ACTIONS.map((action) => `post ${node}/${action}`),
    ]);
  });

  it('say which of them leave a node as it is', async () => {
    const { paths } = (await (await app.request('/openapi.json')).json()) as {
      paths: Record<string, { post: { description?: string } }>;
    };
    const changing = ACTIONS.filter((action) => {
      return paths[`/cluster/nodes/{id}/${action}`]?.post.description === undefined;
    });
    expect(changing).toEqual(['restart']);
  });

  it('name the verbs that a path takes', async () => {
    const response = await app.request('/cluster/nodes/n2', { method: 'POST' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'DELETE']);
  });
});

describe('control routes are guarded', () => {
  it('by the token', async () => {
    const app = appWith({ tokens: new Tokens(['s3cret']) });
    const verb = { method: 'POST' };
    expect((await app.request('/cluster/nodes/n2/kill', verb)).status).toBe(401);
    expect((await app.request('/cluster')).status).toBe(401);
    expect(calls).toEqual([]);
    const headers = { authorization: 'Bearer s3cret' };
    expect((await app.request('/cluster/nodes/n2/kill', { ...verb, headers })).status).toBe(200);
  });

  it('against web pages', async () => {
    const post = (headers: Record<string, string>) =>
      appWith().request('/cluster/nodes/n2/kill', { method: 'POST', headers });
    expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
    expect((await post({ host: 'evil.example' })).status).toBe(421);
    expect(calls).toEqual([]);
  });
});
