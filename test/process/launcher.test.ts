// `replog cluster` as a user sees it: real processes, real signals, real ports.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Belongings, call, ENTRY, freePorts, type Line, type Program, until } from './program.ts';

const belongings = new Belongings();
let home: string;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = await belongings.folder();
  env = { REPLOG_RUN_DIR: join(home, 'run') };
});

afterEach(() => belongings.release());

interface Ready extends Line {
  readonly nodes: { node: string; role: string; url: string; pid: number }[];
  readonly control: string;
  readonly arbiter: string;
  readonly ms: number;
  readonly pid: number;
  readonly dataDir: string | null;
}

/** Starts a cluster in the test's own folder, and waits until it is ready. */
async function cluster(
  args: readonly string[] = [],
  more: NodeJS.ProcessEnv = {},
): Promise<{ program: Program; ready: Ready; port: number }> {
  const port = args.includes('--port') ? 0 : await freePorts(8);
  const place = port === 0 ? [] : ['--port', `${port}`];
  const program = belongings.program(
    ['cluster', '--json', ...place, ...args],
    { ...env, ...more },
    home,
  );
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

const pidsOf = (ready: Ready) => ready.nodes.map(({ pid }) => pid);

async function nodeOf(ready: Ready, node: string) {
  const { body } = await call('GET', `${ready.control}/cluster`);
  return body.nodes.find((one: { node: string }) => one.node === node);
}

const act = (ready: Ready, path: string, method = 'POST') =>
  call(method, `${ready.control}/cluster/nodes${path}`);

const append = (url: string, message: string, w: number | string = 'all') =>
  call('POST', `${url}/messages`, { message, w, timeoutMs: 10_000 });

describe('replog cluster', () => {
  test('is ready when every node has acknowledged, and says where everything is', async () => {
    const { program, ready, port } = await cluster(['--memory']);
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

  test.each(['SIGTERM', 'SIGINT'] as const)(
    'stops everything on %s, with code 0',
    async (signal) => {
      const { program, ready } = await cluster(['--memory']);
      const began = performance.now();
      expect(await program.kill(signal)).toEqual({ code: 0, signal: null });
      expect(performance.now() - began).toBeLessThan(5_000);
      await gone(pidsOf(ready), 100);
      expect(program.lines.at(-1)).toEqual({ event: 'stopped' });
      expect(readdirSync(env.REPLOG_RUN_DIR!)).toEqual([]);
    },
  );

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

  test('G18: leaves no child when it is killed, paused ones included', async () => {
    const { program, ready } = await cluster(['--memory']);
    expect((await act(ready, '/n3/pause')).body.state).toBe('paused');
    await program.kill('SIGKILL');
    await gone(pidsOf(ready), 2_000);
  });

  test('comes back with its data, and without them after --fresh', async () => {
    const first = await cluster(['--name', 'kept']);
    expect(first.ready.dataDir).toBe(join(home, '.replog', 'kept'));
    await append(first.ready.nodes[0]!.url, 'kept');
    await first.program.kill('SIGTERM');

    const second = await cluster(['--name', 'kept']);
    const list = async (ready: Ready) =>
      (await call('GET', `${ready.nodes[0]!.url}/messages`)).body.messages;
    expect(await list(second.ready)).toEqual(['kept']);
    expect((await append(second.ready.nodes[0]!.url, 'more')).body.index).toBe(2);
    await second.program.kill('SIGTERM');

    const third = await cluster(['--name', 'kept', '--fresh']);
    expect(await list(third.ready)).toEqual([]);
  });

  test('refuses a folder on which another cluster runs', async () => {
    const { ready } = await cluster(['--name', 'a']);
    const port = await freePorts(4);
    const args = ['cluster', '--json', '--port', `${port}`, '--data-dir', ready.dataDir!];
    const program = belongings.program(args, env, home);
    expect((await program.exited).code).toBe(1);
    expect(program.stderr).toContain('is in use by the cluster a');
  });

  test('runs beside others', async () => {
    const [a, b] = await Promise.all([
      cluster(['--memory', '--secondaries', '1']),
      cluster(['--memory', '--secondaries', '0', '--port', '0']),
    ]);
    expect((await append(a.ready.nodes[0]!.url, 'a')).status).toBe(201);
    expect((await append(b.ready.nodes[0]!.url, 'b')).status).toBe(201);
    expect(readdirSync(env.REPLOG_RUN_DIR!)).toHaveLength(2);
  });

  test('starts through a symlink and from another folder', async () => {
    const link = join(home, 'replog');
    symlinkSync(ENTRY, link);
    const port = await freePorts(2);
    const args = ['cluster', '--json', '--memory', '--secondaries', '0', '--port', `${port}`];
    const child = spawn(link, args, {
      cwd: home,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    belongings.add(async () => {
      child.kill('SIGTERM');
      await exited;
    });
    const [text] = (await child.stdout.take(1).toArray()) as Buffer[];
    expect(JSON.parse(String(text).split('\n')[0]!)).toMatchObject({ event: 'ready' });
  });
});

describe('what can be done to a running cluster', () => {
  test('stop and start', async () => {
    const { program, ready } = await cluster(['--memory']);
    const stopped = await act(ready, '/n2/stop');
    expect(stopped.status).toBe(200);
    expect(stopped.body).toMatchObject({ node: 'n2', state: 'stopped', pid: null });
    expect((await append(ready.nodes[0]!.url, 'without n2', 2)).status).toBe(201);
    const started = await act(ready, '/n2/start');
    expect(started.body).toMatchObject({ state: 'running', role: 'secondary' });
    const answer = await append(ready.nodes[0]!.url, 'with n2');
    expect(answer.body.acks.toSorted()).toEqual(['n1', 'n2', 'n3']);
    const { body } = await call('GET', `${ready.nodes[1]!.url}/messages`);
    expect(body.messages).toEqual(['without n2', 'with n2']);
    expect(program.lines).toContainEqual(expect.objectContaining({ event: 'stopped', node: 'n2' }));
    expect(program.lines).toContainEqual(expect.objectContaining({ event: 'started', node: 'n2' }));
  });

  test('kill: the master notices, and the launcher says so', async () => {
    const { program, ready } = await cluster(['--memory']);
    expect((await act(ready, '/n3/kill')).body).toMatchObject({ state: 'exited', pid: null });
    const status = await program.line(
      (line) => line.event === 'status' && line.node === 'n3',
      'a change of status',
    );
    expect(status).toMatchObject({ from: 'Healthy', to: 'Suspected' });
    expect((await act(ready, '/n3/restart')).body).toMatchObject({ state: 'running' });
    const answer = await append(ready.nodes[0]!.url, 'all again');
    expect(answer.body.acks).toHaveLength(3);
  });

  test('a node that dies by itself is reported, and can be started again', async () => {
    const { program, ready } = await cluster(['--memory']);
    process.kill(ready.nodes[1]!.pid, 'SIGKILL');
    const exit = await program.event('exit');
    expect(exit).toMatchObject({ node: 'n2', code: null, signal: 'SIGKILL' });
    expect(await nodeOf(ready, 'n2')).toMatchObject({ state: 'exited', pid: null });
    expect((await act(ready, '/n2/start')).body.state).toBe('running');
  });

  test('pause and resume', async () => {
    const { ready } = await cluster(['--memory']);
    expect((await act(ready, '/n2/pause')).body.state).toBe('paused');
    const [master] = ready.nodes;
    const waiting = append(master!.url, 'for all');
    expect((await append(master!.url, 'for two', 2)).status).toBe(201);
    expect((await act(ready, '/n2/start')).status).toBe(409);
    expect((await act(ready, '/n2/resume')).body.state).toBe('running');
    expect((await waiting).body.acks).toHaveLength(3);
  });

  test('add and rm change the size', async () => {
    const { program, ready } = await cluster([]);
    const size = async () =>
      (await call('GET', `${ready.nodes[0]!.url}/health`)).body.quorum.size as number;
    const added = await act(ready, '');
    expect(added.status).toBe(201);
    expect(added.body).toMatchObject({ node: 'n4', role: 'secondary', state: 'running' });
    expect(await size()).toBe(4);
    expect((await append(ready.nodes[0]!.url, 'four', 4)).body.acks).toHaveLength(4);

    expect((await act(ready, '/n2', 'DELETE')).status).toBe(200);
    expect(await size()).toBe(3);
    expect((await append(ready.nodes[0]!.url, 'three')).body.acks.toSorted()).toEqual([
      'n1',
      'n3',
      'n4',
    ]);
    expect((await append(ready.nodes[0]!.url, 'no', 4)).status).toBe(400);
    const refused = await act(ready, '/n1', 'DELETE');
    expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
    // The removed node goes on serving what it had, is sent nothing more, and can only be stopped.
    const removed = ready.nodes.find(({ node }) => node === 'n2')!;
    expect((await call('GET', `${removed.url}/messages`)).body.messages).toEqual(['four']);
    expect((await act(ready, '/n2/start')).body.code).toBe('conflict');
    expect((await act(ready, '/n2/stop')).body.state).toBe('stopped');

    // The same nodes come back, on consecutive ports.
    await program.kill('SIGTERM');
    const again = await cluster(['--data-dir', ready.dataDir!]);
    expect(again.ready.nodes.map(({ node }) => node)).toEqual(['n1', 'n3', 'n4']);
    const { body } = await call('GET', `${again.ready.nodes[1]!.url}/messages`);
    expect(body.messages).toEqual(['four', 'three']);
  });

  test('only with the token, where there is one', async () => {
    const { ready } = await cluster(['--memory'], { REPLOG_TOKEN: 's3cret' });
    expect((await act(ready, '/n2/stop')).status).toBe(401);
    const headers = { authorization: 'Bearer s3cret' };
    const { status } = await call(
      'POST',
      `${ready.control}/cluster/nodes/n2/stop`,
      undefined,
      headers,
    );
    expect(status).toBe(200);
    const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(stdout).not.toContain('s3cret');
  });
});

describe('in the background', () => {
  test('--detach prints the ready line and ends, and the cluster goes on', async () => {
    const port = await freePorts(4);
    const args = ['cluster', '--json', '--memory', '--detach', '--port', `${port}`];
    const starter = belongings.program(args, env, home);
    expect(await starter.exited).toEqual({ code: 0, signal: null });
    const ready = starter.lines[0] as Ready;
    belongings.add(async () => {
      if (isAlive(ready.pid)) process.kill(ready.pid, 'SIGKILL');
    });
    expect(starter.lines).toHaveLength(1);
    expect(ready.pid).not.toBe(starter.child.pid);
    expect((await append(ready.nodes[0]!.url, 'still there')).status).toBe(201);
    process.kill(ready.pid, 'SIGTERM');
    await gone([ready.pid, ...pidsOf(ready)], 5_000);
  });

  test('--detach fails like the launcher itself', async () => {
    const { port } = await cluster(['--memory', '--secondaries', '0']);
    const args = ['cluster', '--memory', '--detach', '--port', `${port}`];
    const starter = belongings.program(args, env, home);
    expect((await starter.exited).code).toBe(2);
    expect(starter.stderr).toContain(`port ${port} is taken`);
  });

  test('--detach leaves the output of a running cluster of that name alone', async () => {
    await cluster(['--memory', '--secondaries', '0', '--name', 'a']);
    const output = join(env.REPLOG_RUN_DIR!, 'a.log');
    writeFileSync(output, 'of the first\n');
    const args = ['cluster', '--memory', '--detach', '--name', 'a', '--port', '0'];
    const starter = belongings.program(args, env, home);
    expect((await starter.exited).code).toBe(1);
    expect(starter.stderr).toMatch(
      /a cluster a runs already .*\nhint: `replog stop --name a` ends it; [^;]*\n$/,
    );
    expect(readFileSync(output, 'utf8')).toBe('of the first\n');
  });

  test('below npm, as npx starts it, it ends when npm does', async () => {
    const port = await freePorts(2);
    const place = ['--secondaries', '0', '--port', `${port}`];
    // What `npx replog` comes to, without linking (and so building) the checkout first.
    const line = [process.execPath, ENTRY, 'cluster', '--json', '--memory', ...place].join(' ');
    const npm = spawn('npm', ['exec', '--offline', '--call', line], {
      cwd: home,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [text] = (await npm.stdout.take(1).toArray()) as Buffer[];
    const ready = JSON.parse(String(text).split('\n')[0]!) as Ready;
    belongings.add(async () => {
      if (isAlive(ready.pid)) process.kill(ready.pid, 'SIGKILL');
    });
    npm.kill('SIGTERM');
    await gone([ready.pid, ...pidsOf(ready)], 5_000);
  });
});
