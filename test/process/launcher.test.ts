// `replog cluster` as a user sees it: real processes, real signals, real ports.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runningClusters } from '../../src/cluster/files/registry.ts';
import { Belongings, call, ENTRY, freePorts, type Line, type Program, until } from './program.ts';

const belongings = new Belongings();
let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = await belongings.folder();
  env = { REPLOG_RUN_DIR: join(home, 'run') };
});

afterEach(() => belongings.release());

interface Cluster {
  readonly program: Program;
  readonly ready: Ready;
  readonly port: number;
}

interface Ready extends Line {
  readonly nodes: { node: string; role: string; url: string; pid: number }[];
  readonly control: string;
  readonly arbiter: string;
  readonly ms: number;
  readonly pid: number;
  readonly dataDir: string | null;
}

/** Starts a cluster in `folder`, the test's own, and waits until it is ready. */
async function cluster(
  args: readonly string[] = [],
  more: NodeJS.ProcessEnv = {},
  owner: Belongings = belongings,
  folder: string = home,
): Promise<Cluster> {
  const port = args.includes('--port') ? 0 : await freePorts(8);
  const place = port === 0 ? [] : ['--port', `${port}`];
  const all = ['cluster', '--json', ...place, ...args];
  const program = owner.program(all, { REPLOG_RUN_DIR: join(folder, 'run'), ...more }, folder);
  return { program, ready: (await program.event('ready')) as Ready, port };
}

