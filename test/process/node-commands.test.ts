// `replog master`, `secondary`, `node` and `arbiter` as processes: what they say first, how they
// end.

import { fork, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Belongings, call, ENTRY, freePorts, type Program, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const start = (args: readonly string[]): Program => belongings.program([...args, '--json']);

describe('the first line', () => {
  test('says where each listens, and in what role', async () => {
    const port = await freePorts(4);
    const url = (i: number) => `http://127.0.0.1:${port + i}`;
    const arbiter = start(['arbiter', '--memory', '--port', `${port}`]);
    expect(await arbiter.event('listening')).toMatchObject({
      url: url(0),
      pid: arbiter.child.pid,
    });
    const nodes = [1, 2].map((i) => {
      const place = ['--id', `n${i}`, '--port', `${port + i}`];
      return start(['node', '--memory', '--join', url(0), ...place]);
    });
    for (const [place, node] of nodes.entries()) {
      expect(await node.event('listening')).toMatchObject({
        node: `n${place + 1}`,
        url: url(place + 1),
        pid: node.child.pid,
      });
      expect(node.lines[0]).toMatchObject({ event: 'listening' });
    }
    await until(
      async () => await Promise.all([1, 2].map((i) => call('GET', `${url(i)}/health`))),
      (answers) =>
        answers
          .map(({ body }) => body.role)
          .toSorted()
          .join() === 'master,secondary',
      'both have a role',
    );
  });

  test('of an arbiter is followed by whom its folder remembers', async () => {
    const port = await freePorts(2);
    const dataDir = await belongings.folder();
    const place = ['arbiter', '--data-dir', dataDir, '--port', `${port}`];
    const arbiter = start(place);
    await arbiter.event('listening');
    const join = ['--join', `http://127.0.0.1:${port}`, '--port', `${port + 1}`];
    const node = start(['node', '--memory', '--id', 'n1', ...join]);
    await node.event('role');
    expect(arbiter.lines.map(({ event }) => event)).toEqual(['listening']);
    await arbiter.kill('SIGTERM');
    const again = start(place);
    expect(await again.event('remembered')).toEqual({
      ...{ event: 'remembered', master: 'n1', members: ['n1'] },
    });
    expect(again.lines[0]).toMatchObject({ event: 'listening' });
  });

  test('for people, each line names the node that it is about; Ctrl-C is code 0', async () => {
    const port = await freePorts(1);
    const master = belongings.program(['master', '--memory', '--port', `${port}`]);
    await master.line(({ text }) => text === 'n1 is read-write', 'it takes writes');
    expect(master.lines[0]?.text).toMatch(/^master n1 listens at /);
    expect(await master.kill('SIGINT')).toEqual({ code: 0, signal: null });
  });

  test('of a master that is its own arbiter, and a secondary that joins and leaves', async () => {
    const port = await freePorts(2);
    const master = start(['master', '--memory', '--port', `${port}`]);
    const { url } = await master.event('listening');
    expect(url).toBe(`http://127.0.0.1:${port}`);
    const join = ['--join', `${url}`, '--port', `${port + 1}`, '--leave'];
    const second = start(['secondary', '--memory', ...join]);
    expect(await second.event('listening')).toMatchObject({ node: 'n2' });
    const body = { message: 'to both', w: 2, timeoutMs: 10_000 };
    expect((await call('POST', `${url}/messages`, body)).body.acks).toEqual(['n1', 'n2']);

    const members = async () => (await call('GET', `${url}/health`)).body.members.length as number;
    expect(await members()).toBe(2);
    expect(await second.kill('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await until(members, (count) => count === 1, 'n2 has left', 1_000)).toBe(1);
    expect(await master.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  });
});

describe('a reader of the output that goes away', () => {
  /** Reads the first output and no more, as `head -1` does. */
  async function readOnce(...args: string[]) {
    const child = spawn(process.execPath, [ENTRY, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, REPLOG_RUN_DIR: await belongings.folder() },
    });
    belongings.add(async () => child.kill('SIGKILL'));
    const ended = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    const gone = new Promise<void>((resolve) => {
      child.stdout.once('data', () => child.stdout.destroy()).once('close', resolve);
    });
    return { child, ended, gone };
  }

  test('ends neither a server nor an append', async () => {
    const port = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const master = await readOnce('master', '--memory', '--json', '--port', `${port}`);
    await until(
      () => call('GET', `${url}/readyz`),
      ({ status }) => status === 200,
      'it is ready',
    );
    const append = await readOnce('append', '-', '--json', '--url', url);
    append.child.stdin.end('a line\n'.repeat(25_000));
    expect(await append.ended).toBe(0);
    expect((await call('GET', `${url}/health`)).body.lastIndex).toBe(25_000);
    master.child.kill('SIGTERM');
    expect(await master.ended).toBe(0);
  });

  test('does not end a cluster', async () => {
    const port = await freePorts(3);
    const size = ['--secondaries', '1', '--port', `${port}`];
    const cluster = await readOnce(
      'cluster',
      '--memory',
      '--json',
      '--name',
      `head-${port}`,
      ...size,
    );
    await cluster.gone;
    const nodes = `http://127.0.0.1:${port + 2}/cluster/nodes`;
    for (const verb of ['kill', 'start']) {
      expect(await call('POST', `${nodes}/n2/${verb}`)).toMatchObject({ status: 200 });
    }
    const body = { message: 'to both', w: 2, timeoutMs: 10_000 };
    expect((await call('POST', `http://127.0.0.1:${port}/messages`, body)).status).toBe(201);
    cluster.child.kill('SIGTERM');
    expect(await cluster.ended).toBe(0);
  });
});

describe('the end', () => {
  test('a port that is taken: code 2, and a sentence that names it', async () => {
    const port = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    belongings.add(() => new Promise((resolve) => server.close(resolve)));
    const master = start(['master', '--memory', '--port', `${port}`]);
    expect((await master.exited).code).toBe(2);
    expect(master.stderr).toContain(`port ${port} is taken`);
    expect(master.lines).toEqual([]);
  });

  test("an arbiter that is given a node's folder: code 2, and a sentence", async () => {
    const dataDir = await belongings.folder();
    const place = ['--data-dir', dataDir, '--port', `${await freePorts(1)}`];
    const master = start(['master', ...place]);
    await master.line(({ mode }) => mode === 'read-write', 'it takes writes');
    await master.kill('SIGKILL');
    const arbiter = start(['arbiter', ...place]);
    expect((await arbiter.exited).code).toBe(2);
    expect(arbiter.stderr).toContain(`${dataDir} holds the data of a node`);
    expect(arbiter.stderr).toContain('hint: choose another --data-dir');
  });

  test('who listens everywhere and advertises nothing is told what others are told', async () => {
    const port = await freePorts(1);
    const place = ['--host', '0.0.0.0', '--insecure', '--port', `${port}`];
    const open = start(['master', '--memory', ...place]);
    await open.event('listening');
    expect(await open.event('local-url')).toMatchObject({ url: `http://127.0.0.1:${port}` });
    const named = start([
      ...['master', '--memory', '--host', '0.0.0.0', '--insecure', '--port', '0'],
      ...['--advertise', 'http://db.example:4000'],
    ]);
    await named.event('listening');
    await named.kill('SIGTERM');
    expect(named.lines.filter(({ event }) => event === 'local-url')).toEqual([]);
  });

  test('an address that others can reach needs a token', async () => {
    const open = start(['master', '--memory', '--host', '0.0.0.0', '--port', '0']);
    expect((await open.exited).code).toBe(2);
    expect(open.stderr).toContain('--insecure');
  });
});

describe('a child of a launcher', () => {
  const args = async () => ['master', '--memory', '--json', '--port', `${await freePorts(1)}`];

  test('says by message that it listens, leaves Ctrl-C to its parent, and obeys it', async () => {
    const child = fork(ENTRY, await args(), { stdio: 'ignore' });
    belongings.add(async () => child.kill('SIGKILL'));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    const first = await new Promise((resolve) => child.once('message', resolve));
    expect(first).toMatchObject({ type: 'listening', node: 'n1', pid: child.pid });
    child.kill('SIGINT');
    const { url } = first as { url: string };
    expect((await call('GET', `${url}/livez`)).status).toBe(200);
    child.send({ type: 'stop' });
    expect(await exited).toBe(0);
  });

  test('ends when its parent is gone', async () => {
    const child = fork(ENTRY, await args(), { stdio: 'ignore' });
    belongings.add(async () => child.kill('SIGKILL'));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve) => child.once('message', resolve));
    child.disconnect();
    await exited;
  });
});
