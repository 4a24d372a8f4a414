// verify, repair, backup and restore on the command line: what they refuse, and how they say it.

import { execFileSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BackupFile, writeBackup } from '../../src/cli/backup/backup-file.ts';
import { register as backup } from '../../src/cli/commands/backup.ts';
import { register as repair } from '../../src/cli/commands/repair.ts';
import { register as restore } from '../../src/cli/commands/restore.ts';
import { register as verify } from '../../src/cli/commands/verify.ts';
import { Refused } from '../../src/cli/exit.ts';
import { BLANK_MEMORY } from '../../src/core/effects.ts';
import { epoch, logIndex } from '../../src/core/ids.ts';
import { BackupWriter } from '../../src/persistence/backup/backup.ts';
import { Bookkeeping } from '../../src/persistence/bookkeeping/bookkeeping.ts';
import { RealDisk } from '../../src/persistence/disk/real-disk.ts';
import { openSegmentedLog } from '../../src/persistence/log/segmented-log.ts';
import { at, entriesOf, entryAt } from '../persistence/entries.ts';
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

  test('commands that are named can be copied, whatever the folder is called', async () => {
    const file = join(home, 'log.backup');
    await replog('backup', await folderWith(3, 'n1'), file);
    const into = join(home, "it's new");
    const restored = await replog('restore', file, into);
    expect(restored.out).toContain(`replog cluster --data-dir '${home}/it'\\''s new'\n`);
    const [segment] = (await readdir(join(into, 'n1'))).filter((name) => name.endsWith('.seg'));
    const path = join(into, 'n1', segment!);
    const bytes = await readFile(path);
    // The first record, with more behind it: that is no torn end.
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    const { code, err } = await replog('verify', into);
    expect([code, err]).toEqual([1, expect.stringContaining(`repair '${home}/it'\\''s new/n1'`)]);
  });

  test('what cannot be is said, and nothing is left of it', async () => {
    const folder = await folderWith(3, 'n1');
    expect((await replog('backup', folder, folder, folder)).code).toBe(2);
    expect((await replog('backup', folder, home)).err).toContain('is a folder');
    expect((await replog('restore', join(home, 'none'), 'x')).err).toContain('no such file');
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

  test('a full disk is said in a sentence, and nothing is left there', async () => {
    const file = join(home, 'log.backup');
    await writeFile(file, 'the one before');
    const full = Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    const made = writeBackup({ file, force: true }, async () => {
      throw full;
    });
    await expect(made).rejects.toThrow(Refused);
    await expect(made).rejects.toMatchObject({
      message: `there is no room for ${file}: the disk was full after 0 bytes`,
      hint: expect.stringContaining('make room'),
    });
    expect(await readFile(file, 'utf8')).toBe('the one before');
    expect(await readdir(home)).toEqual(['log.backup']);
  });

  test('two at once to one file: the first that is whole keeps the name', async () => {
    const file = join(home, 'log.backup');
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const backupOf = (count: number, before: Promise<void> | null) => async (to: BackupFile) => {
      const writer = new BackupWriter();
      const head = { at: '2026-01-01T00:00:00.000Z', node: null, lastIndex: count };
      to.write(Buffer.from(writer.head(head)));
      await before;
      for (const entry of entriesOf(1, count)) to.write(Buffer.from(writer.entry(entry)));
      to.write(Buffer.from(writer.end()));
    };
    const slow = writeBackup({ file }, backupOf(5, held));
    await writeBackup({ file }, backupOf(3, null));
    release();
    await expect(slow).rejects.toThrow(`${file} exists already`);
    expect(await readdir(home)).toEqual(['log.backup']);
    expect((await replog('restore', '--check', file)).out).toContain('whole: 3 entries');
    await writeBackup({ file, force: true }, backupOf(5, null));
    expect((await replog('restore', '--check', file)).out).toContain('whole: 5 entries');
  });

  test('a node that does not answer leaves no file', async () => {
    const file = join(home, 'log.backup');
    const { code } = await replog('backup', '--url', 'http://127.0.0.1:1', file);
    expect([code, await readdir(home)]).toEqual([3, []]);
  });
});