/** What has ended stays in the table of processes until its new parent, the system's first process,
 * collects it; some take seconds for that. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    if (process.platform !== 'linux') return true;
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

const gone = (pids: readonly number[], withinMs: number) =>
  until(
    async () => pids.filter(isAlive),
    (alive) => alive.length === 0,
    'the processes are gone',
    withinMs,
  );

const pidOf = ({ pid }: { readonly pid: number }): number => pid;

const pidsOf = (ready: Ready) => ready.nodes.map(pidOf);

async function nodeOf(ready: Ready, node: string) {
  const { body } = await call('GET', `${ready.control}/cluster`);
  return body.nodes.find((one: { node: string }) => one.node === node);
}

const act = (ready: Ready, path: string, method = 'POST') =>
  call(method, `${ready.control}/cluster/nodes${path}`);

const append = (url: string, message: string, w: number | string = 'all') =>
  call('POST', `${url}/messages`, { message, w, timeoutMs: 10_000 });

/** One cluster for all: each test leaves every node running, but the last ends it. */
describe('a running cluster', () => {
  const kept = new Belongings();
  let shared: Cluster;

  beforeAll(async () => {
    shared = await cluster(['--memory'], {}, kept, await kept.folder());
  });

  afterAll(() => kept.release());

  test('is ready when every node has acknowledged, and says where everything is', async () => {
    const { program, ready, port } = shared;
    const url = (i: number) => `http://127.0.0.1:${port + i}`;
    expect(program.lines[0]).toBe(ready);
    expect(ready.nodes.map((node) => [node.node, node.role, node.url])).toEqual([
      ['n1', 'master', url(0)],
      ['n2', 'secondary', url(1)],
      ['n3', 'secondary', url(2)],
    ]);
    expect([ready.arbiter, ready.control, ready.dataDir]).toEqual([url(3), url(3), null]);
    expect(ready.pid).toBe(program.child.pid);
    expect(ready.ms).toBeLessThan(5_000);
    expect(pidsOf(ready).every(isAlive)).toBe(true);
    // Nothing was written for the proof, and a write with w = all needs no waiting.
    const answer = await append(url(0), 'first');
    expect([answer.status, answer.body.index]).toEqual([201, 1]);
    expect(answer.body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    expect(answer.ms).toBeLessThan(1_000);
  });

  test('stop and start', async () => {
    const { program, ready } = shared;
    const before = program.lines.length;
    const stopped = await act(ready, '/n2/stop');
    expect(stopped.status).toBe(200);
    expect(stopped.body).toMatchObject({ node: 'n2', state: 'stopped', pid: null });
    expect((await append(ready.nodes[0]!.url, 'without n2', 2)).status).toBe(201);
    // That is no Leave: it stays a member, which a write with w = all waits for.
    const { body: health } = await call('GET', `${ready.nodes[0]!.url}/health`);
    expect(health.members.map(({ node }: { node: string }) => node)).toContain('n2');
    expect(health.quorum.size).toBe(3);
    const started = await act(ready, '/n2/start');
    expect(started.body).toMatchObject({ state: 'running', role: 'secondary' });
    const answer = await append(ready.nodes[0]!.url, 'with n2');
    expect(answer.body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    const { body } = await call('GET', `${ready.nodes[1]!.url}/messages`);
    expect(body.messages.slice(-2)).toEqual(['without n2', 'with n2']);
    const said = program.lines.slice(before);
    expect(said).toContainEqual(expect.objectContaining({ event: 'stopped', node: 'n2' }));
    expect(said).toContainEqual(expect.objectContaining({ event: 'started', node: 'n2' }));
  });

  test('kill: the master notices, and the launcher says so', async () => {
    const { program, ready } = shared;
    const before = program.lines.length;
    expect((await act(ready, '/n3/kill')).body).toMatchObject({ state: 'exited', pid: null });
    const status = await program.line(
      (line) =>
        line.event === 'status' && line.node === 'n3' && program.lines.indexOf(line) >= before,
      'a change of status',
    );
    expect(status).toMatchObject({ from: 'Healthy', to: 'Suspected' });
    expect((await act(ready, '/n3/restart')).body).toMatchObject({ state: 'running' });
    const answer = await append(ready.nodes[0]!.url, 'all again');
    expect(answer.body.acks).toHaveLength(3);
  });

  test('a node that dies by itself is reported, and can be started again', async () => {
    const { program, ready } = shared;
    const before = program.lines.length;
    process.kill((await nodeOf(ready, 'n2')).pid, 'SIGKILL');
    const exit = await program.line(
      (line) => line.event === 'exit' && program.lines.indexOf(line) >= before,
      'an exit',
    );
    expect(exit).toMatchObject({ node: 'n2', code: null, signal: 'SIGKILL' });
    expect(await nodeOf(ready, 'n2')).toMatchObject({ state: 'exited', pid: null });
    expect((await act(ready, '/n2/start')).body.state).toBe('running');
  });

  test('pause and resume', async () => {
    const { ready } = shared;
    expect((await act(ready, '/n2/pause')).body.state).toBe('paused');
    const [master] = ready.nodes;
    const waiting = append(master!.url, 'for all');
    expect((await append(master!.url, 'for two', 2)).status).toBe(201);
    expect((await act(ready, '/n2/start')).status).toBe(409);
    expect((await act(ready, '/n2/resume')).body.state).toBe('running');
    expect((await waiting).body.acks).toHaveLength(3);
  });

  test('B60, G18: leaves no child when it is killed, paused ones included', async () => {
    const { program, ready } = shared;
    const pids = (await call('GET', `${ready.control}/cluster`)).body.nodes.map(pidOf);
    expect(pids.filter(isAlive)).toHaveLength(3);
    expect((await act(ready, '/n3/pause')).body.state).toBe('paused');
    await program.kill('SIGKILL');
    await gone(pids, 2_000);
  });
});

describe('a cluster with data', () => {
  /** Ends it; nothing of it is left but its data. */
  async function end({ program }: Cluster, pids: number[], signal: 'SIGTERM' | 'SIGINT') {
    const began = performance.now();
    expect(await program.kill(signal)).toEqual({ code: 0, signal: null });
    expect(performance.now() - began).toBeLessThan(5_000);
    await gone(pids, 100);
    expect(program.lines.at(-1)).toEqual({ event: 'stopped' });
    expect(readdirSync(env.REPLOG_RUN_DIR!)).toEqual([]);
  }

  const list = async (ready: Ready, place: number) =>
    (await call('GET', `${ready.nodes[place]!.url}/messages`)).body.messages;

  test('changes its size, stops, comes back, and without its data by --fresh', async () => {
    const first = await cluster(['--name', 'kept', '--secondaries', '1']);
    expect(first.ready.dataDir).toBe(join(home, '.replog', 'kept'));
    const added = await sizes(first.ready);
    // Everything stops, with code 0; the same nodes come back, on consecutive ports.
    await end(first, [...pidsOf(first.ready), added], 'SIGTERM');
    const second = await cluster(['--name', 'kept']);
    expect(second.ready.nodes.map(({ node }) => node)).toEqual(['n1', 'n3']);
    expect(await list(second.ready, 0)).toEqual(['three', 'two']);
    expect(await list(second.ready, 1)).toEqual(['three', 'two']);
    expect((await append(second.ready.nodes[0]!.url, 'more')).body.index).toBe(3);
    await isRefused(second.ready.dataDir!);
    await end(second, pidsOf(second.ready), 'SIGINT');
    const third = await cluster(['--name', 'kept', '--fresh', '--secondaries', '0']);
    expect(await list(third.ready, 0)).toEqual([]);
  });

  /** add and rm change the size. Returns the process of the node that was added. */
  async function sizes(ready: Ready): Promise<number> {
    const size = async () =>
      (await call('GET', `${ready.nodes[0]!.url}/health`)).body.quorum.size as number;
    const added = await act(ready, '');
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ node: 'n3', role: 'secondary', state: 'running' });
    expect(await size()).toBe(3);
    expect((await append(ready.nodes[0]!.url, 'three', 3)).body.acks).toHaveLength(3);

    expect((await act(ready, '/n2', 'DELETE')).status).toBe(200);
    expect(await size()).toBe(2);
    const two = await append(ready.nodes[0]!.url, 'two');
    expect(two.body.acks.toSorted()).toEqual(['n1', 'n3']);
    expect((await append(ready.nodes[0]!.url, 'no', 3)).status).toBe(400);
    const refused = await act(ready, '/n1', 'DELETE');
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    // The removed node goes on serving what it had, is sent nothing more, and can only be stopped.
    expect(await list(ready, 1)).toEqual(['three']);
    expect((await act(ready, '/n2/start')).body.code).toBe('conflict');
    expect((await act(ready, '/n2/stop')).body.state).toBe('stopped');
    return added.body.pid;
  }

  /** No other cluster gets the folder. */
  async function isRefused(dataDir: string): Promise<void> {
    const port = await freePorts(4);
    const args = ['cluster', '--json', '--port', `${port}`, '--data-dir', dataDir];
    const program = belongings.program(args, env, home);
    expect((await program.exited).code).toBe(1);
    expect(program.stderr).toContain('is in use by the cluster kept');
  }
});

