// Damaged disks, and the tools for them, with real processes: what others have is fetched, what
// nobody has is refused aloud, and a backup becomes a cluster of another size.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Launched } from './launched.ts';
import { Belongings, call, freePorts, until } from './program.ts';

const belongings = new Belongings();
afterAll(() => belongings.release());

/** Changes one byte of a message in a node's folder. */
function flip(folder: string, message: string): string {
  for (const name of readdirSync(folder).filter((file) => /^log-\d+\.seg$/.test(file))) {
    const bytes = readFileSync(join(folder, name));
    const at = bytes.indexOf(`"message":"${message}`);
    if (at < 0) continue;
    // In place, as on a disk: written as a whole, the file would be empty for a moment, and a node
    // that runs could read it then.
    const file = openSync(join(folder, name), 'r+');
    writeSync(file, Buffer.of(bytes[at + 11]! ^ 1), 0, 1, at + 11);
    closeSync(file);
    return name;
  }
  throw new Error(`${message} is not in ${folder}`);
}

const setAside = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.startsWith('damaged-'));

/** Runs a command to its end. */
async function run(...args: string[]) {
  // A cluster that is refused leaves the folder in which it would have been announced.
  const env = { REPLOG_RUN_DIR: join(await belongings.folder(), 'run') };
  const program = belongings.program(args, env);
  const { code } = await program.exited;
  return { code, lines: program.lines, stderr: program.stderr };
}

// Side by side: what one waits for, the other can use.
describe.concurrent('G19: damage', () => {
  test('in a cluster is mended from the others; its backup becomes another cluster', async () => {
    const home = await belongings.folder();
    const cluster = await Launched.start(belongings, ['--data-dir', join(home, 'old')]);
    await mended(cluster, join(home, 'old'));
    await backedUp(cluster, home);
    // Last: what it appends is large.
    await toldAndMended(cluster, join(home, 'old', 'n3'));
  });

  test('in the bookkeeping is refused once and in words, and nobody else is named', async () => {
    const home = await belongings.folder();
    const port = await freePorts(3);
    const start = ['cluster', '--plain', '--port', `${port}`, '--secondaries', '0'];
    const harm = (node: string): string => {
      mkdirSync(join(home, node), { recursive: true });
      writeFileSync(join(home, node, 'memory.json'), '{}');
      return join(home, node);
    };
    const what = 'bookkeeping that is not valid in memory.json at byte 0, in the folder';
    const node = harm('n1');
    const refused = await run(...start, '--data-dir', home);
    expect(refused.code).toBe(1);
    expect(refused.stderr.split(`${what} ${node}`)).toHaveLength(2);
    expect(refused.stderr).toContain('replog repair --help');
    const hint = `no other node can mend the bookkeeping: see \`replog repair ${node}\``;
    expect((await run('verify', node)).stderr).toContain(hint);
    const arbiter = harm('arbiter');
    const { code, stderr } = await run(...start, '--data-dir', home);
    expect(code).toBe(1);
    expect(stderr).toContain(`${what} ${arbiter}`);
    expect(stderr).toContain('remove that folder');
  });

  test('alone, a node refuses to start; verify, repair --cut, and it starts', async () => {
    const folder = join(await belongings.folder(), 'data');
    const port = await freePorts(1);
    const url = `http://127.0.0.1:${port}`;
    const args = ['master', '--json', '--port', `${port}`, '--data-dir', folder];
    const first = belongings.program(args);
    await first.event('listening');
    await until(
      () => call('GET', `${url}/readyz`),
      ({ status }) => status === 200,
      'ready',
    );
    for (let i = 1; i <= 9; i += 1) await call('POST', `${url}/messages`, { message: `m ${i}` });
    expect((await run('verify', folder)).stderr).toContain(`process ${first.child.pid}`);
    await first.stop();
    expect((await run('verify', folder)).code).toBe(0);
    const file = flip(folder, 'm 5');
    const before = readFileSync(join(folder, file));

    const refused = await run(...args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`${file} at byte \\d+, in the folder ${folder}`));
    expect(refused.stderr).toContain('replog repair --help');
    const checked = await run('verify', '--json', folder);
    expect(checked.code).toBe(1);
    const found = { ok: false, lastIndex: 4, damage: { file, remains: { upTo: 9, readable: 4 } } };
    expect(checked.lines[0]).toMatchObject(found);
    expect(await run('repair', folder)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, file))).toEqual(before);
    expect(await run('repair', '--cut', folder)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, `damaged-${file}`))).toEqual(before);

    await belongings.program(args).event('listening');
    const answer = await until(
      () => call('POST', `${url}/messages`, { message: 'again' }),
      ({ status }) => status === 201,
      'it takes writes',
    );
    expect(answer.body.index).toBe(5);
  });
});

