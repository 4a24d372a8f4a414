import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { expect, test } from 'vitest';
import {
  inOrder,
  selectAll,
  selectNodes,
  targetFor,
} from '../../../src/cli/arguments/node-selection.ts';
import { readToken } from '../../../src/cli/arguments/token.ts';
import { addTargetOptions, findTarget } from '../../../src/cli/cluster/target.ts';
import { register as chaos } from '../../../src/cli/commands/chaos.ts';
import { UsageError } from '../../../src/cli/exit.ts';
import { InvalidUrl } from '../../../src/client/errors.ts';
import type { RunningCluster } from '../../../src/cluster/files/registry.ts';

function cluster(name: string, port: number): RunningCluster {
  const nodes = [0, 1, 2].map((place) => ({
    node: `n${place + 1}`,
    role: place === 0 ? 'master' : 'secondary',
    url: `http://127.0.0.1:${port + place}`,
    pid: 100 + place,
  }));
  const control = `http://127.0.0.1:${port + 3}`;
  const master = nodes[0]!.url;
  return { name, pid: 99, control, arbiter: control, master, nodes, dataDir: null };
}

function around(running: readonly RunningCluster[], env: NodeJS.ProcessEnv = {}) {
  return { env, running: async () => running };
}

const ONE = cluster('one', 4000);
const TWO = cluster('two', 5000);

test('--url comes first, then REPLOG_URL, then the running cluster, then port 4000', async () => {
  const env = { REPLOG_URL: 'http://127.0.0.1:7000/' };
  const url = 'http://127.0.0.1:8000';
  expect((await findTarget({ url }, around([ONE], env))).url).toBe(url);
  expect((await findTarget({}, around([ONE], env))).url).toBe('http://127.0.0.1:7000');
  expect((await findTarget({}, around([TWO]))).url).toBe('http://127.0.0.1:5000');
  expect(await findTarget({}, around([]))).toMatchObject({
    url: 'http://127.0.0.1:4000',
    control: null,
  });
});

test('an empty REPLOG_URL is none, an empty --url a mistake', async () => {
  const surroundings = around([TWO], { REPLOG_URL: '' });
  expect((await findTarget({}, surroundings)).url).toBe('http://127.0.0.1:5000');
  await expect(findTarget({ url: '' }, surroundings)).rejects.toThrow(InvalidUrl);
});

test('several clusters are listed, and one is chosen by name', async () => {
  const both = around([ONE, TWO]);
  await expect(findTarget({}, both)).rejects.toThrow(UsageError);
  await expect(findTarget({}, both)).rejects.toThrow(/one .*4000.*two .*5000/);
  expect((await findTarget({ name: 'two' }, both)).control).toBe('http://127.0.0.1:5003');
  await expect(findTarget({ name: 'three' }, both)).rejects.toThrow(/"three"/);
});

test('--name beats REPLOG_URL, and contradicts --url', async () => {
  const env = { REPLOG_URL: 'http://127.0.0.1:7000' };
  expect((await findTarget({ name: 'one' }, around([ONE], env))).url).toBe('http://127.0.0.1:4000');
  await expect(findTarget({ name: 'one', url: 'http://x' }, around([ONE]))).rejects.toThrow(
    UsageError,
  );
});

test('a URL of a running cluster brings its launcher with it', async () => {
  const target = await findTarget({ url: 'http://127.0.0.1:5002' }, around([ONE, TWO]));
  expect(target).toMatchObject({ control: TWO.control, cluster: TWO });
});

test('a master that is down is passed over', async () => {
  const [master, ...others] = ONE.nodes;
  const nodes = [{ ...master!, pid: null }, ...others];
  expect((await findTarget({}, around([{ ...ONE, nodes }]))).url).toBe('http://127.0.0.1:4001');
  expect((await findTarget({}, around([{ ...ONE, master: null }]))).url).toBe(master!.url);
});

test.each(['4000', 'localhost:4000', 'http://u:p@x'])('--url %s is refused', async (url) => {
  await expect(findTarget({ url }, around([]))).rejects.toMatchObject({ name: 'InvalidUrl' });
});