describe('verify and repair', () => {
  test('a segment that is gone, though its summary is there, is damage', async () => {
    const folder = await folderWith(1_000, 'n1');
    expect((await readdir(folder)).filter((name) => name.endsWith('.sum'))).toHaveLength(1);
    const name = 'log-0000000000000001.seg';
    await rm(join(folder, name));
    const { code, err, out } = await replog('verify', folder);
    expect([code, err]).toEqual([1, expect.stringContaining(`there is damage in ${folder}`)]);
    expect(out).toContain(`DAMAGED  ${folder}`);
    expect(out).toMatch(new RegExp(`damage: ${name} is gone: log-.*\\.sum tells of entries`));
    expect((await replog('repair', '--cut', folder)).code).toBe(0);
    expect((await replog('verify', folder)).code).toBe(0);
  });

  test('so it is where nothing but summaries is left: that is no folder without data', async () => {
    await folderWith(3, 'cluster', 'n1');
    const folder = await folderWith(1_000, 'cluster', 'n2');
    await rm(join(folder, 'log-0000000000000001.seg'));
    await rm(join(folder, 'memory.json'));
    const { code, err } = await replog('verify', join(home, 'cluster'));
    expect([code, err]).toEqual([1, expect.stringContaining(`there is damage in ${folder}`)]);
    expect((await replog('repair', '--cut', folder)).code).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });

  test('a cut is before the batch that it would leave a part of, and says so', async () => {
    const folder = join(home, 'n1');
    const log = openSegmentedLog(new RealDisk(folder));
    await log.recover(() => undefined);
    log.append(entriesOf(1, 4));
    log.append([{ ...entryAt(5), batch: 4 }, ...entriesOf(6, 9)]);
    await log.persist(1, at(9));
    await log.remember(BLANK_MEMORY);
    await log.close();
    const name = join(folder, 'log-0000000000000001.seg');
    const bytes = await readFile(name);
    bytes[bytes.indexOf('message 7')]! ^= 1;
    await writeFile(name, bytes);
    const said = await replog('repair', folder);
    expect(said.out).toContain('cut: the log ends at entry 4; entries 5 to 9 leave it');
    expect(said.out).toContain('entries 5 to 6 leave the log, too, though they are whole');
    const cut = await replog('repair', '--cut', '--json', folder);
    expect(JSON.parse(cut.out)).toMatchObject({ done: true, cutAfter: 4 });
    expect((await replog('verify', folder)).out).toContain('4 entries, 1 to 4');
  });

  test.each([
    [20, 'entry 20 leaves it, and is lost where no other node has it'],
    [19, 'entries 19 to 20 leave it, and are lost where no other node has them'],
  ])('a cut before entry %i says what leaves the log', async (damaged, says) => {
    const folder = await folderWith(20, 'n1');
    const name = join(folder, 'log-0000000000000001.seg');
    const bytes = await readFile(name);
    bytes[bytes.lastIndexOf(`message ${damaged}`)]! ^= 1;
    await writeFile(name, bytes);
    const { out } = await replog('repair', folder);
    expect(out).toContain(`cut: the log ends at entry ${damaged - 1}; ${says}`);
  });

  test('damage to the log hides none to the bookkeeping, which no other node mends', async () => {
    const folder = await folderWith(20, 'n1');
    const name = join(folder, 'log-0000000000000001.seg');
    const bytes = await readFile(name);
    bytes[bytes.indexOf('message 7')]! ^= 1;
    await writeFile(name, bytes);
    const mends = expect.stringContaining('a node of a cluster mends itself');
    expect((await replog('verify', folder)).err).toEqual(mends);
    await writeFile(join(folder, 'memory.json'), 'no JSON');
    const { err, out } = await replog('verify', folder);
    expect(out).toContain('whole up to entry 6');
    expect(out).toContain('damage: bookkeeping that is not valid in memory.json');
    expect(err).toContain('no other node can mend the bookkeeping');
    const said = await replog('repair', folder);
    expect(said.out).toContain('cut: the log ends at entry 6');
    expect(said.out).toContain('cut: the bookkeeping is kept aside and made anew');
    expect((await replog('repair', '--cut', folder)).out).toContain('damaged-memory.json');
    expect((await replog('verify', folder)).code).toBe(0);
  });

  test('what an earlier damage took is waited for, until a cut gives it up', async () => {
    const folder = await folderWith(20, 'n1');
    const lost = { epoch: epoch(1), upTo: logIndex(25), open: false };
    await new Bookkeeping(new RealDisk(folder)).save({ ...BLANK_MEMORY, lost });
    const waits = 'waits for entries that damage took, up to 25: it fetches from the others';
    expect((await replog('verify', folder)).out).toContain(waits);
    const cut = 'cut: entries up to 25, which an earlier damage took, are not waited for any more';
    expect((await replog('repair', '--cut', folder)).out).toContain(cut);
    expect((await replog('verify', folder)).out).not.toContain('damage took');
  });

  test('bookkeeping that was made anew waits for no entry that the log has', async () => {
    const folder = await folderWith(20, 'n1');
    await writeFile(join(folder, 'memory.json'), 'no JSON');
    expect((await replog('repair', '--cut', folder)).code).toBe(0);
    const { out } = await replog('verify', folder);
    expect(out).toContain('it counts for no majority until it has caught up');
    expect(out).not.toContain('waits for entries');
    expect((await replog('repair', '--cut', folder)).out).toContain('cut: it counts at once');
    expect((await replog('verify', folder)).out).not.toContain('damage took');
  });

  test.each([
    ['a folder', 'it is a folder', (path: string) => mkdir(path)],
    ['a link to nothing', 'there is no such file', (path: string) => symlink('nowhere', path)],
    ['a link to itself', 'its links go in circles', (path: string) => symlink(path, path)],
  ])('%s in the place of a segment is named, and nothing is changed', async (_, why, place) => {
    const folder = await folderWith(20, 'n1');
    const path = join(folder, 'log-0000000000000001.seg');
    await rm(path);
    await place(path);
    const before = await readdir(folder);
    const file = join(home, 'log.backup');
    for (const args of [['verify'], ['repair'], ['repair', '--cut'], ['backup']]) {
      const into = args[0] === 'backup' ? [file] : [];
      const { code, err } = await replog(...args, folder, ...into);
      expect([args, code, err]).toEqual([
        args,
        1,
        expect.stringContaining(`${path} cannot be read: ${why}`),
      ]);
    }
    expect(await readdir(folder)).toEqual(before);
    expect(await readdir(home)).toEqual(['n1']);
  });

  test('a folder that is none, or not one of replog', async () => {
    expect((await replog('verify', join(home, 'none'))).code).toBe(2);
    await mkdir(join(home, 'empty'));
    const { code, err } = await replog('verify', join(home, 'empty'));
    expect([code, err]).toEqual([2, expect.stringContaining('no data of replog')]);
  });

  test('of a cluster it is said what to type for the nodes that are damaged', async () => {
    await folderWith(3, 'a cluster', 'n1');
    for (const node of ['n2', 'n3']) {
      const folder = await folderWith(3, 'a cluster', node);
      await writeFile(join(folder, 'memory.json'), 'no JSON');
    }
    const cluster = join(home, 'a cluster');
    const { code, err, out } = await replog('repair', '--cut', cluster);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(`${cluster} holds several nodes`);
    expect(err).toContain('n2 is damaged, n3 is damaged\n');
    const command = (node: string) => `\`replog repair --cut '${cluster}/${node}'\``;
    expect(err).toContain(`hint: ${command('n2')}, ${command('n3')}\n`);
    // What is cut once has no damage any more; it still waits for what it had.
    await replog('repair', '--cut', join(cluster, 'n3'));
    const looked = await replog('repair', cluster);
    expect(looked.err).toContain('n2 is damaged, n3 waits for what damage took\n');
    expect(looked.err).toContain(`hint: \`replog repair '${cluster}/n2'\``);
  });

  test('a repair is of one node, and says if there is nothing to do', async () => {
    await folderWith(3, 'cluster', 'n1');
    await folderWith(3, 'cluster', 'n2');
    const several = await replog('repair', join(home, 'cluster'));
    expect([several.code, several.err]).toEqual([
      2,
      expect.stringContaining('none of them is damaged: n1, n2'),
    ]);
    const { code, out } = await replog('repair', '--cut', join(home, 'cluster', 'n2'));
    expect([code, out]).toEqual([0, expect.stringContaining('nothing to repair')]);
  });
});
