// verify, repair, backup and restore on the command line: what they refuse, and how they say it.

import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { register as backup } from '../../src/cli/commands/backup.ts';
import { register as repair } from '../../src/cli/commands/repair.ts';
import { register as restore } from '../../src/cli/commands/restore.ts';
import { register as verify } from '../../src/cli/commands/verify.ts';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { RealDisk } from '../../src/persistence/real-disk.ts';
import { openSegmentedLog } from '../../src/persistence/segmented-log.ts';
import { at, entriesOf } from '../persistence/entries.ts';
import { runCommand } from './command-run.ts';

const replog = (...args: string[]) => runCommand([backup, restore, verify, repair], ...args);

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'replog-test-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A node's folder with so many messages. */
async function folderWith(count: number, ...path: string[]): Promise<string> {
  const folder = join(home, ...path);
  const log = openSegmentedLog(new RealDisk(folder));
  await log.recover(() => undefined);
  log.append(entriesOf(1, count));
  await log.persist(1, at(count));
  await log.remember(BLANK_MEMORY);
  await log.close();
  return folder;
}

describe('backup and restore', () => {
  test('of a cluster that is not running: the node that has the most', async () => {
    await folderWith(3, 'cluster', 'n1');
    await folderWith(5, 'cluster', 'n2');
    const file = join(home, 'log.backup');
    const made = await replog('backup', '--json', join(home, 'cluster'), file);
    expect(JSON.parse(made.out)).toMatchObject({ entries: 5, first: 1, last: 5, node: 'n2' });
    expect((await replog('backup', join(home, 'cluster'), file)).code).toBe(2);
    expect((await replog('backup', '--force', join(home, 'cluster'), file)).code).toBe(0);

    const into = join(home, 'new');
    expect((await replog('restore', '--check', file)).out).toContain('whole: 5 entries, 1 to 5');
    expect((await replog('restore', file, into)).out).toContain(`--data-dir ${into}`);
    expect(await readdir(into)).toEqual(['n1']);
    expect((await replog('verify', into)).out).toContain('5 entries, 1 to 5');
    expect((await replog('restore', file, into)).code).toBe(2);
    expect((await replog('restore', '--node', file, join(home, 'one'))).code).toBe(0);
    expect(await readdir(join(home, 'one'))).toContain('memory.json');
  });

  test('what cannot be is said, and nothing is left of it', async () => {
    const folder = await folderWith(3, 'n1');
    expect((await replog('backup', folder, folder, folder)).code).toBe(2);
    expect((await replog('backup', folder, home)).err).toContain('is a folder');
    expect((await replog('restore', join(home, 'none'), 'x')).err).toContain('no file');
    await writeFile(join(home, 'text'), 'hello\n');
    const refused = await replog('restore', join(home, 'text'), join(home, 'new'));
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('no backup')]);
    expect((await replog('restore', join(home, 'text'))).code).toBe(2);
    expect((await readdir(home)).sort()).toEqual(['n1', 'text']);
  });

  test('a backup takes the place of a plain file only', async () => {
    const folder = await folderWith(3, 'n1');
    const pipe = join(home, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect((await replog('backup', '--force', folder, pipe)).err).toContain('is no plain file');
    expect((await lstat(pipe)).isFIFO()).toBe(true);
    expect((await replog('backup', folder, '-')).err).toContain('a backup goes to a file');
    expect((await replog('backup', folder, '')).err).toContain('the name of the file is empty');
    await symlink(join(home, 'gone'), join(home, 'link'));
    expect((await replog('backup', folder, join(home, 'link'))).err).toContain('exists already');
  });

  test('a restore into a folder that cannot be', async () => {
    const file = join(home, 'log.backup');
    expect((await replog('backup', await folderWith(3, 'n1'), file)).code).toBe(0);
    const nowhere = await replog('restore', file, '');
    expect(nowhere.err).toContain('DATA-DIR is empty');
    expect(nowhere.code).toBe(2);
    if (process.platform === 'linux') {
      expect((await replog('restore', file, '/proc/replog')).err).toContain(
        'no folder can be made',
      );
      expect((await replog('restore', '--node', file, '/proc/replog')).code).toBe(2);
    }
  });

  test('a node that does not answer leaves no file', async () => {
    const file = join(home, 'log.backup');
    const { code } = await replog('backup', '--url', 'http://127.0.0.1:1', file);
    expect([code, await readdir(home)]).toEqual([3, []]);
  });
});

describe('verify and repair', () => {
  test('a folder that is none, or not one of replog', async () => {
    expect((await replog('verify', join(home, 'none'))).code).toBe(2);
    await mkdir(join(home, 'empty'));
    const { code, err } = await replog('verify', join(home, 'empty'));
    expect([code, err]).toEqual([2, expect.stringContaining('no data of replog')]);
  });

  test('a repair is of one node, and says if there is nothing to do', async () => {
    await folderWith(3, 'cluster', 'n1');
    await folderWith(3, 'cluster', 'n2');
    const several = await replog('repair', join(home, 'cluster'));
    expect([several.code, several.err]).toEqual([2, expect.stringContaining('n1, n2')]);
    const { code, out } = await replog('repair', '--cut', join(home, 'cluster', 'n2'));
    expect([code, out]).toEqual([0, expect.stringContaining('nothing to repair')]);
  });
});
