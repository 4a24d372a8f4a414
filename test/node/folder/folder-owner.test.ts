// Whose data a folder has is said where it changes, and keeps nobody from starting.

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { takeFolder } from '../../../src/node/folder/folder-owner.ts';
import { serveNode } from '../../../src/node/serve.ts';
import { LONE_NODE } from '../lone-node.ts';

let dataDir: string;
const warn = vi.fn();

beforeEach(async () => {
  warn.mockReset();
  dataDir = await mkdtemp(join(tmpdir(), 'replog-owner-'));
  const folder = dataDir;
  onTestFinished(() => rm(folder, { recursive: true }));
});

const take = (id: string) => takeFolder({ id, dataDir }, { warn });

test('a node that works on the data of another one warns, once', async () => {
  await take('n2');
  await take('n2');
  expect(warn).not.toHaveBeenCalled();
  await take('n3');
  await take('n3');
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    { earlier: 'n2' },
    `the data in ${dataDir} were another node's; they are those of n3 from now on`,
  );
  expect(await readdir(dataDir)).toEqual(['node.json']);
  expect(await readFile(join(dataDir, 'node.json'), 'utf8')).toBe('{"node":"n3"}\n');
});

test('a mark that says nothing is made anew; where none can be made it goes without', async () => {
  for (const text of ['', '{"node":7}\n', 'x'.repeat(9_999)]) {
    await writeFile(join(dataDir, 'node.json'), text);
    await take('n2');
    expect(await readFile(join(dataDir, 'node.json'), 'utf8')).toBe('{"node":"n2"}\n');
  }
  await rm(join(dataDir, 'node.json'));
  await mkdir(join(dataDir, 'node.json', 'in-the-way'), { recursive: true });
  await take('n2');
  await takeFolder({ id: 'n2', dataDir: null }, { warn });
  expect(warn).not.toHaveBeenCalled();
});

test('a node marks its folder, and starts without a mark, and with that of another', async () => {
  const serve = async (id: string) => {
    const node = await serveNode({ ...LONE_NODE, id, dataDir });
    await expect.poll(() => node.role(), { timeout: 20_000 }).toBe('master');
    await node.stop();
    return readFile(join(dataDir, 'node.json'), 'utf8');
  };
  expect(await serve('n2')).toBe('{"node":"n2"}\n');
  await rm(join(dataDir, 'node.json'));
  expect(await serve('n2')).toBe('{"node":"n2"}\n');
  expect(await serve('n3')).toBe('{"node":"n3"}\n');
});
