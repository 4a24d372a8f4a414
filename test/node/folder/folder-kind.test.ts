// A folder is a node's or an arbiter's; who is given one of the other kind leaves it as it is.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Memory, memoryBeside } from '../../../src/core/effects.ts';
import { epoch, logIndex, nodeId } from '../../../src/core/ids.ts';
import { serveArbiter } from '../../../src/node/arbiter/serve-arbiter.ts';
import { refuseArbiters, refuseNodes } from '../../../src/node/folder/folder-kind.ts';
import { serveNode } from '../../../src/node/serve.ts';
import { LONE_NODE } from '../lone-node.ts';

const serve = (id: string, own: { join?: string[]; dataDir?: string | null }) =>
  serveNode({ ...LONE_NODE, id, ...own });

const arbitrate = (dataDir: string) =>
  serveArbiter({ host: '127.0.0.1', port: 0, tokens: null, size: null, dataDir });

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'replog-kind-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** A machine that is busy with other things is no failure. */
const SOON = { timeout: 20_000 };

const remembered = (dataDir: string) => readFile(join(dataDir, 'memory.json'), 'utf8');

test('an arbiter leaves the folder of a node as it is, which lets that node go on', async () => {
  const dataDir = await folder();
  const node = await serve('n1', { dataDir });
  await expect.poll(() => node.role(), SOON).toBe('master');
  await node.stop();
  const before = await remembered(dataDir);
  await expect(arbitrate(dataDir)).rejects.toThrow(`${dataDir} holds the data of a node`);
  expect(await remembered(dataDir)).toBe(before);
  const again = await serve('n1', { dataDir });
  await expect.poll(() => again.role(), SOON).toBe('master');
  await again.stop();
});

test('a node leaves the folder of an arbiter as it is, which lets that arbiter go on', async () => {
  const dataDir = await folder();
  const arbiter = await arbitrate(dataDir);
  const first = await serve('n1', { join: [arbiter.url] });
  await expect.poll(() => first.role(), SOON).toBe('master');
  const nodes = [first, await serve('n2', { join: [arbiter.url] })];
  const roles = () => nodes.map((node) => node.role());
  await expect.poll(roles, SOON).toEqual(['master', 'secondary']);
  await Promise.all([...nodes, arbiter].map((one) => one.stop()));
  const before = await remembered(dataDir);
  await expect(serve('n1', { dataDir })).rejects.toThrow(`${dataDir} holds what an arbiter`);
  expect(await remembered(dataDir)).toBe(before);
  const again = await arbitrate(dataDir);
  expect(
    again
      .members()
      .map(({ node }) => node)
      .sort(),
  ).toEqual(['n1', 'n2']);
  await again.stop();
});

const knowing = (...ids: string[]): Memory => {
  const members = ids.map((id) => ({ node: nodeId(id), url: 'http://x', incarnation: 'i' }));
  const arbiter = { epoch: epoch(1), master: nodeId(ids[0]!), members, size: null };
  return { ...memoryBeside(epoch(0)), arbiter };
};

test('whose a folder is, is told by epochs of its own, by a log, and by whom it knows', () => {
  const empty = { memory: null, lastIndex: logIndex(0) };
  const first = { memory: knowing('n1'), lastIndex: logIndex(0) };
  const arbiters = { memory: knowing('n1', 'n2'), lastIndex: logIndex(0) };
  const logOnly = { memory: null, lastIndex: logIndex(1) };
  const nodes = { memory: memoryBeside(epoch(1)), lastIndex: logIndex(0) };
  for (const found of [empty, first, arbiters]) refuseNodes(found, 'f');
  for (const found of [logOnly, nodes]) expect(() => refuseNodes(found, 'f')).toThrow('f holds');
  // A master that ended at its very first start knows itself alone; where there is a log, there is
  // a node.
  const withLog = { ...arbiters, lastIndex: logIndex(1) };
  for (const found of [empty, first, logOnly, nodes, withLog]) refuseArbiters('n1', found, 'f');
  expect(() => refuseArbiters('n1', arbiters, 'f')).toThrow('f holds');
});
