import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { parseDuration } from '../../src/cli/arguments/duration.ts';
import { register as dashboard } from '../../src/cli/commands/dashboard.ts';
import { register as echo } from '../../src/cli/commands/echo.ts';
import { register as health } from '../../src/cli/commands/health.ts';
import { register as list } from '../../src/cli/commands/list.ts';
import { register as outcome } from '../../src/cli/commands/outcome.ts';
import { stylesFor } from '../../src/cli/printing/colour.ts';
import { healthLines } from '../../src/cli/printing/health-report.ts';
import type { Health, MasterHealth } from '../../src/client/answers.ts';
import { register } from '../../src/cluster/files/registry.ts';
import { deadUrl, sendJson, sendProblem, startStub } from '../client/stub-server.ts';
import { runCommand } from './command-run.ts';
import { isolate } from './isolation.ts';

isolate();

test('list: one message per line, page by page, foreign text cleaned', async () => {
  const stub = await startStub((hit, response) => {
    const second = hit.path.includes('from=2');
    const messages = second ? ['b\nc'] : ['a\u001b[2J'];
    const entry = { index: 2, epoch: 1, op: 'append', message: 'b\nc' };
    const page = { messages, lastIndex: 2, next: second ? null : 2 };
    sendJson(response, 200, hit.path === '/log/2' ? entry : page);
  });
  const text = await runCommand(list, 'list', '--url', stub.url);
  expect(text).toEqual({ code: 0, out: 'a␛[2J\nb␊c\n', err: '' });
  const json = await runCommand(list, 'list', '--url', stub.url, '--json');
  expect(json.out).not.toContain('\u001b');
  expect(JSON.parse(json.out)).toEqual({
    messages: ['a\u001b[2J', 'b\nc'],
    lastIndex: 2,
    next: null,
  });
});

test('list: NODE is looked up among the members', async () => {
  const n2 = await startStub((_, response) =>
    sendJson(response, 200, { messages: ['of n2'], lastIndex: 1, next: null }),
  );
  const n1 = await startStub((_, response) =>
    sendJson(response, 200, {
      ...MASTER,
      members: [member('n1', 'master', 'http://x'), member('n2', 'secondary', n2.url)],
    }),
  );
  expect((await runCommand(list, 'list', 'n2', '--url', n1.url)).out).toBe('of n2\n');
  expect((await runCommand(list, 'list', 'secondary', '--url', n1.url)).out).toBe('of n2\n');
  expect((await runCommand(list, 'list', n2.url)).out).toBe('of n2\n');
  const two = await runCommand(list, 'list', n2.url, '--url', n1.url);
  expect(two).toMatchObject({ code: 2, out: '' });
  expect(await runCommand(list, 'list', 'n7', '--url', n1.url)).toMatchObject({ code: 2 });
  expect(await runCommand(list, 'list', 'all', '--url', n1.url)).toMatchObject({ code: 2 });
});

test('list: the node that is asked needs no master to be told by its name', async () => {
  const master = { node: 'n1', url: await deadUrl() };
  const n2 = await startStub(({ path }, response) => {
    const page = { messages: ['of n2'], lastIndex: 1, next: null };
    const follower = { node: 'n2', role: 'secondary', epoch: 1, master, lastIndex: 1 };
    sendJson(response, 200, path === '/health' ? follower : page);
  });
  const listed = (node: string) => runCommand(list, 'list', node, '--url', n2.url);
  expect(await listed('n2')).toMatchObject({ code: 0, out: 'of n2\n' });
  // Who else there is, and in which order, only the master can say.
  for (const node of ['n3', 'n1', 'secondary', 'master']) {
    const { code, err } = await listed(node);
    expect([node, code, err]).toEqual([node, 3, expect.stringContaining(master.url)]);
  }
});