describe('replog cluster', () => {
  test('starts nothing when one port of the block is taken, and names it', async () => {
    const port = await freePorts(4);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port + 3, '127.0.0.1', resolve));
    belongings.add(() => new Promise((resolve) => server.close(resolve)));
    const program = belongings.program(['cluster', '--json', '--port', `${port}`], env, home);
    expect((await program.exited).code).toBe(2);
    expect(program.stderr).toContain(`port ${port + 3} is taken`);
    expect(program.lines).toEqual([]);
    expect(existsSync(join(home, '.replog'))).toBe(false);
  });

  test('runs beside others', async () => {
    const [a, b] = await Promise.all([
      cluster(['--memory', '--secondaries', '0']),
      cluster(['--memory', '--secondaries', '0', '--port', '0']),
    ]);
    expect((await append(a.ready.nodes[0]!.url, 'a')).status).toBe(201);
    expect((await append(b.ready.nodes[0]!.url, 'b')).status).toBe(201);
    expect(readdirSync(env.REPLOG_RUN_DIR!)).toHaveLength(2);
  });

  test('of two with one name that start at the same moment, one does', async () => {
    const port = await freePorts(4);
    const common = ['cluster', '--json', '--memory', '--secondaries', '0', '--name', 'a'];
    const two = [port, port + 2].map((own) =>
      belongings.program([...common, '--port', `${own}`], env, home),
    );
    const [late] = await Promise.race(two.map(async (one) => [one, await one.exited] as const));
    expect((await late.exited).code).toBe(1);
    expect(late.stderr).toMatch(
      /^replog: a cluster a (?:is being started|runs already) \(pid \d+\)/,
    );
    expect([late.lines, late.stderr]).toEqual([[], expect.stringContaining('\nhint: ')]);
    const other = two.find((one) => one !== late)!;
    expect(await other.event('ready')).toMatchObject({ name: 'a' });
    expect(readdirSync(env.REPLOG_RUN_DIR!)).toEqual([`a.${other.child.pid}.json`]);
  });

  test('only with the token, where there is one, something can be done to it', async () => {
    const { ready } = await cluster(['--memory', '--secondaries', '0'], { REPLOG_TOKEN: 's3cret' });
    expect((await act(ready, '/n1/stop')).status).toBe(401);
    const headers = { authorization: 'Bearer s3cret' };
    const { status } = await call(
      'POST',
      `${ready.control}/cluster/nodes/n1/stop`,
      undefined,
      headers,
    );
    expect(status).toBe(200);
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(stdout).not.toContain('s3cret');
  });
});