test('the token comes from its file, else from the environment', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'replog-token-'));
  try {
    const file = join(folder, 'token');
    await writeFile(file, 'secret\n');
    expect(readToken(file, { REPLOG_TOKEN: 'other' })).toBe('secret');
    expect(readToken(undefined, { REPLOG_TOKEN: 'other' })).toBe('other');
    expect(readToken(undefined, { REPLOG_TOKEN: '' })).toBeUndefined();
    expect(readToken(undefined, {})).toBeUndefined();
    await writeFile(file, '\nfirst\r\n  second \n');
    expect(readToken(file, {})).toBe('first');
    await writeFile(file, 'one two');
    expect(() => readToken(file, {})).toThrow(UsageError);
    expect(() => readToken(join(folder, 'none'), {})).toThrow(/cannot be read/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['n2', ['n2']],
  ['master', ['n1']],
  ['secondary', ['n2']],
  ['secondary:1', ['n2']],
  ['secondary:2', ['n3']],
  ['all', ['n1', 'n2', 'n3']],
])('%s means %j', (selector, ids) => {
  expect(selectNodes(selector, ONE.nodes).map(({ node }) => node)).toEqual(ids);
});

test('several selectors mean each node once, in the order in which they are named', () => {
  const ids = selectAll(['n3', 'secondary', 'all', 'n3'], ONE.nodes).map(({ node }) => node);
  expect(ids).toEqual(['n3', 'n2', 'n1']);
  expect(() => selectAll(['n1', 'n9'], ONE.nodes)).toThrow(/no node "n9"/);
});

test('a URL in the place of a node says where to ask; no other may stand beside it', async () => {
  const url = 'http://127.0.0.1:1';
  expect(await targetFor(url, {})).toMatchObject({ url, named: true });
  expect(await targetFor(url, { url: `${url}/` })).toMatchObject({ url });
  await expect(targetFor(url, { url: 'http://127.0.0.1:2' })).rejects.toThrow(/two addresses/);
  await expect(targetFor(url, { name: 'one' })).rejects.toThrow(/both say where to ask/);
});

test.each(['n9', 'secondary:3', 'secondary:0', 'masters', ''])('"%s" means no node', (selector) => {
  expect(() => selectNodes(selector, ONE.nodes)).toThrow(UsageError);
});

test.each(['master', 'secondary', 'all'])(
  'where others are meant by "%s", it is not taken for an id',
  (id) => {
    const nodes = [...ONE.nodes, { node: id, role: 'secondary', url: 'http://x' }];
    expect(() => selectNodes(id, nodes)).toThrow(
      expect.objectContaining({ name: 'UsageError', hint: expect.stringContaining('http://x') }),
    );
    expect(selectNodes('n1', nodes)).toEqual([nodes[0]]);
    expect(selectNodes('secondary:3', nodes)).toEqual([nodes[3]]);
  },
);

test('an id may look like a role, if nobody else is meant', () => {
  const nodes = [{ node: 'master', role: 'master', url: 'http://x' }, ...ONE.nodes.slice(1)];
  expect(selectNodes('master', nodes)).toEqual([nodes[0]]);
});

test('nodes that joined in any order stand by id, n2 before n10', () => {
  const nodes = ['n10', 'n2', 'n1'].map((node) => ({ node }));
  expect(inOrder(nodes).map(({ node }) => node)).toEqual(['n1', 'n2', 'n10']);
});

test('what a command takes where nothing is named stands in its help', () => {
  const helpOf = (register: (program: Command) => void): string => {
    const program = new Command();
    register(program);
    return (program.commands[0]?.helpInformation() ?? '').replaceAll(/\s+/g, ' ');
  };
  const plain = helpOf((program) => void addTargetOptions(program.command('x')));
  expect(plain).toContain('(default: REPLOG_URL, else the running cluster)');
  expect(helpOf(chaos)).toContain(
    '--url <url> a node of the cluster (default: a cluster of its own)',
  );
});