test('list: a NODE that is a URL is the cluster, whatever runs besides', async () => {
  vi.stubEnv('REPLOG_URL', 'http://127.0.0.1:1');
  const n2 = await startStub((_, response) =>
    sendJson(response, 200, { messages: ['of n2'], lastIndex: 1, next: null }),
  );
  expect((await runCommand(list, 'list', n2.url)).out).toBe('of n2\n');
  vi.stubEnv('REPLOG_URL', '');
  const folder = await mkdtemp(join(tmpdir(), 'replog-run-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  vi.stubEnv('REPLOG_RUN_DIR', folder);
  const control = 'http://127.0.0.1:1';
  for (const name of ['one', 'two']) {
    const { pid } = process;
    register({ name, pid, control, arbiter: control, master: null, nodes: [], dataDir: null });
  }
  expect(await runCommand(list, 'list', 'n2')).toMatchObject({ code: 2 });
  expect((await runCommand(list, 'list', n2.url)).out).toBe('of n2\n');
});

test('list --read linearizable goes to the master', async () => {
  const master = await startStub((hit, response) =>
    hit.path === '/health'
      ? sendJson(response, 200, { ...MASTER, members: [member('n1', 'master', master.url)] })
      : sendJson(response, 200, { messages: ['a'], lastIndex: 1, next: null }),
  );
  const stub = await startStub((_, response) =>
    sendJson(response, 200, {
      node: 'n2',
      role: 'secondary',
      master: { node: 'n1', url: master.url },
    }),
  );
  const ran = await runCommand(list, 'list', '--read', 'linearizable', '--url', stub.url);
  expect(ran).toEqual({ code: 0, out: 'a\n', err: '' });
  expect(master.hits.at(-1)?.path).toBe('/messages?limit=1000&read=linearizable');
});

test('list --follow prints messages as they come, and leaves keys out', async () => {
  const stub = await startStub((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const entries = [
      { index: 5, op: 'append', message: 'a' },
      { index: 6, op: 'put', key: 'k', value: 'v' },
      { index: 7, op: 'append', message: 'b' },
    ];
    response.write(entries.map((entry) => `data: ${JSON.stringify(entry)}\n\n`).join(''));
  });
  const args = ['list', '--follow', '--from', '5', '--limit', '2', '--url', stub.url];
  expect(await runCommand(list, ...args)).toEqual({ code: 0, out: 'a\nb\n', err: '' });
  const json = (await runCommand(list, ...args, '--json')).out.trim().split('\n');
  expect(json.map((line) => JSON.parse(line).index)).toEqual([5, 7]);
});

function member(node: string, role: string, url: string) {
  return {
    node,
    role,
    url,
    status: role === 'master' ? 'Healthy' : 'Suspected',
    since: '2024-01-01T00:00:00.000Z',
    lastHeartbeatMs: 212.4,
    ackedIndex: 7,
    lagEntries: role === 'master' ? 0 : 5,
    lagMs: 1_200,
    attempts: 3,
    retryInMs: role === 'master' ? null : 400,
    lastError: role === 'master' ? null : 'refused\u001b[31m',
  };
}

const MASTER = {
  node: 'n1',
  role: 'master',
  epoch: 2,
  mode: 'read-write',
  reason: null,
  lastIndex: 12,
  commitIndex: 7,
  quorum: { size: 2, needed: 2, alive: 2 },
  members: [member('n1', 'master', 'http://x'), member('n2', 'secondary', 'http://y')],
};

test('health: a table, and the answer itself as JSON', async () => {
  const stub = await startStub((_, response) => sendJson(response, 200, MASTER));
  const { code, out } = await runCommand(health, 'health', '--url', stub.url);
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    'master n1: read-write, epoch 2, 2 of 2 alive, 2 needed, last index 12, on a majority up to 7',
    '',
    'NODE  ROLE       STATUS     ACKED        LAG  LAST HEARTBEAT  RETRY',
    'n1    master     Healthy        7          0  -               -',
    'n2    secondary  Suspected      7  5 (1.2 s)  212 ms ago      #3 in 400 ms',
    'last error of n2: refused␛[31m',
    '',
  ]);
  const json = await runCommand(health, 'health', '--json', '--url', stub.url);
  expect(JSON.parse(json.out)).toEqual(MASTER);
});

test('health without a quorum says so once, in lines that fit the terminal', () => {
  const health: Health = {
    ...(MASTER as unknown as MasterHealth),
    mode: 'read-only',
    reason: 'no quorum: 1 of 2 nodes alive, 2 needed',
  };
  const [head, more] = healthLines(health, stylesFor({}), { isTTY: true, columns: 80 });
  expect([head, more]).toEqual([
    'master n1: read-only (no quorum: 1 of 2 nodes alive, 2 needed), epoch 2, last',
    'index 12, on a majority up to 7',
  ]);
});

