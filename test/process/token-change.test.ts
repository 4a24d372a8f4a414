// The token of a cluster becomes another one while clients write.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Answer, Belongings, call, freePorts, type Program, until } from './program.ts';

const belongings = new Belongings();
afterEach(() => belongings.release());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A token file, and the processes that read it. */
class TokenFile {
  readonly path: string;

  constructor(folder: string, name: string) {
    this.path = join(folder, name);
    this.hold('old');
  }

  hold(...tokens: readonly string[]): void {
    writeFileSync(this.path, `${tokens.join('\n')}\n`, { mode: 0o600 });
  }

  get option(): readonly string[] {
    return ['--token-file', this.path, '--require-client-token'];
  }
}

/** Appends on and on, until it is stopped; then says what was answered. */
class Writer {
  #token = 'old';
  #answered: () => void = () => undefined;
  #isOver = false;
  readonly #answers: Answer[] = [];
  readonly #over: Promise<void>;

  constructor(url: string) {
    this.#over = this.#write(url);
  }

  async #write(url: string): Promise<void> {
    while (!this.#isOver) {
      const order = { message: 'm', w: 'all', timeoutMs: 20_000 };
      this.#answers.push(await call('POST', `${url}/messages`, order, bearer(this.#token)));
      this.#answered();
    }
  }

  /** Resolves when nothing is under way with another one. */
  async use(token: string): Promise<void> {
    this.#token = token;
    await new Promise<void>((resolve) => {
      this.#answered = resolve;
    });
  }

  /** How often each status was the answer. */
  async stop(): Promise<Record<number, number>> {
    this.#isOver = true;
    await this.#over;
    const counts: Record<number, number> = {};
    for (const { status } of this.#answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }
}

const told = (program: Program, accepted: number, time: number, node?: string) => {
  const fits = (line: object) =>
    (line as { event?: string }).event === 'tokens' &&
    (line as { accepted?: number }).accepted === accepted &&
    (line as { node?: string }).node === node;
  return program.line(
    (line) => fits(line) && program.lines.filter(fits).length >= time,
    `${accepted} tokens, time ${time}`,
  );
};

test('arbiter and nodes change it one by one, and no append is refused', async () => {
  const folder = await belongings.folder();
  const port = await freePorts(4);
  const arbiterUrl = `http://127.0.0.1:${port}`;
  const start = (kind: string, at: number, ...args: readonly string[]) => {
    const file = new TokenFile(folder, `${kind}-${at}`);
    const place = ['--port', `${port + at}`, '--memory', '--json', ...file.option];
    return { file, program: belongings.program([kind, ...place, ...args]) };
  };
  const arbiter = start('arbiter', 0, '--secondaries', '2');
  await arbiter.program.event('listening');
  const nodes = [1, 2, 3].map((n) => start('node', n, '--id', `n${n}`, '--join', arbiterUrl));
  const roles = await Promise.all(nodes.map(({ program }) => program.event('role')));
  const url = `http://127.0.0.1:${port + 1 + roles.findIndex(({ role }) => role === 'master')}`;
  const first = async () => {
    const order = { message: 'first', w: 'all', timeoutMs: 20_000 };
    return (await call('POST', `${url}/messages`, order, bearer('old'))).status;
  };
  await until(first, (status) => status === 201, 'the cluster takes writes');
  const writer = new Writer(url);

  const exchange = async (time: number, ...tokens: readonly string[]) => {
    for (const { file, program } of [arbiter, ...nodes]) {
      file.hold(...tokens);
      program.child.kill('SIGHUP');
      await told(program, tokens.length, time);
    }
  };
  await exchange(1, 'old', 'new');
  await exchange(2, 'new', 'old');
  await writer.use('new');
  await exchange(1, 'new');
  const last = { message: 'with the new one alone', w: 3, timeoutMs: 20_000 };
  expect((await call('POST', `${url}/messages`, last, bearer('new'))).status).toBe(201);
  expect((await call('POST', `${url}/messages`, last, bearer('old'))).status).toBe(401);
  const counts = await writer.stop();
  expect(counts).toEqual({ 201: expect.any(Number) });
});

test('a launcher reads it again for its nodes; what is wrong there changes nothing', async () => {
  const folder = await belongings.folder();
  const file = new TokenFile(folder, 'token');
  const place = ['--port', `${await freePorts(3)}`, '--secondaries', '1', '--memory', '--json'];
  const env = { REPLOG_RUN_DIR: join(folder, 'run') };
  const cluster = belongings.program(['cluster', ...place, ...file.option], env, folder);
  const { nodes, control } = (await cluster.event('ready')) as unknown as {
    nodes: { url: string }[];
    control: string;
  };
  const url = nodes[0]!.url;
  const act = async (action: string, token: string) =>
    (await call('POST', `${control}/cluster/nodes/n2/${action}`, undefined, bearer(token))).status;
  const append = async (token: string) => {
    const order = { message: 'm', w: 2, timeoutMs: 20_000 };
    return (await call('POST', `${url}/messages`, order, bearer(token))).status;
  };

  file.hold('new', 'not a t0ken');
  cluster.child.kill('SIGHUP');
  await expect.poll(() => cluster.stderr).toContain(`line 2 of the token file ${file.path}`);
  expect(cluster.stderr).not.toContain('t0ken');
  expect([await append('old'), await append('new')]).toEqual([201, 401]);

  // It starts again later, and knows what has changed meanwhile.
  expect(await act('stop', 'old')).toBe(200);
  file.hold('new', 'old');
  cluster.child.kill('SIGHUP');
  await Promise.all([told(cluster, 2, 1), told(cluster, 2, 1, 'n1')]);
  expect(await act('start', 'new')).toBe(200);
  expect([await append('old'), await append('new')]).toEqual([201, 201]);

  file.hold('new');
  cluster.child.kill('SIGHUP');
  await Promise.all([undefined, 'n1', 'n2'].map((node) => told(cluster, 1, 1, node)));
  expect([await append('old'), await append('new')]).toEqual([401, 201]);
  expect([await act('stop', 'old'), await act('stop', 'new')]).toEqual([401, 200]);
});