describe('in the background', () => {
  /** Starts a single node there; returns what the starter printed, once it has ended. */
  async function detached(...args: readonly string[]) {
    const place = ['--secondaries', '0', '--port', `${await freePorts(2)}`];
    const all = ['cluster', '--json', '--detach', ...place, ...args];
    const starter = belongings.program(all, env, home);
    expect(await starter.exited).toEqual({ code: 0, signal: null });
    const ready = starter.lines[0] as Ready;
    belongings.add(async () => {
      if (isAlive(ready.pid)) process.kill(ready.pid, 'SIGKILL');
    });
    return { starter, ready, url: ready.nodes[0]!.url };
  }

  async function end(ready: Ready): Promise<void> {
    process.kill(ready.pid, 'SIGTERM');
    await gone([ready.pid, ...pidsOf(ready)], 5_000);
  }

  test('--detach prints the ready line and ends, and the cluster goes on', async () => {
    const { starter, ready, url } = await detached('--memory');
    expect(starter.lines).toHaveLength(1);
    expect(ready.pid).not.toBe(starter.child.pid);
    expect((await append(url, 'still there')).status).toBe(201);
    await end(ready);
  });

  test('--detach hands on what it was told: token, w, folder, to begin anew', async () => {
    const [token, data] = [join(home, 'token'), join(home, 'elsewhere')];
    writeFileSync(token, 's3cret\n', { mode: 0o600 });
    const headers = { authorization: 'Bearer s3cret' };
    const told = ['--token-file', token, '--require-client-token', '--w', '1', '--data-dir', data];
    const first = await detached(...told);
    expect(first.ready.dataDir).toBe(data);
    expect((await append(first.url, 'from a stranger')).status).toBe(401);
    const written = await call('POST', `${first.url}/messages`, { message: 'a' }, headers);
    expect([written.status, written.body.w]).toEqual([201, 1]);
    await end(first.ready);
    const anew = await detached(...told, '--fresh');
    const { body } = await call('GET', `${anew.url}/messages`, undefined, headers);
    expect(body).toMatchObject({ messages: [], lastIndex: 0 });
    await end(anew.ready);
  });

  test('--detach fails like the launcher, and leaves the output of another alone', async () => {
    const { port } = await cluster(['--memory', '--secondaries', '0', '--name', 'a']);
    const output = join(env.REPLOG_RUN_DIR!, 'a.log');
    writeFileSync(output, 'of the first\n');
    const detach = ['cluster', '--memory', '--detach'];
    const place = belongings.program([...detach, '--port', `${port}`], env, home);
    const name = belongings.program([...detach, '--name', 'a', '--port', '0'], env, home);
    expect((await place.exited).code).toBe(2);
    expect(place.stderr).toContain(`port ${port} is taken`);
    expect((await name.exited).code).toBe(1);
    expect(name.stderr).toMatch(
      /a cluster a runs already .*\nhint: `replog stop --name a` ends it; [^;]*\n$/,
    );
    expect(readFileSync(output, 'utf8')).toBe('of the first\n');
  });

  test('of two --detach with one name at one moment, one has the name and the log', async () => {
    const port = await freePorts(4);
    const common = ['cluster', '--detach', '--memory', '--secondaries', '0', '--name', 'a'];
    const two = [port, port + 2].map((own) =>
      belongings.program([...common, '--port', `${own}`], env, home),
    );
    const codes = await Promise.all(two.map(async ({ exited }) => (await exited).code));
    const [ready] = await runningClusters(env.REPLOG_RUN_DIR!);
    belongings.add(async () => {
      if (ready !== undefined) process.kill(ready.pid, 'SIGKILL');
    });
    expect(codes.toSorted()).toEqual([0, 1]);
    const { stderr } = two[codes.indexOf(1)]!;
    expect(stderr).toMatch(/^replog: a cluster a (?:is being started|runs already) \(pid \d+\)\n/);
    const log = join(env.REPLOG_RUN_DIR!, 'a.log');
    const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
    // What the other one had to say, whoever started it has said.
    expect(lines.filter((line) => !line.startsWith('{'))).toEqual([]);
    expect(lines.filter((line) => line.includes('"ready"'))).toHaveLength(1);
    expect(stderr).not.toContain(log);
    expect(readdirSync(env.REPLOG_RUN_DIR!).filter((file) => file.endsWith('.claim'))).toEqual([]);
  });

  test('below npm, as npx starts it through a link, it ends when npm does', async () => {
    const link = join(home, 'replog');
    symlinkSync(ENTRY, link);
    const place = ['--secondaries', '0', '--port', `${await freePorts(2)}`];
    // What `npx replog` comes to, without linking (and so building) the checkout first.
    const line = [link, 'cluster', '--json', '--memory', ...place].join(' ');
    const npm = spawn('npm', ['exec', '--offline', '--call', line], {
      cwd: home,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [text] = (await npm.stdout.take(1).toArray()) as Buffer[];
    const ready = JSON.parse(String(text).split('\n')[0]!) as Ready;
    expect(ready).toMatchObject({ event: 'ready' });
    belongings.add(async () => {
      if (isAlive(ready.pid)) process.kill(ready.pid, 'SIGKILL');
    });
    npm.kill('SIGTERM');
    await gone([ready.pid, ...pidsOf(ready)], 5_000);
  });
});