test.each([
  [76, 'NODE  ROLE       STATUS     ACKED        LAG  LAST HEARTBEAT  RETRY'],
  [61, 'NODE  ROLE       STATUS     ACKED        LAG  LAST HEARTBEAT'],
  [50, 'NODE  ROLE       STATUS     ACKED        LAG'],
  [40, 'NODE  STATUS     ACKED        LAG'],
  [30, 'NODE  STATUS           LAG'],
  [20, 'NODE  STATUS           LAG'],
])('health on %i columns leaves columns out rather than wrap', (columns, heading) => {
  const screen = { isTTY: true, columns };
  const lines = healthLines(MASTER as unknown as MasterHealth, stylesFor({}), screen);
  expect(lines).toContain(heading);
  const widest = Math.max(...lines.map((line) => line.length));
  if (columns >= 30) expect(widest).toBeLessThanOrEqual(columns);
});

test('health says what damage a node found at its start, and whether it is mended', () => {
  const place = { file: 'log-1.seg', offset: 463, after: 3, upTo: 11 };
  const foundAt = '2026-11-21T10:00:00.000Z';
  const last = (mendedAt: string | null) => {
    const damage = { ...place, foundAt, mendedAt };
    const health = { ...(MASTER as unknown as MasterHealth), damage };
    return healthLines(health, stylesFor({}), { isTTY: false }).at(-1);
  };
  const found = 'n1 found damage at its start, in log-1.seg at byte 463: ';
  expect(last(null)).toBe(`${found}it has up to 3 and fetches the rest, up to 11 at least`);
  expect(last(foundAt)).toBe(`${found}it has again what that took`);
});

test('health says that reads of a node meet damage', () => {
  const place = { file: 'log-1.seg', offset: 463, after: 0, upTo: 11 };
  const damage = { ...place, foundAt: '2026-11-21T10:00:00.000Z', mendedAt: null, running: true };
  const health = { ...(MASTER as unknown as MasterHealth), damage } as MasterHealth;
  expect(healthLines(health, stylesFor({}), { isTTY: false }).at(-1)).toBe(
    'n1 met damage in log-1.seg at byte 463: what is there cannot be read until n1 is restarted ' +
      'and has fetched it from others',
  );
});

test('health of a secondary goes on to its master', async () => {
  const master = await startStub((_, response) => sendJson(response, 200, MASTER));
  const stub = await startStub((_, response) =>
    sendJson(response, 200, {
      node: 'n2',
      role: 'secondary',
      epoch: 2,
      master: { node: 'n1', url: master.url },
      lastIndex: 7,
      commitIndex: 7,
      status: 'ok',
    }),
  );
  const alive = await runCommand(health, 'health', '--url', stub.url);
  const json = () => runCommand(health, 'health', '--json', '--url', stub.url);
  expect(JSON.parse((await json()).out)).not.toHaveProperty('masterError');
  expect(alive.out).toMatch(/^secondary n2: ok, follows n1 .*\nmaster n1: read-write/);
  await master.close();
  const alone = await runCommand(health, 'health', '--url', stub.url);
  expect(alone).toMatchObject({ code: 0 });
  expect(alone.out).toMatch(/^secondary n2: ok.*\nnothing answers at/);
  expect(JSON.parse((await json()).out)).toMatchObject({
    node: 'n2',
    status: 'ok',
    masterError: expect.stringContaining(`nothing answers at ${master.url}`),
  });
});

test('an arbiter is no node: health shows what it knows, others name the nodes', async () => {
  const master = { node: 'n1', url: 'http://x:1' };
  const members = [{ node: 'n2', url: 'http://x:2' }, master];
  const stub = await startStub(({ path }, response) =>
    path === '/health'
      ? sendJson(response, 200, { role: 'arbiter', master, members })
      : sendProblem(response, 404, 'not-found'),
  );
  expect((await runCommand(health, 'health', '--url', stub.url)).out).toMatch(
    /^arbiter: master n1 at http:\/\/x:1, members n2 n1\n/,
  );
  const ran = await runCommand(list, 'list', '--url', stub.url);
  expect(ran.code).toBe(2);
  expect(ran.err).toBe(
    `replog: ${stub.url} is an arbiter, not a node\n` +
      "hint: give a node's --url: http://x:1 (n1, master), http://x:2 (n2)\n",
  );
});