/** First a secondary, then the master: each has everything again, and the master before it takes a
 * write. */
async function mended(cluster: Launched, dataDir: string): Promise<void> {
  const expected: string[] = [];
  const append = async (message: string, key: string): Promise<void> => {
    expected.push(message);
    const headers = { 'idempotency-key': key };
    const take = () => cluster.append(message, 'all', headers);
    const { status } = await until(take, (answer) => answer.status !== 503, 'the master writes');
    expect(status).toBe(201);
  };
  for (let i = 1; i <= 20; i += 1) await append(`message ${i}`, `key ${i}`);
  for (const [node, message] of [
    ['n2', 'message 7'],
    ['n1', 'message 12'],
  ] as const) {
    await cluster.act(node, 'stop');
    const file = flip(join(dataDir, node), message);
    await cluster.act(node, 'start');
    await append(`after ${node}`, node);
    const equal = (all: string[][]) => all.every((one) => one.join() === expected.join());
    await until(() => cluster.lists(), equal, `${node} has everything again`);
    expect(setAside(join(dataDir, node))).toEqual([`damaged-${file}`]);
  }
}

/** Damage that a read meets is told, and mended when the node starts the next time. */
async function toldAndMended(cluster: Launched, folder: string): Promise<void> {
  // More than a node keeps in memory.
  const padding = 'x'.repeat(900_000);
  for (let i = 0; i < 12; i += 1) await cluster.append(`${i} ${padding}`, 'all');
  const file = flip(folder, 'message 3');
  const read = () => call('GET', `${cluster.urls[2]}/log/3`);
  const { status, body } = await read();
  expect([status, body.code, body.file]).toEqual([500, 'damaged-log', file]);
  expect(body.offset).toBeGreaterThan(100);
  // Whoever looks at the node sees it, without having read there.
  const { damage } = (await call('GET', `${cluster.urls[2]}/health`)).body;
  expect(damage).toMatchObject({ file, offset: body.offset, running: true, mendedAt: null });
  // Who follows the log is told as well, and does not wait for what does not come.
  const followed = await run('list', '--follow', '--url', cluster.urls[2]!);
  expect([followed.code, followed.stderr]).toEqual([1, expect.stringContaining(file)]);
  const next = await cluster.append('and goes on', 'all');
  expect(next.status).toBe(201);
  const { index } = next.body;
  expect((await call('GET', `${cluster.urls[2]}/log/${index}`)).body.message).toBe('and goes on');
  await cluster.act('n3', 'restart');
  await until(read, (answer) => answer.body.message === 'message 3', 'it is mended');
  const mended = (await call('GET', `${cluster.urls[2]}/health`)).body.damage;
  expect(mended).not.toHaveProperty('running');
}

/** A backup under load becomes a cluster of another size that knows the idempotency keys. */
async function backedUp(cluster: Launched, home: string): Promise<void> {
  let loading = true;
  const acknowledged: string[] = [];
  const load = Array.from({ length: 4 }, async (_, client) => {
    for (let i = 0; loading; i += 1) {
      const message = `${client}-${i}`;
      if ((await cluster.append(message, 2)).status === 201) acknowledged.push(message);
    }
  });
  await until(
    async () => acknowledged.length,
    (count) => count > 100,
    'there is load',
  );
  const known = [...acknowledged];
  const file = join(home, 'log.backup');
  const made = await run('backup', '--json', '--url', cluster.master, file);
  loading = false;
  await Promise.all(load);
  expect(made).toMatchObject({ code: 0 });

  const target = join(home, 'new');
  // An empty one is as good as none.
  mkdirSync(target);
  expect(await run('restore', file, target)).toMatchObject({ code: 0 });
  const again = await run('restore', file, target);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('exists already')]);
  const restored = await Launched.start(belongings, ['--data-dir', target, '--secondaries', '1']);
  const [one, other] = await restored.lists();
  expect(one).toEqual(other);
  expect(one).toHaveLength(made.lines[0]!.entries as number);
  expect(known.filter((message) => !one!.includes(message))).toEqual([]);
  const headers = { 'idempotency-key': 'key 4' };
  const repeated = await restored.append('message 4', 'all', headers);
  expect([repeated.status, repeated.body.index, repeated.body.duplicate]).toEqual([200, 4, true]);
  const next = await restored.append('next', 'all');
  expect([next.status, next.body.index]).toEqual([201, one!.length + 1]);
}