test('an arbiter that stands by: health names the one in charge, others too', async () => {
  let inCharge: string | null = 'http://x:3999\u001b';
  const stub = await startStub(({ path }, response) => {
    const waits = { role: 'arbiter', master: null, members: [], standby: true, inCharge };
    return path === '/health'
      ? sendJson(response, 200, waits)
      : sendProblem(response, 404, 'not-found');
  });
  const said = async () => (await runCommand(health, 'health', '--url', stub.url)).out;
  expect(await said()).toMatch(/^arbiter: it stands by, http:\/\/x:3999\S+ is in charge\n/);
  expect(await said()).not.toContain('\u001b');
  const refused = await runCommand(list, 'list', '--url', stub.url);
  expect(refused.err).toContain('or of the arbiter in charge, http://x:3999');
  expect(refused.err).not.toContain('\u001b');
  inCharge = null;
  expect(await said()).toMatch(/^arbiter: it stands by, nobody is known to be in charge\n/);
  expect((await runCommand(list, 'list', '--url', stub.url)).err).toMatch(/arbiter in charge\n/);
});

test('health --watch shows what is wrong and goes on until it is told to stop', async () => {
  const stub = await startStub((_, response, count) => {
    if (count === 2) return sendProblem(response, 503, 'broken');
    sendJson(response, 200, MASTER);
    if (count === 3) process.emit('SIGINT', 'SIGINT');
  });
  const args = ['health', '--watch', '--json', '--interval', '1ms', '--url', stub.url];
  const ran = await runCommand(health, ...args);
  expect(ran.code).toBe(0);
  const lines = ran.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ node: 'n1' });
  expect(lines[1]).toEqual({ error: 'broken' });
});

test('dashboard --json needs no terminal: it is health, again and again', async () => {
  const stub = await startStub((_, response, count) => {
    sendJson(response, 200, MASTER);
    if (count === 2) process.emit('SIGINT', 'SIGINT');
  });
  const ran = await runCommand(dashboard, 'dashboard', '--json', '--url', stub.url);
  expect(ran).toMatchObject({ code: 0, err: '' });
  expect(JSON.parse(ran.out)).toEqual(MASTER);
});

test('health --help gives the default interval as one may write it', async () => {
  const { out } = await runCommand(health, 'health', '--help');
  const [, shown] = /--interval [^(]*\(default:\s+(\S+)\)/.exec(out)!;
  expect(parseDuration(shown!)).toBe(1_000);
});

test('echo measures round trips', async () => {
  const stub = await startStub((hit, response) => sendJson(response, 200, hit.json));
  const text = await runCommand(echo, 'echo', 'h\u202ei', '--count', '3', '--url', stub.url);
  expect(text.code).toBe(0);
  expect(text.out).toMatch(/^h⟨U\+202E⟩i\n3 round trips to http.*min\/avg\/max [\d.]+ ms \/ /);
  expect(stub.hits).toHaveLength(3);
  const json = JSON.parse((await runCommand(echo, 'echo', 'x', '--json', '--url', stub.url)).out);
  expect(json).toMatchObject({ text: 'x', count: 1 });
  expect(json.minMs).toBe(json.maxMs);
});

test('outcome: stored where, or exit 1', async () => {
  const stub = await startStub((_, response) =>
    sendJson(response, 200, { state: 'stored', index: 4, acks: ['n1'] }),
  );
  const found = await runCommand(outcome, 'outcome', 'a b', '--url', stub.url);
  expect(found).toEqual({ code: 0, out: 'stored at 4  acks n1\n', err: '' });
  expect(stub.hits[0]?.path).toBe('/outcomes/a%20b');
  stub.respond((_, response) => sendProblem(response, 404, 'unknown-outcome'));
  const none = await runCommand(outcome, 'outcome', 'k', '--url', stub.url);
  expect(none).toMatchObject({ code: 1, out: '' });
  expect(none.err).toMatch(/no write with the key k /);
  expect(none.err).toContain('of several messages the first has the key k-1\n');
});
